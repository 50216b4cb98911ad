"""Check refuses what the vendors refuse: for every type, for every property that the schemas know, at every depth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.providers import types
from sandbox.providers.check import failures
from sandbox.providers.naming import Naming
from sandbox.providers.operations import check
from sandbox.providers.schema import Spec
from sandbox.providers.values import UNKNOWN
from tests.sandbox.providers.declared import CASES, NONE_KEY, distribution

ROWS = {row.token: row for row in types.ROWS}
IDS = [token.rsplit(":", 1)[1] for token in ROWS]
WRONG: dict[str, Any] = {
    "string": 7,
    "integer": "7",
    "number": "7",
    "boolean": "yes",
    "array": "one",
    "map": "one",
    "object": "one",
}


def walk(fields: dict[str, Spec], path: str = "") -> Iterator[tuple[str, str, dict[str, Spec]]]:
    """Every (path, name, siblings) of a schema."""
    for name, spec in fields.items():
        yield path, name, fields
        yield from walk((spec.get("items") or spec).get("fields", {}), f"{path}.{name}")


def example(spec: Spec) -> Any:
    """The smallest value that the spec takes: required properties only, the first of an enum."""
    if "enum" in spec:
        return spec["enum"][0]
    if spec["type"] == "object":
        return {name: example(one) for name, one in spec.get("fields", {}).items() if one.get("required")}
    samples: dict[str, Any] = {
        "string": "text",
        "integer": 1,
        "number": 1.5,
        "boolean": True,
        "array": [],
        "map": {},
        "any": "any",
        "asset": UNKNOWN,
    }
    return samples[spec["type"]]


@pytest.mark.parametrize("token", ROWS, ids=IDS)
def test_the_smallest_declaration_passes(token: str) -> None:
    """What is required is enough: no refusal for an object of required properties."""
    inputs = ROWS[token].schema.inputs
    assert not list(failures(inputs, example({"type": "object", "fields": inputs})))


@pytest.mark.parametrize("token", ROWS, ids=IDS)
def test_every_missing_required_property_is_named(token: str) -> None:
    """Leaving out each required property in turn is refused by its name."""
    inputs = ROWS[token].schema.inputs
    whole = example({"type": "object", "fields": inputs})
    for name in whole:
        partly = {key: value for key, value in whole.items() if key != name}
        assert [one.path for one in failures(inputs, partly)] == [name]


@pytest.mark.parametrize("token", ROWS, ids=IDS)
def test_every_property_refuses_a_wrong_type_and_takes_the_unknown(token: str) -> None:
    """At any depth a value of a wrong type is refused where it stands; an unknown value never is."""
    for _, name, siblings in walk(ROWS[token].schema.inputs):
        spec = siblings[name]
        if spec["type"] in WRONG:
            found = [one.path for one in failures({name: spec}, {name: WRONG[spec["type"]]})]
            assert found == [name]
        assert not list(failures({name: spec}, {name: UNKNOWN}))


@pytest.mark.parametrize("token", ROWS, ids=IDS)
@settings(max_examples=15)
@given(data=st.data())
def test_any_misspelt_property_is_refused_with_the_one_that_was_meant(token: str, data: st.DataObject) -> None:
    """Two letters swapped or one lost, at any depth: refused, and the real name is suggested."""
    _, name, siblings = data.draw(st.sampled_from(list(walk(ROWS[token].schema.inputs))))
    if len(name) < 5:
        return
    at = data.draw(st.integers(1, len(name) - 2))
    swapped = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    lost = name[:at] + name[at + 1 :]
    wrong = data.draw(st.sampled_from([swapped, lost]))
    if wrong in siblings:
        return
    told = [one for one in failures(siblings, {wrong: UNKNOWN}) if one.path == wrong]
    assert len(told) == 1
    assert "did you mean" in told[0].reason


ENUMS = [
    (token, spec)
    for token, row in ROWS.items()
    for _, name, siblings in walk(row.schema.inputs)
    for spec in (siblings[name], siblings[name].get("items", {}))
    if "enum" in spec
]


@given(data=st.data(), text=st.text(max_size=30))
def test_any_value_outside_an_enum_is_refused(data: st.DataObject, text: str) -> None:
    """Every enum that the vendors' SDKs declare takes its own values and no other text."""
    _, spec = data.draw(st.sampled_from(ENUMS))
    inside = data.draw(st.sampled_from(spec["enum"]))
    assert not list(failures({"it": spec}, {"it": inside}))
    if text not in spec["enum"]:
        told = list(failures({"it": spec}, {"it": text}))
        assert [one.path for one in told] == ["it"]
        assert repr(spec["enum"][0]) in told[0].reason


def test_every_type_with_choices_has_enums() -> None:
    """The derivation finds the vendors' enums; a silent loss of them would let wrong values through."""
    with_enums = {token.rsplit(":", 1)[1] for token, _ in ENUMS}
    assert with_enums >= {
        "CachePolicy",
        "OriginRequestPolicy",
        "ResponseHeadersPolicy",
        "Function",
        "Distribution",
        "ReplicationGroup",
        "Bucket",
        "BucketVersioning",
        "BucketObjectv2",
        "Zone",
        "DnsRecord",
        "Ruleset",
        "LoadBalancerMonitor",
        "LoadBalancerPool",
        "LoadBalancer",
        "TieredCache",
    }


def reasons(token: str, news: dict[str, Any]) -> list[str]:
    return [one.reason for one in check(ROWS[token], f"urn:pulumi:t::p::{token}::x", news, {}, b"s", Naming())[1]]


def test_the_three_mistakes_that_the_sdk_lets_through() -> None:
    """`header_nmae`, `enabled="yes"`, `https-onyl` pass the SDK and the engine; here each is told with its repair."""
    wrong = distribution("policy")
    wrong["cacheTagConfig"] = {"headerNmae": "Cache-Tag"}
    wrong["enabled"] = "yes"
    wrong["defaultCacheBehavior"] = {**wrong["defaultCacheBehavior"], "viewerProtocolPolicy": "https-onyl"}
    told = "\n".join(reasons("aws:cloudfront/distribution:Distribution", wrong))
    assert "unknown property 'headerNmae' in 'cacheTagConfig'; did you mean 'headerName'?" in told
    assert "missing required property 'cacheTagConfig.headerName'" in told
    assert "'enabled' must be of type boolean, not string 'yes'" in told
    assert "did you mean 'https-only'?" in told


@pytest.mark.parametrize(
    ("token", "more", "words"),
    [
        ("aws:elasticache/replicationGroup:ReplicationGroup", {"multiAzEnabled": True}, "automaticFailoverEnabled"),
        (
            "aws:elasticache/replicationGroup:ReplicationGroup",
            {"numCacheClusters": 2, "numNodeGroups": 1},
            "exclude each other",
        ),
        ("aws:s3/bucket:Bucket", {"versioning": {"enabled": True}}, "its own resource"),
        ("aws:s3/bucketObjectv2:BucketObjectv2", {"content": "a", "contentBase64": "YQ=="}, "exclude each other"),
        ("cloudflare:index/ruleset:Ruleset", {"zoneId": "z", "accountId": "a"}, "exactly one of"),
    ],
)
def test_combinations_that_the_vendors_refuse(token: str, more: dict[str, Any], words: str) -> None:
    """Rules between properties, from the API references."""
    whole = example({"type": "object", "fields": ROWS[token].schema.inputs})
    assert any(words in reason for reason in reasons(token, {**whole, **more}))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.token.rsplit(":", 1)[1])
def test_real_declarations_pass(case: Any) -> None:
    """What the life-cycle tests declare is refused by nothing (account ids aside, which they add)."""
    missing: dict[str, Any] = {"account": {"id": "a"}} if case.token.endswith(":Zone") else {}
    missing = {"accountId": "a"} if "loadBalancer" in case.token else missing
    assert not reasons(case.token, {**case.declared, **missing})
    assert not reasons("aws:cloudfront/cachePolicy:CachePolicy", {"parametersInCacheKeyAndForwardedToOrigin": NONE_KEY})
