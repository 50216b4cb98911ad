"""Zones, their settings and their DNS records, through the official SDK."""

from __future__ import annotations

from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare

from tests.sandbox.cloudflare.emulator import Emulator, code


def test_zone_lives_from_create_to_delete(emulator: Emulator, client: Cloudflare) -> None:
    """A zone is created, found by name, paused and deleted, after which it is 404."""
    made = client.zones.create(account={"id": emulator.account}, name="life.weddings.example")
    assert made is not None
    assert (made.status, made.plan.legacy_id) == ("active", "business")
    assert [row.id for row in client.zones.list(name="life.weddings.example")] == [made.id]
    edited = client.zones.edit(zone_id=made.id, paused=True)
    assert edited is not None
    assert edited.paused is True
    with pytest.raises(cloudflare.BadRequestError, match="one zone property"):
        client.zones.edit(zone_id=made.id, paused=False, type="full")
    client.zones.delete(zone_id=made.id)
    with pytest.raises(cloudflare.NotFoundError) as gone:
        client.zones.get(zone_id=made.id)
    assert code(gone.value) == 1001


def test_zone_names_are_unique_and_names(emulator: Emulator, client: Cloudflare) -> None:
    """A second zone of the same name gets 1061, something that is no domain 1097, a foreign account 9109."""
    client.zones.create(account={"id": emulator.account}, name="twice.weddings.example")
    with pytest.raises(cloudflare.BadRequestError) as twice:
        client.zones.create(account={"id": emulator.account}, name="Twice.weddings.example")
    assert code(twice.value) == 1061
    with pytest.raises(cloudflare.BadRequestError) as no_name:
        client.zones.create(account={"id": emulator.account}, name="not a name")
    assert code(no_name.value) == 1097
    with pytest.raises(cloudflare.PermissionDeniedError):
        client.zones.create(account={"id": "f" * 32}, name="foreign.weddings.example")


def test_lists_come_in_pages(emulator: Emulator, client: Cloudflare, zone: str) -> None:
    """The SDK walks pages of records to the end and sees each once."""
    for number in range(7):
        client.dns.records.create(zone_id=zone, name=f"p{number}", type="A", content="192.0.2.1", ttl=60)
    page: Any = client.dns.records.list(zone_id=zone, per_page=3)
    assert len(page.result) == 3
    assert page.result_info.page == 1
    assert len({row.id for row in page}) == 7


def test_settings_take_their_own_values_only(client: Cloudflare, zone: str) -> None:
    """Each setting has its enum: a valid value is kept, a wrong one gets 1007, an unknown or removed id 1006."""
    edited: Any = client.zones.settings.edit("min_tls_version", zone_id=zone, value="1.2")
    read: Any = client.zones.settings.get("min_tls_version", zone_id=zone)
    assert edited.value == read.value == "1.2"
    for setting_id, value in (
        ("min_tls_version", "1.4"),
        ("ssl", "on"),
        ("browser_cache_ttl", "never"),
        ("brotli", True),
    ):
        with pytest.raises(cloudflare.BadRequestError) as refused:
            client.zones.settings.edit(setting_id, zone_id=zone, value=value)
        assert code(refused.value) == 1007
    for setting_id in ("minify", "mirage", "no_such_setting"):
        with pytest.raises(cloudflare.BadRequestError) as unknown:
            client.zones.settings.edit(setting_id, zone_id=zone, value="on")
        assert code(unknown.value) == 1006


def test_settings_follow_the_plan(emulator: Emulator, free: Emulator, client: Cloudflare, zone: str) -> None:
    """Polish can be set on Business and not on Free; an Enterprise setting on neither."""
    client.zones.settings.edit("polish", zone_id=zone, value="lossy")
    small = free.client()
    with pytest.raises(cloudflare.BadRequestError) as refused:
        small.zones.settings.edit("polish", zone_id=free.zone(small), value="lossy")
    assert code(refused.value) == 1016
    with pytest.raises(cloudflare.BadRequestError):
        client.zones.settings.edit("sort_query_string_for_cache", zone_id=zone, value="on")


def test_development_mode_ends_by_itself(emulator: Emulator, client: Cloudflare, zone: str) -> None:
    """Development mode is on for three hours of the calendar, then off without anybody's call."""
    client.zones.settings.edit("development_mode", zone_id=zone, value="on")
    on: Any = client.zones.settings.get("development_mode", zone_id=zone)
    try:
        emulator.clock.advance(3 * 3600 + 1)
        off: Any = client.zones.settings.get("development_mode", zone_id=zone)
        snapshot = emulator.edge()
    finally:
        emulator.clock.advance(-3 * 3600 - 1)
    assert (on.value, off.value) == ("on", "off")
    assert 10_700 < on.time_remaining <= 10_800
    assert snapshot is not None
    assert next(row for row in snapshot["zones"] if row["id"] == zone)["settings"]["development_mode"] == "off"


def test_switches_of_tiered_cache(client: Cloudflare, zone: str) -> None:
    """Smart topology and tiered caching start off and can be set; regional tiered cache needs Enterprise."""
    before: Any = client.argo.tiered_caching.get(zone_id=zone)
    client.argo.tiered_caching.edit(zone_id=zone, value="on")
    client.cache.smart_tiered_cache.create(zone_id=zone, value="on")
    smart: Any = client.cache.smart_tiered_cache.get(zone_id=zone)
    after: Any = client.argo.tiered_caching.get(zone_id=zone)
    assert (before.value, after.value, smart.value) == ("off", "on", "on")
    client.cache.smart_tiered_cache.delete(zone_id=zone)
    gone: Any = client.cache.smart_tiered_cache.get(zone_id=zone)
    assert gone.value == "off"
    with pytest.raises(cloudflare.BadRequestError):
        client.argo.tiered_caching.edit(zone_id=zone, value="maybe")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(cloudflare.PermissionDeniedError):
        client.cache.regional_tiered_cache.edit(zone_id=zone, value="on")


def test_record_lives_from_create_to_delete(emulator: Emulator, client: Cloudflare, zone: str) -> None:
    """A record gets its full name, is changed by PUT and PATCH, and is gone after DELETE."""
    made: Any = client.dns.records.create(zone_id=zone, name="como", type="CNAME", content="d1.cloudfront.net", ttl=60)
    name = f"como.{client.zones.get(zone_id=zone).name}"  # type: ignore[union-attr]  # the zone was just made
    assert (made.name, made.proxied, made.ttl) == (name, False, 60)
    client.dns.records.update(
        made.id, zone_id=zone, name="como", type="CNAME", content="d2.cloudfront.net", ttl=1, proxied=True
    )
    patched: Any = client.dns.records.edit(
        made.id, zone_id=zone, type="CNAME", name=name, ttl=1, comment="the couple's host"
    )
    assert (patched.content, patched.proxied, patched.comment) == ("d2.cloudfront.net", True, "the couple's host")
    assert [row.id for row in client.dns.records.list(zone_id=zone, name={"exact": name})] == [made.id]
    client.dns.records.delete(made.id, zone_id=zone)
    with pytest.raises(cloudflare.NotFoundError) as gone:
        client.dns.records.get(made.id, zone_id=zone)
    assert code(gone.value) == 81044


REFUSED_RECORDS: list[tuple[dict[str, Any], int]] = [
    ({"type": "A", "content": "192.0.2.1", "name": "held"}, 81058),
    ({"type": "CNAME", "content": "elsewhere.example", "name": "held"}, 81053),
    ({"type": "A", "content": "192.0.2.9", "name": "alias"}, 81054),
    ({"type": "A", "content": "2001:db8::1"}, 9005),
    ({"type": "AAAA", "content": "192.0.2.1"}, 9006),
    ({"type": "CNAME", "content": "https://elsewhere.example/"}, 9007),
    ({"type": "TXT", "content": "text", "proxied": True}, 1004),
    ({"type": "A", "content": "192.0.2.1", "ttl": 30}, 9021),
    ({"type": "A", "content": "192.0.2.1", "ttl": 100_000}, 9021),
    ({"type": "A", "content": "192.0.2.1", "name": "two..dots"}, 9000),
    ({"type": "A", "content": "192.0.2.1", "proxy": True}, 1004),
    ({"type": "Z", "content": "192.0.2.1"}, 1004),
]


def test_wrong_records_are_refused(client: Cloudflare, zone: str) -> None:
    """Duplicates, clashes with a CNAME, wrong contents, TTLs, names, keys and types get the vendor's codes."""
    client.dns.records.create(zone_id=zone, name="held", type="A", content="192.0.2.1", ttl=60)
    client.dns.records.create(zone_id=zone, name="alias", type="CNAME", content="elsewhere.example", ttl=60)
    for record, expected in REFUSED_RECORDS:
        with pytest.raises(cloudflare.BadRequestError) as refused:
            client.post(f"/zones/{zone}/dns_records", body={"name": "new", "ttl": 60} | record, cast_to=object)
        assert code(refused.value) in {expected, 9004}, record
    assert len(list(client.dns.records.list(zone_id=zone))) == 2


def test_record_types_that_are_not_here_say_so(client: Cloudflare, zone: str) -> None:
    """A type that the vendor has and the emulator has not answers 501."""
    with pytest.raises(cloudflare.InternalServerError) as refused:
        client.dns.records.create(zone_id=zone, name="@", type="MX", content="mail.example", priority=10, ttl=60)
    assert refused.value.status_code == 501
