"""Warm plans: tier order, digests that hold, manifests and paths that cannot lead elsewhere."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.tier import Tier
from controlplane.domain.warming import Page, WarmPlan, is_path, parse_manifest, plan

pages = st.lists(st.builds(Page, st.from_regex(r"/[a-z]{1,6}", fullmatch=True), st.sampled_from(Tier)), max_size=8)
POPS = {"cloudfront": ["FRA56-P1", "SIN2-P1"], "cloudflare": ["FRA"]}
EDGES = {"como.weddings.example": "cloudfront", "app.weddings.example": "cloudflare"}


@given(pages, pages)
def test_every_page_at_every_pop_in_tier_order(one: list[Page], other: list[Page]) -> None:
    """URL x POP, nothing missing and nothing twice; no target of a tier comes before the last of the tier above."""
    made = plan(dict(zip(EDGES, (one, other), strict=True)), EDGES, POPS)
    assert len(set(made.targets)) == len(made.targets) == 2 * len(set(one)) + len(set(other))
    assert list(made.targets) == sorted(made.targets)
    assert [target.rank for target in made.targets] == sorted(target.rank for target in made.targets)
    assert WarmPlan.from_json(made.to_json()) == made


def test_a_saved_plan_that_was_changed_is_refused() -> None:
    """`warm PLAN` holds to the digest; damage of any kind is a ValueError that says so."""
    made = plan({"como.weddings.example": [Page("/", Tier.CRITICAL)]}, EDGES, POPS)
    body = json.loads(made.to_json())
    body["targets"][0]["path"] = "/elsewhere"
    with pytest.raises(ValueError, match="changed after planning"):
        WarmPlan.from_json(json.dumps(body))
    damages: list[object] = [
        {"schema": "x"},
        {**body, "targets": 7},
        {**body, "targets": [{}]},
        [],
        {**body, "targets": [7]},
    ]
    for damage in damages:
        with pytest.raises(ValueError):
            WarmPlan.from_json(json.dumps(damage))


@pytest.mark.parametrize(
    "path", ["", "x", "@evil.example/", "/a b", "/a\r\nHost: x", "/\u00e9", "https://evil.example/"]
)
def test_a_path_that_could_lead_elsewhere_is_none(path: str) -> None:
    """What stands behind the host cannot change the host, nor end the request line."""
    assert not is_path(path)
    with pytest.raises(ValueError, match="begins with /"):
        parse_manifest(json.dumps({"schema": "wedcache.manifest/1", "pages": [{"path": path, "tier": "low"}]}))


def test_damaged_manifests_are_value_errors() -> None:
    """A host that answers something else gets no plan, and no traceback."""
    whole = {"schema": "wedcache.manifest/1", "pages": [{"path": "/", "tier": "low"}]}
    assert parse_manifest(json.dumps(whole)) == (Page("/", Tier.LOW),)
    for damage in ("<html>", "[]", "{}", json.dumps({**whole, "pages": 7}), json.dumps({**whole, "pages": [{}]})):
        with pytest.raises(ValueError):
            parse_manifest(damage)
    with pytest.raises(ValueError, match="urgent"):
        parse_manifest(json.dumps({**whole, "pages": [{"path": "/", "tier": "urgent"}]}))
