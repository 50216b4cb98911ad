"""Writes under each fault, with real processes stopped and woken by signals."""

from __future__ import annotations

import json
import time

import redis

from controlplane.domain.content_update import ContentUpdate
from controlplane.operations.refresh import SLACK_SECONDS
from sandbox.origin.secret_files import CONTENT_EDITOR, token
from tests.sandbox.origin.regions import HOME, OTHER, PORTAL, REGIONS, Regions, until


def test_an_acknowledged_write_is_held_by_both_regions(regions: Regions) -> None:
    """The home region says yes only when 2 of 2 hold the write; a repeat with the same key is the same write."""
    status, said = regions.rsvp(HOME, 21, "both")
    assert (status, said["held"], said["repeated"]) == (201, 2, False)
    for region in REGIONS:
        assert said["write_id"] in regions.witness(region)["writes"]["held"]
        page = regions.ask(region, "/guests", headers={"Cookie": "guest=21"}).body
        assert b"You come. Menu: vegan." in page
    status, again = regions.rsvp(HOME, 21, "both")
    assert (status, again["write_id"], again["repeated"]) == (200, said["write_id"], True)


def test_the_other_region_forwards_to_the_home_region(regions: Regions) -> None:
    """A guest near the standby region gets the home region's acknowledgement, a round trip later."""
    began = time.monotonic()
    status, said = regions.rsvp(OTHER, 22)
    assert (status, said["held"]) == (201, 2)
    assert time.monotonic() - began > 0.17  # forwarded, then replicated: two round trips of 90 ms
    assert said["write_id"] in regions.witness(HOME)["writes"]["acknowledged"]


def test_a_silent_region_is_refused_until_it_is_marked_down(regions: Regions) -> None:
    """Silent: nothing is acknowledged. Marked down: the home region says yes alone, and delivers later what it owes."""
    before = regions.witness(HOME)["counters"]
    regions.lose(OTHER)
    status, said = regions.rsvp(HOME, 23, "silent")
    assert (status, said["error"], said["held"]) == (503, "refused", 0)
    assert said["write_id"] not in regions.witness(HOME)["writes"]["acknowledged"]
    regions.lead(HOME, down=(OTHER,), tell=(HOME,))
    status, said = regions.rsvp(HOME, 23, "silent")
    assert (status, said["held"]) == (201, 1)
    after = regions.witness(HOME)["counters"]
    assert (after["refused"] - before["refused"], after["single"] - before["single"]) == (1, 1)
    regions.wake()
    regions.lead(HOME)
    until(lambda: regions.witness(HOME)["writes"]["owed"] == 0)
    assert said["write_id"] in regions.witness(OTHER)["writes"]["held"]


def test_a_region_that_wakes_with_an_old_role_acknowledges_nothing(regions: Regions) -> None:
    """After the standby took over, the old home, woken with its old role document, forwards instead of saying yes."""
    regions.lose(HOME)
    status, said = regions.rsvp(OTHER, 24)
    assert (status, said["error"]) == (503, "home-silent")
    regions.lead(OTHER, down=(HOME,), tell=(OTHER,))
    status, said = regions.rsvp(OTHER, 24)
    assert (status, said["held"]) == (201, 1)
    time.sleep(1.5)  # the region was away for more than three seconds in all
    acknowledged = dict.fromkeys(regions.witness(OTHER)["writes"]["acknowledged"])
    regions.wake()
    late = [regions.rsvp(HOME, guest) for guest in (25, 26)]
    until(lambda: regions.ask(HOME, "/health").status == 503)  # it knows by itself that it is marked down
    woken = regions.witness(HOME)
    for status, said in late:
        assert status in (201, 503)
        assert said.get("write_id") not in woken["writes"]["acknowledged"]
        if status == 201:
            assert said["write_id"] in regions.witness(OTHER)["writes"]["acknowledged"]
    assert late[-1][0] == 201
    assert woken["role"]["home"] == OTHER
    assert set(acknowledged) <= set(regions.witness(OTHER)["writes"]["held"])


def test_failback_brings_every_acknowledged_write_home(regions: Regions) -> None:
    """Writes that the standby acknowledged alone are in the home region's database before that one says yes again."""
    regions.lose(HOME)
    regions.lead(OTHER, down=(HOME,), tell=(OTHER,))
    alone = [regions.rsvp(OTHER, guest)[1] for guest in range(40, 50)]
    assert {said["held"] for said in alone} == {1}
    regions.wake()
    regions.lead(HOME)
    answers = [regions.rsvp(HOME, 50, "first-after-failback")]

    def says_yes() -> bool:
        answers.append(regions.rsvp(HOME, 50, "first-after-failback"))
        return answers[-1][0] < 300

    until(says_yes)
    assert {status for status, _ in answers} <= {200, 201, 503}
    held = regions.witness(HOME)["writes"]["held"]
    assert {said["write_id"] for said in alone} <= set(held)
    assert answers[-1][1]["held"] == 2
    for guest in (40, 49):
        assert b"You come. Menu: vegan." in regions.ask(HOME, f"/guests?guest={guest}").body


def test_a_lower_epoch_is_refused_by_the_other_region(regions: Regions) -> None:
    """A home region that has not heard of the new role is fenced by the one that has, and says so."""
    before = regions.witness(OTHER)["counters"]["replica_refused"]
    regions.lead(OTHER, tell=(OTHER,))
    status, said = regions.rsvp(HOME, 27)
    assert (status, said["error"], said["held"]) == (503, "fenced", 0)
    assert regions.witness(OTHER)["counters"]["replica_refused"] == before + 1
    status, said = regions.rsvp(HOME, 27)
    assert (status, said["held"]) == (201, 2)  # it learnt who is home, and forwards
    assert said["write_id"] in regions.witness(OTHER)["writes"]["acknowledged"]


def test_an_owners_update_is_seen_in_both_regions(regions: Regions) -> None:
    """The page, its version and the timeline made of it change in both regions; other pages keep their ETag."""
    headers = {"Authorization": f"Bearer {token(regions.run, CONTENT_EDITOR)}"}
    first = {region: regions.ask(region, "/schedule") for region in REGIONS}
    travel = regions.ask(HOME, "/travel").headers["etag"]
    text = f"16:00 ceremony indoors, told at {time.monotonic()}"
    reply = regions.ask(HOME, "/pages/schedule", method="PUT", body={"text": text}, headers=headers)
    assert (reply.status, json.loads(reply.body)["held"]) == (201, 2)
    for region in REGIONS:
        until(lambda region=region: text.encode() in regions.ask(region, "/schedule").body)  # type: ignore[misc]  # no type is inferred for it
        page = regions.ask(region, "/schedule")
        assert int(page.headers["x-wedcache-version"]) == int(first[region].headers["x-wedcache-version"]) + 1
        until(
            lambda region=region: (  # type: ignore[misc]  # no type is inferred for it
                b"ceremony indoors" in regions.ask(region, "/api/weddings/como/timeline", host=PORTAL).body
            )
        )
    assert regions.ask(HOME, "/travel").headers["etag"] == travel


def test_an_owners_update_is_renewed_before_it_is_told(regions: Regions) -> None:
    """Once it is acknowledged the page is a hit on the new text in both regions, and each region's agent is told of it,
    with a time that only copies made since can have."""
    headers = {"Authorization": f"Bearer {token(regions.run, CONTENT_EDITOR)}"}
    text = f"17:00 dinner in the greenhouse, told at {time.monotonic()}"
    reply = regions.ask(HOME, "/pages/schedule", method="PUT", body={"text": text}, headers=headers)
    assert reply.status == 201
    identity = json.loads(reply.body)["write_id"]
    for region in REGIONS:
        page = regions.ask(region, "/schedule")
        assert text.encode() in page.body
        assert "; hit" in page.headers["cache-status"]
        with redis.Redis(port=int(regions.run.endpoint(f"valkey-{region}-primary").rpartition(":")[2])) as client:
            update = ContentUpdate.from_json(client.hget("wc:updates", identity))
        update.check()
        assert (update.wedding, update.tags) == ("como", ("page:como.schedule",))
        assert float(page.headers["x-wedcache-born"]) >= update.born - SLACK_SECONDS


def test_wrong_writes_change_nothing(regions: Regions) -> None:
    """Without the token, with a wrong body or for an unknown guest the answer is 4xx and no write is recorded."""
    count = regions.witness(HOME)["rows"]["writes"]
    assert regions.ask(HOME, "/pages/schedule", method="PUT", body={"text": "x"}).status == 401
    assert regions.ask(HOME, "/rsvp", method="POST", body=["x"]).status == 400
    assert regions.ask(HOME, "/rsvp", method="POST", body={"guest": 1, "attending": "yes"}).status == 422
    assert regions.rsvp(HOME, 9999)[0] == 422
    assert regions.witness(HOME)["rows"]["writes"] == count


def test_a_stopped_redis_holds_up_nobody(regions: Regions) -> None:
    """With only the region's Redis stopped the origin keeps its role, reads stay quick and writes are held by both."""
    regions.rsvp(HOME, 28)
    with_redis = _read_ms(regions)
    regions.stop(f"valkey-{HOME}")
    assert _read_ms(regions) < with_redis + 100
    status, said = regions.rsvp(HOME, 29)
    assert (status, said["held"]) == (201, 2)


def _read_ms(regions: Regions) -> float:
    """The slowest of ten reads as the origin itself logged them, in milliseconds."""
    for number in range(10):
        assert regions.ask(HOME, f"/schedule?probe={number}").status == 200
    lines = [json.loads(line) for line in regions.run.log(f"origin-{HOME}").read_text().splitlines()]
    return max(float(line["ms"]) for line in [line for line in lines if "?probe=" in line["path"]][-10:])
