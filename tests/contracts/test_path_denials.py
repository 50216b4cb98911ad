"""What a CDN's denials promise, on the fake and on Cloudflare's custom firewall phase as emulated."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.adapters.cloudflare.denials import MOST_CHARACTERS, PHASE, REF, CloudflareDenials, expression
from controlplane.errors import Refused, Unavailable
from controlplane.ports.path_denials import PathDenials
from sandbox.pop.cloudflare_compile import compile_zones
from sandbox.pop.messages import Headers, Request
from tests.contracts.cloud import Cloud
from tests.fakes.edges import FakePathDenials

HOST = "app.weddings.example"
DENIED = {HOST: ("/search", "/vendors/florist-7*")}


@pytest.fixture(params=["fake", "cloudflare"])
def denials(request: pytest.FixtureRequest) -> PathDenials:
    """A CDN that denies nothing."""
    if request.param == "fake":
        return FakePathDenials()
    cloud: Cloud = request.getfixturevalue("healed")
    return CloudflareDenials(cloud.api(), cloud.cloudflare.zone(cloud.cloudflare.client()))


def test_denials_are_put_changed_and_lifted(denials: PathDenials) -> None:
    """Each put says whether it changed anything; the same one again does not."""
    assert denials.edge == "cloudflare"
    for denied in (DENIED, {HOST: ("/search",)}, {}):
        assert denials.put(denied)
        assert not denials.put(denied)


def test_other_rules_of_the_phase_stay(healed: Cloud) -> None:
    """Somebody's own firewall rule is there before and after, in its place."""
    client = healed.cloudflare.client()
    zone = healed.cloudflare.zone(client)
    own: Any = {"ref": "own", "description": "own", "expression": '(http.host eq "x")', "action": "block"}
    client.rulesets.phases.update(PHASE, zone_id=zone, rules=[own])
    denials = CloudflareDenials(healed.api(), zone)
    for denied in (DENIED, {HOST: ("/search",)}, {}):
        assert denials.put(denied)
        refs = [rule.ref for rule in client.rulesets.phases.get(PHASE, zone_id=zone).rules]
        assert refs == ["own", *([REF] if denied else [])]


def test_more_than_a_rule_takes_is_refused(healed: Cloud) -> None:
    """Before anything is written; what was denied stays denied."""
    zone = healed.cloudflare.zone(healed.cloudflare.client())
    denials = CloudflareDenials(healed.api(), zone)
    assert denials.put(DENIED)
    many = {HOST: tuple(f"/vendors/florist-{number}" for number in range(MOST_CHARACTERS // 40))}
    with pytest.raises(Refused, match="takes 4096"):
        denials.put(many)
    assert not denials.put(DENIED)


def test_an_api_that_is_away_is_unavailable(healed: Cloud) -> None:
    """Safe to retry."""
    denials = CloudflareDenials(healed.api(), healed.cloudflare.zone(healed.cloudflare.client()))
    healed.faults.inject("api-503", "cloudflare")
    with pytest.raises(Unavailable) as caught:
        denials.put(DENIED)
    assert caught.value.safe_to_retry


@pytest.mark.parametrize(
    ("host", "path", "gone"),
    [
        (HOST, "/search", True),
        (HOST, "/vendors/florist-7", True),
        (HOST, "/vendors/florist-70/x", True),
        (HOST, "/searches", False),
        ("como.weddings.example", "/search", False),
    ],
)
def test_a_pop_answers_410_to_what_the_rule_matches(host: str, path: str, gone: bool) -> None:
    """The rule's own words, read by the emulated data centre."""
    action = {"response": {"status_code": 410, "content": "Gone", "content_type": "text/plain"}}
    rule = {"ref": REF, "expression": expression(DENIED), "action": "block", "action_parameters": action}
    zone = {"id": "z", "name": "weddings.example", "status": "active", "rulesets": {PHASE: {"rules": [rule]}}}
    answer = compile_zones({"zones": [zone]})[0].blocked(Request("GET", host, path, "", Headers(())))
    assert (answer is not None) == gone
    if answer is not None:
        assert (answer.status, answer.body) == (410, b"Gone")
