"""API tokens: validity at the calendar's time, scopes, the vendor's refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare

from sandbox.cloudflare.asks import instant
from tests.sandbox.cloudflare.emulator import Emulator, code


def _groups(client: Cloudflare, *names: str) -> list[dict[str, str]]:
    known = {row.name: row.id for row in client.user.tokens.permission_groups.list()}
    return [{"id": str(known[name])} for name in names]


def _token(client: Cloudflare, resources: dict[str, str], *names: str, **more: Any) -> tuple[str, str]:
    policy: Any = {"effect": "allow", "permission_groups": _groups(client, *names), "resources": resources}
    made = client.user.tokens.create(name="ci", policies=[policy], **more)
    assert made is not None
    return str(made.id), str(made.value)


def test_verify_tells_the_tokens_own_id(emulator: Emulator, client: Cloudflare) -> None:
    """The operator's token is active from the start, and the account is listed."""
    verified = client.user.tokens.verify()
    assert verified is not None
    assert verified.status == "active"
    assert [row.id for row in client.accounts.list()] == [emulator.account]


def test_unknown_token_is_refused_in_the_vendors_words(emulator: Emulator) -> None:
    """An unknown value gets 401 and 1000 from verify, 403 and 9109 elsewhere."""
    stranger = emulator.client("x" * 40)
    with pytest.raises(cloudflare.AuthenticationError) as verify:
        stranger.user.tokens.verify()
    assert code(verify.value) == 1000
    with pytest.raises(cloudflare.PermissionDeniedError) as zones:
        stranger.zones.list()
    assert code(zones.value) == 9109


def test_read_only_token_reads_and_changes_nothing(emulator: Emulator, client: Cloudflare, zone: str) -> None:
    """The read-only token lists zones; a write and a purge get 10000 and leave the zone as it was."""
    reader = emulator.client(emulator.secret("cloudflare-readonly"))
    assert reader.zones.get(zone_id=zone) is not None
    for act in (
        lambda: reader.zones.delete(zone_id=zone),
        lambda: reader.cache.purge(zone_id=zone, purge_everything=True),
        lambda: reader.zones.settings.edit("brotli", zone_id=zone, value="off"),
    ):
        with pytest.raises(cloudflare.PermissionDeniedError) as refused:
            act()
        assert code(refused.value) == 10000
    setting: Any = client.zones.settings.get("brotli", zone_id=zone)
    assert setting.value == "on"


def test_revoked_token_is_refused(emulator: Emulator) -> None:
    """The revoked token of the run verifies as disabled and can do nothing."""
    revoked = emulator.client(emulator.secret("cloudflare-revoked"))
    verified = revoked.user.tokens.verify()
    assert verified is not None
    assert verified.status == "disabled"
    with pytest.raises(cloudflare.PermissionDeniedError):
        revoked.zones.list()


def test_expiry_follows_the_calendar(emulator: Emulator, client: Cloudflare) -> None:
    """A token dies when the offset clock passes `expires_on`, and none works before `not_before`."""
    now = emulator.clock.now()
    resources = {"com.cloudflare.api.account.zone.*": "*"}
    _, slot = _token(client, resources, "Zone Read", expires_on=instant(now + timedelta(hours=4)))
    _, later = _token(client, resources, "Zone Read", not_before=instant(now + timedelta(hours=2)))
    in_slot, not_yet = emulator.client(slot), emulator.client(later)
    in_slot.zones.list()
    with pytest.raises(cloudflare.PermissionDeniedError):
        not_yet.zones.list()
    try:
        emulator.clock.advance(5 * 3600)
        with pytest.raises(cloudflare.PermissionDeniedError) as expired:
            in_slot.zones.list()
        verified = in_slot.user.tokens.verify()
        not_yet.zones.list()
    finally:
        emulator.clock.advance(-5 * 3600)
    assert code(expired.value) == 9109
    assert verified is not None
    assert verified.status == "expired"


def test_token_of_one_zone_sees_no_other(emulator: Emulator, client: Cloudflare, zone: str) -> None:
    """A policy on one zone lets its token purge there, and lists and purges nothing else."""
    other = emulator.zone(client)
    _, value = _token(client, {f"com.cloudflare.api.account.zone.{zone}": "*"}, "Zone Read", "Cache Purge")
    narrow = emulator.client(value)
    assert [row.id for row in narrow.zones.list()] == [zone]
    narrow.cache.purge(zone_id=zone, tags=["wedding:como"])
    with pytest.raises(cloudflare.PermissionDeniedError):
        narrow.cache.purge(zone_id=other, tags=["wedding:como"])


def test_ruleset_permission_is_that_of_its_phase(emulator: Emulator, client: Cloudflare, zone: str) -> None:
    """A token for cache rules may not write the firewall's phase."""
    _, value = _token(client, {"com.cloudflare.api.account.zone.*": "*"}, "Cache Settings Write")
    narrow = emulator.client(value)
    narrow.rulesets.phases.update("http_request_cache_settings", zone_id=zone, rules=[])
    with pytest.raises(cloudflare.PermissionDeniedError):
        narrow.rulesets.phases.update("http_request_firewall_custom", zone_id=zone, rules=[])


def test_deleted_token_is_unknown(emulator: Emulator, client: Cloudflare) -> None:
    """After DELETE the value opens nothing and the token is gone from the list."""
    token_id, value = _token(client, {"com.cloudflare.api.account.zone.*": "*"}, "Zone Read")
    emulator.client(value).zones.list()
    client.user.tokens.delete(token_id)
    with pytest.raises(cloudflare.PermissionDeniedError):
        emulator.client(value).zones.list()
    with pytest.raises(cloudflare.NotFoundError):
        client.user.tokens.get(token_id)


def test_token_bound_to_other_addresses_is_refused_here(emulator: Emulator, client: Cloudflare) -> None:
    """`condition.request_ip` is judged against the caller's address."""
    resources = {"com.cloudflare.api.account.zone.*": "*"}
    _, away = _token(client, resources, "Zone Read", condition={"request_ip": {"in": ["192.0.2.0/24"]}})
    _, here = _token(client, resources, "Zone Read", condition={"request_ip": {"in": ["127.0.0.0/8"]}})
    emulator.client(here).zones.list()
    with pytest.raises(cloudflare.PermissionDeniedError):
        emulator.client(away).zones.list()


def test_wrong_token_requests_are_refused(emulator: Emulator, client: Cloudflare) -> None:
    """A token needs policies, known groups, times in order, and networks that are networks."""
    good: Any = {
        "effect": "allow",
        "permission_groups": _groups(client, "Zone Read"),
        "resources": {"com.cloudflare.api.account.zone.*": "*"},
    }
    wrong: list[dict[str, Any]] = [
        {"policies": []},
        {"policies": [good | {"effect": "maybe"}]},
        {"policies": [good | {"permission_groups": [{"id": "0" * 32}]}]},
        {"policies": [good], "expires_on": "tomorrow"},
        {"policies": [good], "not_before": "2027-01-02T00:00:00Z", "expires_on": "2027-01-01T00:00:00Z"},
        {"policies": [good], "condition": {"request_ip": {"in": ["nowhere"]}}},
    ]
    for body in wrong:
        with pytest.raises(cloudflare.BadRequestError) as refused:
            client.user.tokens.create(name="ci", **body)
        assert code(refused.value) == 1001


def test_no_token_value_reaches_the_call_log(emulator: Emulator, client: Cloudflare) -> None:
    """The log names callers by name and id; the values of tokens, made or used, are not in it."""
    _, value = _token(client, {"com.cloudflare.api.account.zone.*": "*"}, "Zone Read")
    text = emulator.run.calls.read_text()
    assert value not in text
    assert emulator.secret() not in text
    made = [call for call in emulator.calls() if call.operation == "user.tokens.create"]
    assert made
    assert all(call.caller.startswith("cloudflare-operator (") and call.mutating for call in made)
