"""Every type lives through the protocol: create, read, no change, update, drift, delete, and delete again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.providers import types
from sandbox.providers.values import UNKNOWN, Properties
from tests.sandbox.providers.conftest import Cloud
from tests.sandbox.providers.declared import CASES, NONE_KEY, Case, distribution, shared_distribution
from tests.sandbox.providers.engine import Engine, Resource

NO_CHANGE = provider_pb2.DiffResponse.DIFF_NONE
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"


def name() -> str:
    """A resource name that no other test uses."""
    return f"part-{uuid.uuid4().hex[:6]}"


def account_of(cloud: Cloud, token: str) -> Properties:
    """What only the running cloud knows: its account."""
    if token == "cloudflare:index/zone:Zone":
        return {"account": {"id": cloud.account}}
    return {"accountId": cloud.account} if "loadBalancer" in token else {}


def lives(engine: Engine, token: str, declared: Properties, change: Properties) -> None:
    """The whole life of one resource; each promise is asserted where it is due."""
    label = name()
    before = engine.preview(Resource(token, label), engine.check(Resource(token, label), declared))
    vendors_own = set(types.of_package(token.split(":", 1)[0])[token].schema.outputs) - set(before)
    assert not {one for one in vendors_own if one in ("arn", "etag", "domainName", "createdOn")}
    made = engine.create(token, label, declared)
    assert made.identity
    assert not [one for one, value in made.outputs.items() if value is UNKNOWN]
    assert all(made.outputs[one] == value for one, value in made.inputs.items())
    unchanged(engine, made, declared)
    changed = engine.update(made, {**declared, **change})
    assert all(changed.outputs[one] == value for one, value in change.items())
    unchanged(engine, changed, {**declared, **change})
    engine.delete(changed)
    assert engine.read(changed) is None
    engine.delete(changed)


def unchanged(engine: Engine, made: Resource, declared: Properties) -> None:
    """A second `up`, with and without a refresh before it, changes nothing."""
    assert engine.diff(made, engine.check(made, declared)).changes == NO_CHANGE
    seen = engine.read(made)
    assert seen is not None
    assert seen.inputs == made.inputs
    answer = engine.diff(seen, engine.check(seen, declared))
    assert answer.changes == NO_CHANGE, answer


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.token.rsplit(":", 1)[1])
def test_a_type_lives_through_the_protocol(cloud: Cloud, case: Case) -> None:
    """Create, read, no change, update, no change, delete, gone, delete again."""
    lives(cloud.engine(case.token), case.token, {**case.declared, **account_of(cloud, case.token)}, case.change)


@pytest.mark.parametrize("case", [one for one in CASES if one.replacing], ids=lambda case: case.token.rsplit(":", 1)[1])
def test_what_the_vendor_cannot_change_replaces(cloud: Cloud, case: Case) -> None:
    """A force-new property is reported as a replacement, another one is not."""
    engine = cloud.engine(case.token)
    resource = Resource(case.token, "part", identity="id")
    declared = {**case.declared, **account_of(cloud, case.token)}
    resource.inputs = engine.check(resource, declared)
    in_place = engine.diff(resource, engine.check(resource, {**declared, **case.change}))
    replaced = engine.diff(resource, engine.check(resource, {**declared, **case.replacing}))
    assert in_place.changes != NO_CHANGE
    assert not in_place.replaces
    assert list(replaced.replaces) == list(case.replacing)


@pytest.fixture(scope="module")
def zone(cloud: Cloud) -> Iterator[str]:
    """A zone for the types that live in one."""
    declared = {"name": "weddings.example", "account": {"id": cloud.account}}
    made = cloud.cloudflare.create("cloudflare:index/zone:Zone", name(), declared)
    yield made.identity
    cloud.cloudflare.delete(made)


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> Iterator[str]:
    """A bucket for the types that live in one, in a region of its own."""
    made = cloud.aws.create("aws:s3/bucket:Bucket", name(), {"region": "eu-west-1", "forceDestroy": True})
    yield made.identity
    cloud.aws.delete(made)


RULE: dict[str, Any] = {
    "expression": '(http.host eq "app.weddings.example")',
    "action": "set_cache_settings",
    "enabled": True,
}


def test_rulesets_live(cloud: Cloud, zone: str) -> None:
    """A ruleset with and without refs is replaced whole and never drifts by itself."""
    settings = {"cache": True, "edgeTtl": {"mode": "respect_origin"}, "browserTtl": {"mode": "respect_origin"}}
    declared = {
        "zoneId": zone,
        "kind": "zone",
        "name": "rules",
        "phase": "http_request_cache_settings",
        "rules": [
            {**RULE, "ref": "pages", "actionParameters": settings},
            {**RULE, "actionParameters": {"cache": False}},
        ],
    }
    fewer = {"rules": [{**RULE, "ref": "pages", "description": "only this", "actionParameters": settings}]}
    lives(cloud.cloudflare, "cloudflare:index/ruleset:Ruleset", declared, fewer)


def test_cache_control_directives_reach_the_api_by_their_own_names(cloud: Cloud, zone: str) -> None:
    """`staleIfError` is `stale-if-error` in the API, and comes back as it was declared."""
    directive = {"operation": "set", "value": 300, "cloudflareOnly": True}
    rule = {**RULE, "ref": "stale", "action": "set_cache_control", "actionParameters": {"staleIfError": directive}}
    declared = {
        "zoneId": zone,
        "kind": "zone",
        "name": "stale",
        "phase": "http_response_cache_settings",
        "rules": [rule],
    }
    lives(cloud.cloudflare, "cloudflare:index/ruleset:Ruleset", declared, {"description": "changed"})


@pytest.mark.parametrize("written", ["short", "full.weddings.example"])
def test_records_live_by_their_short_and_full_names(cloud: Cloud, zone: str, written: str) -> None:
    """The API answers with full names; a record declared by its short one does not drift."""
    declared = {"zoneId": zone, "name": written, "type": "A", "content": "192.0.2.1", "ttl": 300}
    lives(cloud.cloudflare, "cloudflare:index/dnsRecord:DnsRecord", declared, {"content": "192.0.2.2"})


def test_tiered_cache_lives(cloud: Cloud, zone: str) -> None:
    """Smart tiered cache is a switch of the zone; deleted means off."""
    token = "cloudflare:index/tieredCache:TieredCache"
    made = cloud.cloudflare.create(token, name(), {"zoneId": zone, "value": "on"})
    unchanged(cloud.cloudflare, made, {"zoneId": zone, "value": "on"})
    changed = cloud.cloudflare.update(made, {"zoneId": zone, "value": "off"})
    assert changed.outputs["value"] == "off"
    cloud.cloudflare.delete(changed)
    cloud.cloudflare.delete(changed)


def test_load_balancers_live(cloud: Cloud, zone: str) -> None:
    """A load balancer over two pools keeps their order."""
    pools = [
        cloud.cloudflare.create(
            "cloudflare:index/loadBalancerPool:LoadBalancerPool",
            name(),
            {"accountId": cloud.account, "name": name(), "origins": [{"name": "o", "address": address}]},
        )
        for address in ("192.0.2.1", "192.0.2.2")
    ]
    first, second = (pool.identity for pool in pools)
    declared = {
        "zoneId": zone,
        "name": "app.weddings.example",
        "defaultPools": [first, second],
        "fallbackPool": second,
        "steeringPolicy": "off",
        "proxied": True,
        "adaptiveRouting": {"failoverAcrossPools": True},
    }
    lives(cloud.cloudflare, "cloudflare:index/loadBalancer:LoadBalancer", declared, {"defaultPools": [second, first]})
    for pool in pools:
        cloud.cloudflare.delete(pool)


def test_versioning_lives(cloud: Cloud, bucket: str) -> None:
    """Versioning can be switched on and suspended; S3 cannot forget it, so a delete suspends."""
    token = "aws:s3/bucketVersioning:BucketVersioning"
    declared = {"bucket": bucket, "region": "eu-west-1", "versioningConfiguration": {"status": "Enabled"}}
    made = cloud.aws.create(token, name(), declared)
    unchanged(cloud.aws, made, declared)
    cloud.aws.delete(made)
    status = cloud.client("s3", "eu-west-1").get_bucket_versioning(Bucket=bucket)["Status"]
    assert status == "Suspended"


def test_public_access_blocks_live(cloud: Cloud, bucket: str) -> None:
    """A public access block belongs to its bucket in its region."""
    declared = {"bucket": bucket, "region": "eu-west-1", "blockPublicAcls": True, "restrictPublicBuckets": True}
    lives(cloud.aws, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", declared, {"blockPublicPolicy": True})


def test_objects_live_and_leave_no_version(cloud: Cloud, bucket: str) -> None:
    """An object is written by content, and its delete takes every version with it."""
    declared = {
        "bucket": bucket,
        "region": "eu-west-1",
        "key": "inventory.json",
        "content": '{"a": 1}',
        "contentType": "application/json",
        "tags": {"a": "1"},
    }
    lives(cloud.aws, "aws:s3/bucketObjectv2:BucketObjectv2", declared, {"content": '{"a": 2}'})
    versions = cloud.client("s3", "eu-west-1").list_object_versions(Bucket=bucket)
    assert not versions.get("Versions")
    assert not versions.get("DeleteMarkers")


def test_a_bucket_of_more_than_a_page_is_emptied(cloud: Cloud) -> None:
    """With forceDestroy every version goes with the bucket, also those on a listing's second page."""
    declared = {"region": "us-east-1", "forceDestroy": True}
    made = cloud.aws.create("aws:s3/bucket:Bucket", name(), declared)
    client = cloud.client("s3", "us-east-1")
    client.put_bucket_versioning(Bucket=made.identity, VersioningConfiguration={"Status": "Enabled"})
    for number in range(1010):
        client.put_object(Bucket=made.identity, Key=f"beats/{number % 7}", Body=b"1")
    cloud.aws.delete(made)
    assert cloud.aws.read(made) is None


def test_distributions_live_and_are_disabled_before_they_are_deleted(cloud: Cloud) -> None:
    """A distribution's delete is: disable, wait, delete; each with the ETag that was just read."""
    policy = cloud.aws.create(
        "aws:cloudfront/cachePolicy:CachePolicy", name(), {"parametersInCacheKeyAndForwardedToOrigin": NONE_KEY}
    )
    before = len(cloud.calls("UpdateDistribution"))
    change = {"priceClass": "PriceClass_100", "tags": {"wedding": "como", "more": "1"}}
    lives(cloud.aws, DISTRIBUTION, distribution(policy.identity, waitForDeployment=False), change)
    asked = [call["operation"] for call in cloud.calls("UpdateDistribution")[before:]]
    assert len(asked) == 2, "one change, one disabling"
    assert cloud.calls("DeleteDistribution")[-1]["status"] == 204
    cloud.aws.delete(policy)


def test_tenants_live_in_their_distribution(cloud: Cloud) -> None:
    """A distribution for tenants and a tenant of it are changed in place; each is disabled before it is deleted."""
    policy = cloud.aws.create(
        "aws:cloudfront/cachePolicy:CachePolicy", name(), {"parametersInCacheKeyAndForwardedToOrigin": NONE_KEY}
    )
    token = "aws:cloudfront/multitenantDistribution:MultitenantDistribution"
    lives(cloud.aws, token, shared_distribution(policy.identity), {"comment": "changed", "tags": {"cell": "two"}})
    cell = cloud.aws.create(token, name(), shared_distribution(policy.identity))
    declared = {
        "name": name(),
        "distributionId": cell.identity,
        "domains": [{"domain": "tulum.weddings.example"}, {"domain": "boda.weddings.example"}],
        "parameters": [{"name": "home", "value": "eu-central-1"}],
        "tags": {"wedding": "tulum"},
    }
    change = {"parameters": [{"name": "home", "value": "ap-southeast-1"}], "tags": {"wedding": "tulum", "more": "1"}}
    lives(cloud.aws, "aws:cloudfront/distributionTenant:DistributionTenant", declared, change)
    assert cloud.calls("DeleteDistributionTenant")[-1]["status"] == 204
    cloud.aws.delete(cell)
    cloud.aws.delete(policy)


@pytest.mark.parametrize("short", ["KeyValueStore", "Bucket", "LoadBalancerPool", "Zone"])
def test_what_exists_can_be_imported_by_its_id(cloud: Cloud, short: str) -> None:
    """Read by the id that `pulumi import` takes: the declaration replaces nothing, and changes at most what a vendor
    fills in inside a list (a pool's origins)."""
    case = next(one for one in CASES if one.token.endswith(f":{short}"))
    engine = cloud.engine(case.token)
    declared = {**case.declared, **account_of(cloud, case.token)}
    if short == "Bucket":
        declared = {"region": "eu-central-1", "tags": {"a": "1"}}
    made = engine.create(case.token, name(), declared)
    identity = f"{cloud.account}/{made.identity}" if short == "LoadBalancerPool" else made.identity
    seen = engine.read(Resource(case.token, made.name, identity=identity))
    assert seen is not None
    assert seen.identity == made.identity
    wanted = engine.check(seen, {**declared, **named(made, short)})
    assert not engine.diff(seen, wanted).replaces
    assert set(engine.diff(seen, wanted).diffs) <= {"forceDestroy", "origins"}
    engine.delete(made)


def named(made: Resource, short: str) -> Properties:
    """The physical name, which an importing program declares."""
    if short in ("Zone", "LoadBalancerPool"):
        return {}
    return {key: made.inputs[key] for key in ("name", "bucket") if key in made.inputs}


def test_declaring_the_region_that_it_has_replaces_nothing(cloud: Cloud) -> None:
    """A bucket without `region=` lives in the provider's; naming that one later changes nothing, another replaces."""
    made = cloud.aws.create("aws:s3/bucket:Bucket", name(), {})
    assert made.outputs["region"] == "eu-central-1"
    assert cloud.aws.diff(made, cloud.aws.check(made, {"region": "eu-central-1"})).changes == NO_CHANGE
    assert list(cloud.aws.diff(made, cloud.aws.check(made, {"region": "us-east-1"})).replaces) == ["region"]
    cloud.aws.delete(made)
