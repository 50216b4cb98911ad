"""What the programs declare: names, parentage, protection, ownership, tags, and the door to the control plane."""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

from controlplane.domain.inventory import PLATFORM_KEY, Inventory, WeddingEntry, wedding_key
from infra import cloudflare_sdk, ownership
from tests.infra.landscape import Declared

GOLDEN = Path(__file__).parent / "golden"
HOOKS = {"BeforeUpdate": ["freeze-update"], "BeforeDelete": ["freeze-delete"]}
SECRETS = ("secret", "password", "authtoken", "auth_token", "apitoken", "api_token", "accesskey", "access_key")


@functools.cache
def sdk_class(token: str) -> Any:
    """`aws:s3/bucket:Bucket` as the SDK's class."""
    package, module, name = token.split(":")
    if package == "cloudflare":
        return getattr(cloudflare_sdk, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pulumi_aws.s3 warns of its own V2 names when imported
        return getattr(importlib.import_module(f"pulumi_aws.{module.split('/')[0]}"), name)


def inputs_of(token: str) -> set[str]:
    """The names of the inputs of a type, as the SDK sends them."""
    return {camel(name) for name in inspect.signature(sdk_class(token)._internal_init).parameters}


def camel(name: str) -> str:
    """`default_pools` as `defaultPools`."""
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


@pytest.mark.parametrize("stack", ["platform", "wedding"])
def test_the_urns_are_those_of_the_golden_list(stack: str, shared: Declared, own: Declared) -> None:
    """A renamed or re-parented resource would be replaced in a live cloud: it needs an alias, then a new list."""
    golden = (GOLDEN / f"{stack}.txt").read_text().splitlines()
    assert (shared if stack == "platform" else own).urns == golden


@pytest.mark.parametrize("stack", ["platform", "wedding"])
def test_every_child_stands_under_its_component(stack: str, shared: Declared, own: Declared) -> None:
    """What a component makes is its child, in the record as in the URN; only the inventory and DNS names stand free."""
    declared = shared if stack == "platform" else own
    kinds = {row["urn"]: row["type"] for row in declared.rows}
    for row in declared.clouds:
        parent = kinds[row["parent"]]
        if parent == "pulumi:pulumi:Stack":
            assert row["type"].endswith((":BucketObjectv2", ":DnsRecord")), row["urn"]
        else:
            assert parent.startswith("wedcache:")
            assert f"::{parent}${row['type']}::" in row["urn"]
    components = {row["urn"] for row in declared.rows if row["type"].startswith("wedcache:")}
    assert components == {row["parent"] for row in declared.clouds} & components


def test_every_resource_of_the_clouds_is_hooked_and_protected(shared: Declared, own: Declared) -> None:
    """Both freeze hooks and `protect` are on each, children included; components have neither."""
    for row in (*shared.clouds, *own.clouds):
        assert (row.get("resourceHooks"), row.get("protect")) == (HOOKS, True), row["urn"]
    assert len(shared.clouds) > 30
    rest = [row for row in (*shared.rows, *own.rows) if row not in (*shared.clouds, *own.clouds)]
    assert not [row["urn"] for row in rest if row.get("protect") or row.get("resourceHooks")]


def test_what_the_control_plane_owns_is_left_alone(shared: Declared, own: Declared) -> None:
    """The ownership table stands in `ignoreChanges`, on every resource of its types and on no other."""
    for row in (*shared.clouds, *own.clouds):
        assert row.get("ignoreChanges", []) == ownership.ignored(row["type"]), row["urn"]
    assert set(ownership.CONTROL_PLANE_OWNED) <= {row["type"] for row in shared.clouds}


@pytest.mark.parametrize(
    ("token", "path"), [(token, path) for token, paths in ownership.CONTROL_PLANE_OWNED.items() for path in paths]
)
def test_an_owned_property_is_a_real_one_and_declared(token: str, path: str, shared: Declared) -> None:
    """A misspelt path would be ignored without a word: each names an input of the SDK's type that we set."""
    head, _, inner = path.partition("[*].")
    assert head in inputs_of(token)
    for inputs in shared.inputs(token.rsplit(":", 1)[-1]):
        assert head in inputs
        if inner:
            assert all(inner in item for item in inputs[head])


def test_every_input_is_one_of_the_sdks_names(shared: Declared, own: Declared) -> None:
    """The SDK takes unknown names without a word inside mappings; at the top level at least each is known."""
    for row in (*shared.clouds, *own.clouds):
        assert set(row["inputs"]) <= inputs_of(row["type"]), row["urn"]


def test_every_taggable_resource_is_tagged(shared: Declared, own: Declared) -> None:
    """Project, stack and scope stand in the inputs of every AWS resource whose type takes tags."""
    tagged = 0
    for declared, stack in ((shared, "prod"), (own, "como")):
        for row in declared.clouds:
            if row["type"].startswith("aws:") and "tags" in inputs_of(row["type"]):
                tags = row["inputs"].get("tags", {})
                assert set(tags) == {"project", "stack", "scope"}, row["urn"]
                assert (tags["project"], tags["stack"]) == ("wedcache", stack)
                assert re.fullmatch(r"platform|region:[a-z0-9-]+|wedding:como", tags["scope"])
                tagged += 1
    assert tagged >= 15


@pytest.mark.parametrize("stack", ["platform", "wedding"])
def test_the_inventory_depends_on_everything(stack: str, shared: Declared, own: Declared) -> None:
    """Each of its objects comes after every other resource of the stack, so a half-made stack never exports it."""
    declared = shared if stack == "platform" else own
    objects = declared.of("BucketObjectv2")
    others = {row["urn"] for row in declared.clouds} - {row["urn"] for row in objects}
    assert {row["inputs"]["region"] for row in objects} == {"eu-central-1", "us-east-1", "eu-west-1"}
    for row in objects:
        assert others <= set(row["dependencies"]), others - set(row["dependencies"])
        assert row["propertyDependencies"]["content"]


def test_the_platforms_inventory_is_one(shared: Declared) -> None:
    """It parses as the control plane reads it, names what was made, and says the same in every bucket."""
    (text,) = {inputs["content"] for inputs in shared.inputs("BucketObjectv2")}
    assert {inputs["key"] for inputs in shared.inputs("BucketObjectv2")} == {PLATFORM_KEY}
    inventory = Inventory.from_json(text)
    ids = {row["urn"].rsplit("::", 1)[-1]: row["id"] for row in shared.clouds}
    assert inventory.cloudfront.cache_policies["low"] == ids["cache-low"]
    assert inventory.cloudfront.origin_request_policies == {
        "reads": ids["forward-reads"],
        "personal": ids["forward-personal"],
    }
    assert inventory.cloudflare.pools == {name: ids[f"pool-{name}"] for name in ("eu-central-1", "us-east-1")}
    assert (inventory.kind, inventory.clock, inventory.home) == ("cloud", None, "eu-central-1")
    assert all(region.cache.tls for region in inventory.regions)
    buckets = {row["inputs"]["bucket"] for row in shared.of("Bucket")}
    assert {bucket.bucket for bucket in inventory.store} == buckets
    assert {bucket.region for bucket in inventory.store} == {"eu-central-1", "us-east-1", "eu-west-1"}


def test_the_weddings_entry_is_one(own: Declared) -> None:
    """It parses as the control plane reads it and names the distribution."""
    (text,) = {inputs["content"] for inputs in own.inputs("BucketObjectv2")}
    assert {inputs["key"] for inputs in own.inputs("BucketObjectv2")} == {wedding_key("como")}
    entry = WeddingEntry.from_json(text)
    (distribution,) = own.of("Distribution")
    assert (entry.wedding, entry.distribution_id) == ("como", distribution["id"])
    assert entry.distribution_domain == distribution["outputs"]["domainName"]


def test_the_inventory_holds_no_secret(shared: Declared, own: Declared) -> None:
    """Nothing named like a credential is exported, and no secret mark was needed to keep one."""
    for declared in (shared, own):
        for inputs in declared.inputs("BucketObjectv2"):
            names = re.findall(r'"([^"]+)":', inputs["content"].lower())
            assert names
            assert not [name for name in names if any(word in name for word in SECRETS)]
        assert "ciphertext" not in json.dumps([row["inputs"] for row in declared.clouds])
