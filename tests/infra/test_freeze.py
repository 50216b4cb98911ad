"""The freeze inside the program: who is asked when, what is refused in which words, what passes."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pulumi
import pytest

from controlplane.domain.calendar_json import to_json
from controlplane.domain.operation import Operation
from infra import clock, freeze_hooks
from tests.domain.calendars import AT, COMO_END, COMO_START, calendar
from tests.infra.conftest import Stacks

OWN = (
    "urn:pulumi:como::wedcache-weddings::wedcache:edge:EdgeDistribution$aws:cloudfront/distribution:Distribution::edge"
)
CACHE = (
    "urn:pulumi:prod::wedcache::wedcache:cache:RegionalCache$aws:elasticache/replicationGroup:ReplicationGroup::cache"
)
UNKNOWN = "the calendar is missing, unreadable or no longer valid"


class TellingClock:
    """A clock endpoint on 127.0.0.1 that counts who asks."""

    def __init__(self, at: datetime) -> None:
        self.at, self.asked = at, 0
        self.answer: bytes | None = None
        telling = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                telling.asked += 1
                body = telling.answer
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({"now": telling.at.isoformat()}).encode() if body is None else body)

            def log_message(self, *_: object) -> None:
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def telling() -> Iterator[TellingClock]:
    """The clock, in Como's window."""
    made = TellingClock(AT)
    yield made
    made.close()


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A file with a good calendar."""
    file = tmp_path / "calendar.json"
    file.write_text(to_json(calendar()))
    return file


def refused(moment: freeze_hooks.Moment, urn: str = OWN, **inputs: object) -> str:
    """What a change of the resource is told; empty if it passes."""
    args = pulumi.ResourceHookArgs(urn=urn, id="i", name="n", type="t", old_inputs=inputs, new_inputs=inputs)
    try:
        moment.refuse(Operation.STACK_UPDATE, args)
    except freeze_hooks.FreezeInForce as told:
        return str(told)
    return ""


def test_a_refusal_names_rule_local_end_and_the_way_past(kept: Path, telling: TellingClock) -> None:
    """Who reads it knows what holds, until when on the wedding's own clock, and what can be done instead."""
    told = refused(freeze_hooks.taken(kept, telling.url))
    assert told.startswith("REFUSED stack-update of edge: freeze venue:como:2027-06-12 until 2027-06-13T06:00:00+02:00")
    assert "Nothing was changed." in told
    assert "wait until 2027-06-13T04:00:00Z" in told
    assert "make the plan that a grant is for: WEDCACHE_PLANNING=1 pulumi preview --save-plan plan.json" in told
    assert f"wedcache break-glass request --op stack-update --scope 'resource:{OWN}' --rule venue:como" in told


@pytest.mark.parametrize(
    ("at", "passes"),
    [
        (COMO_START - timedelta(minutes=31), True),
        (COMO_START - timedelta(minutes=29), False),
        (COMO_START, False),
        (COMO_END - timedelta(seconds=1), False),
        (COMO_END, True),
    ],
)
def test_changes_pass_outside_the_window(at: datetime, passes: bool, kept: Path, telling: TellingClock) -> None:
    """An update that may take half an hour passes if it surely ends before the window, and from its end on."""
    telling.at = at
    assert (refused(freeze_hooks.taken(kept, telling.url)) == "") is passes


def test_the_moment_is_taken_once(kept: Path, telling: TellingClock) -> None:
    """The clock is asked and the calendar read once: a long update is judged by the instant at which it began."""
    moment = freeze_hooks.taken(kept, telling.url)
    kept.unlink()
    telling.at = COMO_END
    assert all(refused(moment).startswith("REFUSED") for _ in range(3))
    assert telling.asked == 1


def test_without_an_endpoint_the_machines_clock_is_used(kept: Path, telling: TellingClock) -> None:
    """Nobody is asked over the network unless the configuration names an endpoint."""
    before = datetime.now(AT.tzinfo)
    moment = freeze_hooks.taken(kept, None)
    assert timedelta(0) <= moment.at - before < timedelta(minutes=1)
    assert telling.asked == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [(None, "No such file"), ("{", "not a calendar"), ('{"schema": "x/1"}', "schema 'x/1'"), ("", "not a calendar")],
)
def test_a_calendar_that_cannot_be_read_is_unknown(
    text: str | None, why: str, tmp_path: Path, telling: TellingClock
) -> None:
    """Missing or broken: the change is refused as UNKNOWN, and the file and its fault are named."""
    file = tmp_path / "calendar.json"
    if text is not None:
        file.write_text(text)
    told = refused(freeze_hooks.taken(file, telling.url))
    assert told.startswith(f"UNKNOWN stack-update of edge: {UNKNOWN} ({file}: ")
    assert why in told
    assert "publish a calendar" in told


def test_an_expired_calendar_is_unknown(kept: Path, telling: TellingClock) -> None:
    """Past its validity nothing is known, although no window holds."""
    telling.at = AT + timedelta(days=30)
    assert refused(freeze_hooks.taken(kept, telling.url)).startswith(f"UNKNOWN stack-update of edge: {UNKNOWN}")


def test_a_wedding_that_the_calendar_does_not_know_is_unknown(kept: Path, telling: TellingClock) -> None:
    """Its stack is refused and its name is said."""
    telling.at = COMO_END
    told = refused(freeze_hooks.taken(kept, telling.url), OWN.replace(":como:", ":garda:"))
    assert told.startswith("UNKNOWN")
    assert "'garda'" in told


@pytest.mark.parametrize("answer", [b"{", b"[]", b'{"then": 1}', b'{"now": "x"}', b'{"now": "2027-06-12T10:00:00"}'])
def test_a_clock_that_gives_no_instant_is_unknown(answer: bytes, kept: Path, telling: TellingClock) -> None:
    """The endpoint is named; the machine's own clock never steps in for it."""
    telling.answer = answer
    told = refused(freeze_hooks.taken(kept, telling.url))
    assert told.startswith("UNKNOWN")
    assert f"the clock at {telling.url} gave" in told


def test_a_clock_that_does_not_answer_is_unknown(kept: Path) -> None:
    """A refused connection is no instant either."""
    gone = TellingClock(AT)
    gone.close()
    assert f"the clock at {gone.url} gave no instant" in refused(freeze_hooks.taken(kept, gone.url))
    with pytest.raises(clock.ClockUnknown):
        clock.now(gone.url)


def test_a_regional_cache_may_be_drained_instead(kept: Path, telling: TellingClock) -> None:
    """A cache's change is told of its own region and how to drain it; what all regions share is not."""
    moment = freeze_hooks.taken(kept, telling.url)
    assert "wedcache drain us-east-1" in refused(moment, CACHE, region="us-east-1")
    policy = "urn:pulumi:prod::wedcache::aws:cloudfront/cachePolicy:CachePolicy::cache-low"
    for told in (refused(moment, CACHE), refused(moment, policy, region="us-east-1")):
        assert told.startswith("REFUSED")
        assert "drain" not in told


def test_the_engine_refuses_in_the_window_and_passes_after_it(stacks: Stacks, telling: TellingClock) -> None:
    """An `up` ends in its preview, before any call to a vendor, and asks the clock once; after the window the update
    goes through and takes the protection off.
    """
    platform = json.loads(stacks.inventory.read_text())
    sandbox = json.dumps({**platform, "kind": "sandbox", "clock": telling.url})
    stacks.inventory.write_text(sandbox)
    stacks.calendar.write_text(to_json(calendar()))
    stacks.wedding.set({"price_class": "PriceClass_200", "deletion_protection": False})
    try:
        telling.at = COMO_END
        updated = stacks.wedding.up()
        assert [(call.method, call.name) for call in updated.changes] == [("Update", "edge-como")]
        assert telling.asked == 1
        telling.at = AT
        stacks.wedding.set({"price_class": "PriceClass_100"})
        telling.asked = 0
        ran = stacks.wedding.run("up", "--yes")
        assert (ran.code, ran.changes, telling.asked) == (1, [], 1), ran.text
        told = "REFUSED stack-update of edge-como: freeze venue:como:2027-06-12 until 2027-06-13T06:00:00+02:00"
        assert told in ran.text
    finally:
        stacks.inventory.write_text(json.dumps(platform))
        stacks.calendar.unlink()
    assert not [row["urn"] for row in stacks.wedding.resources() if row.get("protect")]
