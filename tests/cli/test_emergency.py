"""Emergency mode against both vendors' emulators: scopes that stack, undo that compares, cards that anyone finishes."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.bootstrap import plant
from controlplane.domain.emergency import EDGE_SETTING, EMERGENCY_KEY, Switch
from controlplane.domain.heartbeat import heartbeat_key
from tests.cli.conftest import Online
from tests.cli.test_online import beat
from tests.contracts.cloud import Cloud, Platform
from tests.fakes.inventory import HOME, STANDBY

ROUTING, TIERED = "argo/smart_routing", "argo/tiered_caching"


def values(platform: Platform) -> dict[str, Any]:
    """Everything that emergency mode may change, as the vendors hold it."""
    one = plant("test")
    try:
        switches = {path: one.switches.get(path) for path in (ROUTING, TIERED)}
        pools = {pool.region: pool.enabled for pool in one.steering.pools()}
        return {**switches, **pools, "keys": one.edge_store.read()}
    finally:
        one.cloudflare.close()


def set_by_hand(path: str, value: str) -> None:
    """Somebody turns a switch in the vendor's own console."""
    one = plant("test")
    one.switches.set(path, value)
    one.cloudflare.close()


def test_on_and_off_leave_everything_as_it_was(online: Online, own: Platform) -> None:
    """Platform and a wedding stack at the edge; the last one off gives everything back, and the ledgers hold."""
    before = values(own)
    said = online("emergency", "on", "--yes", "--output", "json")
    assert (said.code, said.json["schema"]) == (0, "wedcache.emergency-report/1"), said.err
    assert values(own) == before | {ROUTING: "on", TIERED: "on", "keys": {EMERGENCY_KEY: "platform"}}
    assert online("emergency", "on", "wedding:como", "--yes").code == 0
    assert values(own)["keys"] == {EMERGENCY_KEY: "como.weddings.example platform"}
    shown = online("emergency", "status", "--output", "json").json
    assert (shown["schema"], sorted(shown["claims"])) == ("wedcache.emergency/1", ["platform", "wedding:como"])
    assert "EMERGENCY platform until told, by " in online("status").out
    assert online("emergency", "off", "--yes").code == 0
    assert values(own) == before | {"keys": {EMERGENCY_KEY: "como.weddings.example"}}
    last = online("emergency", "off", "wedding:como", "--yes", "--output", "json")
    assert last.code == 0
    assert values(own) == before
    assert online("emergency", "status").out == "emergency mode is off\n"
    verified = online("ledger", "verify", "--output", "json").json
    assert [(row["holds"], row["unsure"]) for row in verified["operations"]] == [(True, [])] * 4
    told = online("ops", "story", last.json["id"], "--output", "json").json
    assert [entry["kind"] for entry in told["entries"]] == ["begun", "step", "closed"]
    head = last.err.rpartition("head ")[2].strip()
    assert online("ledger", "verify", last.json["id"], "--head", head).code == 0
    assert online("ledger", "verify", last.json["id"], "--head", "0" * 64).code == 14


def test_what_somebody_else_changed_stays_and_is_named(online: Online, own: Platform) -> None:
    """13 with the setting and its value; the rest is given back, and nothing is left open."""
    before = values(own)
    assert online("emergency", "on", "--yes").code == 0
    set_by_hand(ROUTING, "off")
    said = online("emergency", "off", "--yes", "--output", "json")
    assert said.code == 0, "off is what stood there before: nothing to give back"
    assert online("emergency", "on", "--yes").code == 0
    own_edge = plant("test").edge_store
    own_edge.change(lambda _: {EMERGENCY_KEY: "by hand"})
    said = online("emergency", "off", "--yes", "--output", "json")
    assert (said.code, said.json["error"]) == (13, "Incomplete")
    assert "'by hand', which is not ours" in said.json["report"][EDGE_SETTING]
    assert values(own) == before | {"keys": {EMERGENCY_KEY: "by hand"}}
    rows = online("ops", "list", "--output", "json").json["operations"]
    assert {row["state"] for row in rows} == {"done"}
    assert rows[-1]["kept"] == said.json["report"]


def test_a_region_is_spared_by_its_pool_but_never_the_last_one(online: Online, own: Platform, cloud: Cloud) -> None:
    """Refused before anything changed; the other comes back with off."""
    assert online("emergency", "on", f"region:{HOME}", "--yes").code == 0
    assert (values(own)[HOME], values(own)[STANDBY]) == (False, True)
    before = len(cloud.mutations())
    said = online("emergency", "on", f"region:{STANDBY}", "--yes")
    assert said.code == 1
    assert "guests would have none" in said.err
    changed = [row for row in cloud.mutations()[before:] if row[0] == "cloudflare"]
    assert changed == []
    assert online("emergency", "off", f"region:{HOME}", "--yes").code == 0
    assert (values(own)[HOME], values(own)[STANDBY]) == (True, True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["emergency", "off", "--yes"], 1, "emergency mode is not on for platform"),
        (["emergency", "on", "wedding:nobody", "--yes"], 2, "there are como"),
        (["emergency", "on", "vendor:florist-7", "--yes"], 2, "has no emergency mode"),
        (["emergency", "on", "region:mars-1", "--yes"], 2, "eu-central-1, us-east-1"),
        (["emergency", "on", "--for", "2 hours", "--yes"], 2, "--for"),
        (["emergency", "on"], 1, "add --yes"),
        (["emergency", "on", "--plan"], 0, "cloudflare:argo/smart_routing: on"),
        (["ops", "story", "nothing"], 2, "no ledger of 'nothing'"),
        (["ops", "cancel", "nothing", "--yes"], 2, "no operation 'nothing'"),
        (["ledger", "verify", "nothing"], 2, "no ledger of 'nothing'"),
        (["ledger", "verify", "--head", "abc"], 2, "--head belongs to one operation"),
    ],
)
def test_what_is_refused_changes_nothing(
    ask: Online, cloud: Cloud, arguments: list[str], code: int, words: str
) -> None:
    """Each ends with its code and its words, and no mutating call reached a vendor."""
    before = len(cloud.mutations())
    said = ask(*arguments)
    assert (said.code, words in said.err) == (code, True), said.err
    assert len(cloud.mutations()) == before


def test_a_time_limit_needs_a_living_worker(online: Online, own: Platform, cloud: Cloud) -> None:
    """Nobody would switch it off: refused, nothing was changed."""
    own.write(heartbeat_key(HOME), beat(HOME, 7))
    before = len(cloud.mutations())
    said = online("emergency", "on", "--for", "2h", "--yes")
    assert said.code == 1
    assert "no worker lives" in said.err
    assert len(cloud.mutations()) == before


def test_a_vendor_that_is_away_leaves_an_open_card_that_anyone_finishes(online: Online, own: Platform) -> None:
    """The edge's key is set, Cloudflare's switches are named; `ops resume` does the rest when it answers."""
    one = plant("test")
    from controlplane.cli.emergency import new_card

    card = new_card(one, Switch.ON, "platform")
    one.cloudflare.close()
    own.cloud.faults.inject("api-503", "cloudflare")
    said = online("emergency", "on", "--yes", "--output", "json")
    assert said.code == 13
    assert set(said.json["report"]) == {name for name in card.wants if name.startswith("cloudflare:")}
    own.cloud.faults.heal()
    rows = online("ops", "list", "--output", "json").json["operations"]
    assert rows[0]["state"] == "open"
    assert rows[0]["executor"] == {"kind": "orphan", "name": ""}
    assert "orphan: nobody performs it" in online("ops", "list").out
    done = online("ops", "resume", rows[0]["id"], "--output", "json")
    assert (done.code, done.json["state"]) == (0, "done"), done.err
    assert values(own)[ROUTING] == "on"
    assert online("emergency", "off", "--yes").code == 0
    assert values(own)[ROUTING] == "off"


def test_cancel_gives_back_what_was_set(online: Online, own: Platform) -> None:
    """An open `on` is switched off and withdrawn; an open `off` cannot be cancelled, and is finished instead."""
    before = values(own)
    own.cloud.faults.inject("api-503", "cloudflare")
    assert online("emergency", "on", "--yes").code == 13
    own.cloud.faults.heal()
    first = online("ops", "list", "--output", "json").json["operations"][0]["id"]
    assert online("ops", "cancel", first, "--yes").code == 0
    assert values(own) == before
    states = {row["id"]: row["state"] for row in online("ops", "list", "--output", "json").json["operations"]}
    assert states[first] == "withdrawn"
    assert online("ops", "cancel", first, "--yes").code == 2
    assert online("emergency", "on", "--yes").code == 0
    own.cloud.faults.inject("api-503", "cloudflare")
    assert online("emergency", "off", "--yes").code == 13
    own.cloud.faults.heal()
    half = next(row for row in online("ops", "list", "--output", "json").json["operations"] if row["state"] == "open")
    refused = online("ops", "cancel", half["id"], "--yes")
    assert refused.code == 1
    assert "ops resume" in refused.err
    assert online("ops", "resume", half["id"]).code == 0
    assert values(own) == before


def test_an_operation_is_followed_to_its_end(online: Online, own: Platform) -> None:
    """`ops attach` tells every line on standard error and gives the closed card; it changes nothing."""
    made = online("emergency", "on", "--yes", "--output", "json").json["id"]
    said = online("ops", "attach", made, "--output", "json")
    assert (said.code, said.json["state"]) == (0, "done"), said.err
    assert [word in said.err for word in ("begun", "step", "closed")] == [True] * 3
    assert online("ops", "attach", "emergency-on-of-nobody").code == 2
