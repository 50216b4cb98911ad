"""Purge and soft purge: selectors, syntax, counts and the token bucket."""

from __future__ import annotations

from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare

from sandbox.cloudflare.answers import VendorRefusal
from sandbox.cloudflare.limits import PLANS
from sandbox.cloudflare.purges import selected
from tests.sandbox.cloudflare.emulator import Emulator, code

ZONE = "weddings.example"


def test_purges_reach_the_snapshot(emulator: Emulator, client: Cloudflare, zone: str) -> None:
    """Each kind of purge is answered with the zone's id and shown to POPs once, in order, with its selector."""
    before = emulator.edge()
    assert before is not None
    name = client.zones.get(zone_id=zone).name  # type: ignore[union-attr]  # the zone was just made
    assert client.cache.purge(zone_id=zone, tags=["wedding:como", "page:home"]).id == zone  # type: ignore[union-attr]  # never None here
    client.cache.invalidate(zone_id=zone, hosts=[f"app.{name}"])
    client.cache.purge(zone_id=zone, prefixes=[f"app.{name}/photos"])
    client.cache.purge(zone_id=zone, files=[f"https://app.{name}/a.jpg"])
    client.cache.purge(zone_id=zone, purge_everything=True)
    after = emulator.edge(before["seq"])
    assert after is not None
    seen = [{key: value for key, value in row.items() if key != "seq"} for row in after["purges"]]
    assert seen == [
        {"zone_id": zone, "kind": "hard", "tags": ["wedding:como", "page:home"]},
        {"zone_id": zone, "kind": "soft", "hosts": [f"app.{name}"]},
        {"zone_id": zone, "kind": "hard", "prefixes": [f"app.{name}/photos"]},
        {"zone_id": zone, "kind": "hard", "files": [f"https://app.{name}/a.jpg"]},
        {"zone_id": zone, "kind": "hard", "everything": True},
    ]
    assert [row["seq"] for row in after["purges"]] == list(range(before["seq"] + 1, after["seq"] + 1))


WRONG: list[Any] = [
    None,
    {},
    {"tags": ["a"], "hosts": [ZONE]},
    {"purge_everything": False},
    {"purge_everything": True, "tags": ["a"]},
    {"tags": []},
    {"tags": ["a"] * 101},
    {"tags": "a"},
    {"tags": ["two words"]},
    {"tags": ["a,b"]},
    {"tags": ["ü"]},
    {"tags": [""]},
    {"tags": ["a" * 1025]},
    {"tags": [5]},
    {"hosts": ["elsewhere.example"]},
    {"hosts": [f"https://app.{ZONE}"]},
    {"prefixes": [f"https://app.{ZONE}/a"]},
    {"prefixes": [f"app.{ZONE}/a?b"]},
    {"prefixes": [f"app.{ZONE}"]},
    {"prefixes": ["elsewhere.example/a"]},
    {"files": [f"app.{ZONE}/a"]},
    {"files": ["https://elsewhere.example/a"]},
    {"files": [f"https://app.{ZONE}/{number}" for number in range(101)]},
    {"files": [{"url": f"https://app.{ZONE}/a", "header": {}}]},
]


@pytest.mark.parametrize("body", WRONG, ids=range(len(WRONG)))
def test_wrong_purges_are_refused(body: Any) -> None:
    """Anything but one selector with 1 to 100 well-formed items of this zone is refused with 400."""
    with pytest.raises(VendorRefusal) as refused:
        selected(body, ZONE, PLANS["business"])
    assert refused.value.status == 400


def test_counts_and_lengths_are_exact() -> None:
    """100 tags of 1,024 characters pass; Enterprise may purge 500 URLs in one request."""
    assert selected({"tags": ["a" * 1024] * 100}, ZONE, PLANS["business"])[0] == "tags"
    files = [f"https://{ZONE}/{number}" for number in range(500)]
    assert len(selected({"files": files}, ZONE, PLANS["enterprise"])[1]) == 500
    assert selected(
        {"files": [{"url": f"https://{ZONE}/a", "headers": {"CF-Device-Type": "mobile"}}]}, ZONE, PLANS["free"]
    )


def test_the_bucket_runs_dry_and_says_when(free: Emulator) -> None:
    """Free gives 25 purges at once, then 429 with 1134 and `retry-after`; refused purges reach no POP."""
    client = free.client()
    zone = free.zone(client)
    for _ in range(25):
        client.cache.purge(zone_id=zone, tags=["a"])
    with pytest.raises(cloudflare.RateLimitError) as refused:
        client.cache.purge(zone_id=zone, tags=["one-too-many"])
    assert code(refused.value) == 1134
    assert 1 <= int(refused.value.response.headers["retry-after"]) <= 13
    snapshot = free.edge()
    assert snapshot is not None
    assert [row["tags"] for row in snapshot["purges"] if row["zone_id"] == zone] == [["a"]] * 25
