"""Rulesets and rules: identity, versions, one per phase, and every refusal."""

from __future__ import annotations

from typing import Any, Final

import cloudflare
import pytest
from cloudflare import Cloudflare

from tests.sandbox.cloudflare.emulator import Emulator, code, pointer

CACHE: Final = "http_request_cache_settings"
RESPONSE: Final = "http_response_cache_settings"


def _rule(**more: Any) -> dict[str, Any]:
    return {
        "action": "set_cache_settings",
        "expression": 'http.host eq "app.weddings.example"',
        "action_parameters": {"cache": True, "edge_ttl": {"mode": "override_origin", "default": 600}},
    } | more


def _put(client: Cloudflare, zone: str, *rules: dict[str, Any], phase: str = CACHE) -> Any:
    return client.rulesets.phases.update(phase, zone_id=zone, rules=list(rules))  # type: ignore[arg-type]  # wrong ones too


def test_ruleset_lives_from_create_to_delete(client: Cloudflare, zone: str) -> None:
    """A ruleset is created, listed without rules, read by id and by phase, updated, deleted."""
    rules: Any = [_rule(ref="app")]
    made: Any = client.rulesets.create(zone_id=zone, kind="zone", name="cache", phase=CACHE, rules=rules)
    assert made["version"] == "1"
    assert {"id", "ref", "version", "last_updated", "enabled"} <= set(made["rules"][0])
    listed: Any = list(client.rulesets.list(zone_id=zone))
    assert [(row.id, row.phase) for row in listed] == [(made["id"], CACHE)]
    by_id: Any = client.rulesets.get(made["id"], zone_id=zone)
    by_phase: Any = client.rulesets.phases.get(CACHE, zone_id=zone)
    assert by_id.model_dump() == by_phase.model_dump()
    assert by_id.rules[0].ref == "app"
    updated: Any = client.rulesets.update(made["id"], zone_id=zone, name="cache", rules=[])
    assert (updated["version"], updated["rules"]) == ("2", [])
    client.rulesets.delete(made["id"], zone_id=zone)
    with pytest.raises(cloudflare.NotFoundError) as gone:
        client.rulesets.phases.get(CACHE, zone_id=zone)
    assert code(gone.value) == 10003


def test_one_ruleset_a_phase(client: Cloudflare, zone: str) -> None:
    """A second ruleset of the same phase gets 20217 and the first one stays."""
    first: Any = client.rulesets.create(zone_id=zone, kind="zone", name="cache", phase=CACHE)
    with pytest.raises(cloudflare.BadRequestError) as second:
        client.rulesets.create(zone_id=zone, kind="zone", name="other", phase=CACHE)
    assert code(second.value) == 20217
    assert [row.id for row in client.rulesets.list(zone_id=zone)] == [first["id"]]


def test_rules_keep_their_identity_by_ref(client: Cloudflare, zone: str) -> None:
    """An unchanged rule keeps id, version and time; a changed one its id, with a new version; a new one is new."""
    before = _put(client, zone, _rule(ref="a"), _rule(ref="b"))["rules"]
    changed = _rule(ref="b", expression='http.host eq "img.weddings.example"')
    after = _put(client, zone, _rule(ref="a"), changed, _rule(ref="c"))["rules"]
    assert after[0] == before[0]
    assert (after[1]["id"], after[1]["version"]) == (before[1]["id"], "2")
    assert after[2]["id"] not in {rule["id"] for rule in before}


def test_single_rules(client: Cloudflare, zone: str) -> None:
    """A rule is added at a position, replaced, moved and deleted; each answer is the whole ruleset."""
    ruleset = _put(client, zone, _rule(ref="a"), _rule(ref="b"))
    url = f"/zones/{zone}/rulesets/{ruleset['id']}/rules"

    def call(method: Any, path: str, **body: Any) -> Any:
        answer: Any = method(path, body=body, cast_to=object)
        return answer["result"]["rules"]

    rules = call(client.post, url, **_rule(ref="first", position={"index": 1}))
    assert [rule["ref"] for rule in rules] == ["first", "a", "b"]
    moved = call(client.patch, f"{url}/{rules[0]['id']}", position={"after": rules[2]["id"]})
    assert [rule["ref"] for rule in moved] == ["a", "b", "first"]
    assert moved[2]["version"] == "1"
    edited = call(client.patch, f"{url}/{rules[1]['id']}", **_rule(ref="a", enabled=False))
    assert (edited[0]["enabled"], edited[0]["version"]) == (False, "2")
    left = call(client.delete, f"{url}/{rules[1]['id']}")
    assert [rule["ref"] for rule in left] == ["b", "first"]
    with pytest.raises(cloudflare.BadRequestError):
        call(client.post, url, **_rule(ref="x", position={"before": "nobody"}))


def test_dry_run_changes_nothing(client: Cloudflare, zone: str) -> None:
    """`dry_run` validates: null for a valid ruleset, a refusal for a wrong one, and no new version in either case."""
    _put(client, zone, _rule())
    rules: Any = [_rule(enabled=False)]
    assert client.rulesets.phases.update(CACHE, zone_id=zone, rules=rules, dry_run=True) is None
    wrong: Any = [_rule(expression="nonsense")]
    with pytest.raises(cloudflare.BadRequestError):
        client.rulesets.phases.update(CACHE, zone_id=zone, rules=wrong, dry_run=True)
    kept: Any = client.rulesets.phases.get(CACHE, zone_id=zone)
    assert (kept.version, kept.rules[0].enabled) == ("1", True)


def _cache(**parameters: Any) -> dict[str, Any]:
    return _rule(action_parameters=parameters)


REFUSED: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "an unknown key of a rule": (CACHE, _rule(actoin="x"), 10014, "/rules/0/actoin"),
    "an unknown parameter": (CACHE, _cache(cahce=True), 10014, "/rules/0/action_parameters/cahce"),
    "a wrong enum": (CACHE, _cache(edge_ttl={"mode": "override"}), 10014, "/rules/0/action_parameters/edge_ttl/mode"),
    "a wrong type": (CACHE, _cache(cache="yes"), 10014, "/rules/0/action_parameters/cache"),
    "a missing mode": (CACHE, _cache(browser_ttl={"default": 5}), 10014, "/rules/0/action_parameters/browser_ttl/mode"),
    "no parameters": (CACHE, _cache(), 20113, "/rules/0/action_parameters"),
    "an unknown action": (CACHE, _rule(action="cache"), 20016, "/rules/0/action"),
    "an action of another phase": (CACHE, {"action": "block", "expression": "true"}, 20016, "/rules/0/action"),
    "override without a TTL": (
        CACHE,
        _cache(edge_ttl={"mode": "override_origin"}),
        20121,
        "/rules/0/action_parameters/edge_ttl/default",
    ),
    "an Enterprise cache key": (
        CACHE,
        _cache(cache_key={"custom_key": {"header": {"include": ["x-tier"]}}}),
        20121,
        "/rules/0/action_parameters/cache_key/custom_key/header",
    ),
    "an Enterprise switch": (
        CACHE,
        _cache(origin_cache_control=False),
        20121,
        "/rules/0/action_parameters/origin_cache_control",
    ),
    "a response parameter in a request phase": (
        CACHE,
        _cache(strip_etags=True),
        20121,
        "/rules/0/action_parameters/strip_etags",
    ),
    "nonsense": (CACHE, _rule(expression="http.host is app"), 20127, "/rules/0/expression"),
    "an empty expression": (CACHE, _rule(expression=""), 20127, "/rules/0/expression"),
    "a response field in a request phase": (
        CACHE,
        _rule(expression="http.response.code eq 200"),
        20127,
        "/rules/0/expression",
    ),
    "4,097 characters": (CACHE, _rule(expression=f'http.host eq "{"a" * 4083}"'), 20127, "/rules/0/expression"),
    "a tag with a space": (
        RESPONSE,
        {
            "action": "set_cache_tags",
            "expression": "true",
            "action_parameters": {"operation": "add", "values": ["two words"]},
        },
        20121,
        "/rules/0/action_parameters/values/0",
    ),
    "a directive without its operation": (
        RESPONSE,
        {"action": "set_cache_control", "expression": "true", "action_parameters": {"stale-if-error": {"value": 60}}},
        10014,
        "/rules/0/action_parameters/stale-if-error/operation",
    ),
    "a header that is the vendor's": (
        "http_response_headers_transform",
        {
            "action": "rewrite",
            "expression": "true",
            "action_parameters": {"headers": {"cf-ray": {"operation": "remove"}}},
        },
        20121,
        "/rules/0/action_parameters/headers/cf-ray",
    ),
    "a redirect to a Boolean": (
        "http_request_dynamic_redirect",
        {
            "action": "redirect",
            "expression": "true",
            "action_parameters": {"from_value": {"status_code": 301, "target_url": {"expression": "ssl"}}},
        },
        20127,
        "/rules/0/action_parameters/from_value/target_url/expression",
    ),
    "a polish that does not exist": (
        "http_config_settings",
        {"action": "set_config", "expression": "true", "action_parameters": {"polish": "shiny"}},
        10014,
        "/rules/0/action_parameters/polish",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_rules_are_refused(client: Cloudflare, zone: str, name: str) -> None:
    """Each mistake gets its code and the pointer to its place, and no ruleset comes to be."""
    phase, rule, expected, where = REFUSED[name]
    with pytest.raises(cloudflare.BadRequestError) as refused:
        _put(client, zone, rule, phase=phase)
    assert (code(refused.value), pointer(refused.value)) == (expected, where)
    assert list(client.rulesets.list(zone_id=zone)) == []


ACCEPTED: dict[str, list[dict[str, Any]]] = {
    RESPONSE: [
        {
            "action": "set_cache_control",
            "expression": 'http.host eq "app.weddings.example" and http.response.code in {200 404}',
            "action_parameters": {
                "stale-if-error": {"operation": "set", "value": 86400, "cloudflare_only": True},
                "must-revalidate": {"operation": "remove"},
            },
        },
        {
            "action": "set_cache_tags",
            "expression": "true",
            "action_parameters": {
                "operation": "add",
                "expression": 'split(http.response.headers["x-tags"][0], ",", 10)',
            },
        },
    ],
    "http_response_headers_transform": [
        {
            "action": "rewrite",
            "expression": "true",
            "action_parameters": {
                "headers": {
                    "x-pop": {"operation": "set", "expression": 'concat("pop-", ip.src.region)'},
                    "server": {"operation": "remove"},
                }
            },
        }
    ],
    "http_config_settings": [
        {
            "action": "set_config",
            "expression": "ssl",
            "action_parameters": {"polish": "lossless", "rocket_loader": False},
        }
    ],
    "http_request_firewall_custom": [
        {"action": "block", "expression": "ip.src in {192.0.2.0/24} and not cf.client.bot"},
        {"action": "skip", "expression": "ip.src in $office", "action_parameters": {"ruleset": "current"}},
    ],
}


@pytest.mark.parametrize("phase", ACCEPTED)
def test_right_rules_are_kept_as_sent(client: Cloudflare, zone: str, phase: str) -> None:
    """Valid rules of every phase that we declare come back with the parameters that were sent."""
    kept = _put(client, zone, *ACCEPTED[phase], phase=phase)["rules"]
    assert [rule.get("action_parameters") for rule in kept] == [
        rule.get("action_parameters") for rule in ACCEPTED[phase]
    ]


def test_limits_of_the_free_plan(free: Emulator) -> None:
    """Free takes 10 rules a phase, edge TTLs from 2 hours and no regular expressions."""
    client = free.client()
    zone = free.zone(client)
    long = {"cache": True, "edge_ttl": {"mode": "override_origin", "default": 7200}}
    _put(client, zone, *[_rule(action_parameters=long) for _ in range(10)])
    with pytest.raises(cloudflare.BadRequestError) as too_many:
        _put(client, zone, *[_rule(action_parameters=long) for _ in range(11)])
    assert code(too_many.value) == 20018
    with pytest.raises(cloudflare.BadRequestError) as too_short:
        _put(client, zone, _rule())
    assert pointer(too_short.value) == "/rules/0/action_parameters/edge_ttl/default"
    with pytest.raises(cloudflare.BadRequestError) as regex:
        _put(client, zone, _rule(action_parameters=long, expression='http.host matches "^a"'))
    assert code(regex.value) == 20127


def test_phases_that_are_not_here_say_so(client: Cloudflare, zone: str) -> None:
    """A phase that the vendor has and the emulator has not answers 501; one that nobody has 400."""
    with pytest.raises(cloudflare.InternalServerError) as ours:
        client.rulesets.phases.get("ddos_l7", zone_id=zone)
    assert ours.value.status_code == 501
    with pytest.raises(cloudflare.BadRequestError):
        client.rulesets.create(zone_id=zone, kind="zone", name="x", phase="http_nothing")  # type: ignore[arg-type]  # wrong on purpose
