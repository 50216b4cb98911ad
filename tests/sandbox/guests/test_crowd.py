"""A crowd against real origins (which hold the certificates of both hosts and stand where the POPs will)."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import processes
from sandbox.guests.__main__ import settings
from sandbox.guests.crowd import Crowd, Settings, tracked
from sandbox.guests.habits import Ask, Class
from tests.sandbox.origin.regions import HOME, Regions, until


@pytest.fixture(scope="module")
def regions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Regions]:
    world = Regions(tmp_path_factory.mktemp("run"))
    with world.run.edit() as registry:
        for code in ("FRA56-P1", "FRA"):
            registry["endpoints"][f"pop-{code}"] = registry["endpoints"][f"origin-{HOME}"]
    world.lead(HOME)
    yield world
    world.end()


def diary(regions: Regions, start: int = 0) -> list[dict[str, Any]]:
    return [json.loads(line) for line in regions.run.log("guests").read_text().splitlines()[start:]]


async def long_enough(regions: Regions) -> dict[str, Any]:
    """What a crowd counted that visited for three seconds, and on a busy machine until all was asked for once."""
    stop = asyncio.Event()
    visiting = asyncio.create_task(Crowd(Settings(regions.run, seconds=120, rate=90)).visit(stop))
    while True:
        await asyncio.sleep(3)
        lines = diary(regions)
        if len(lines) > 90 and len({line["guest"] for line in lines}) > 30 and any(line["write_id"] for line in lines):
            stop.set()
        if visiting.done() or stop.is_set():
            return dict(await visiting)


def test_the_diary_agrees_with_what_the_regions_hold(regions: Regions) -> None:
    """Sixty guests visit; every line is complete, and every acknowledged write is found in the region's database."""
    totals = asyncio.run(long_enough(regions))
    lines = diary(regions)
    assert len(lines) == totals["requests"] > 60
    assert totals["failed"] == 0
    assert {line["class"] for line in lines} == {"cacheable", "personal", "write"}
    assert {line["status"] for line in lines} <= {200, 201}
    assert len({line["guest"] for line in lines}) > 30
    assert {line["pop"] for line in lines} == {"FRA56-P1", "FRA"}
    writes = regions.witness(HOME)["writes"]
    acknowledged = {line["write_id"] for line in lines if line["write_id"]}
    assert len(acknowledged) == totals["acknowledged"] > 0
    assert acknowledged <= set(writes["held"])
    for line in lines:
        assert line["error"] == ""
        assert line["bytes"] > 0
        assert line["region"] == HOME
        assert bool(line["version"]) is (line["class"] == "cacheable")
    bodies: dict[tuple[str, str], set[str]] = {}
    for line in lines:
        if line["class"] == "cacheable":
            bodies.setdefault((line["host"], line["path"]), set()).add(line["body"])
    assert all(len(seen) == 1 for seen in bodies.values())


def test_a_silent_home_is_told_and_writes_are_repeated_with_their_key(regions: Regions) -> None:
    """With the origin stopped requests fail with an error text; a refused write comes again under the same key."""
    start = len(diary(regions))

    async def visit() -> dict[str, int]:
        crowd = Crowd(Settings(regions.run, count=30, seconds=9, seed=5, rate=60, label="silent"))
        stopped = asyncio.get_running_loop()
        stopped.call_later(1.0, regions.lose, "us-east-1")
        stopped.call_later(4.5, regions.wake)
        return await crowd.visit()

    totals = asyncio.run(visit())
    lines = diary(regions, start)
    refused = [line for line in lines if line["class"] == "write" and line["status"] == 503]
    assert totals["write_failed"] == len(refused) > 0
    assert totals["cacheable_failed"] == totals["personal_failed"] == 0
    again = {line["key"] for line in lines if line["attempt"] > 1}
    assert again & {line["key"] for line in refused}
    later = {line["key"] for line in lines if line["write_id"]}
    assert later & again
    held = set(regions.witness(HOME)["writes"]["held"])
    assert {line["write_id"] for line in lines if line["write_id"]} <= held


def test_without_a_pop_every_request_fails_and_says_so(regions: Regions) -> None:
    """A host that no POP serves is an error in the diary, not a crash."""
    start = len(diary(regions))
    codes = {name: at for name, at in regions.run.read()["endpoints"].items() if name.startswith("pop-")}
    with regions.run.edit() as registry:
        for name in codes:
            del registry["endpoints"][name]
    try:
        totals = asyncio.run(Crowd(Settings(regions.run, count=5, seconds=0.5, rate=50)).visit())
    finally:
        with regions.run.edit() as registry:
            registry["endpoints"].update(codes)
    assert totals["requests"] == totals["failed"] > 0
    assert all(line["error"].startswith("no POP serves") for line in diary(regions, start))


def test_the_process_stops_when_told(regions: Regions) -> None:
    """SIGTERM ends it with its totals on stdout."""
    folder = str(regions.run.folder)
    command = processes.python(
        "sandbox.guests", "--run", folder, "--seconds", "60", "--seed", "3", "--label", "process"
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE) as guests:
        assert guests.stdout is not None
        assert guests.stdout.readline() == b"ready 0\n"
        log = regions.run.log("guests")
        before = len(log.read_text().splitlines())
        until(lambda: len(log.read_text().splitlines()) > before + 110, 30)
        guests.send_signal(signal.SIGTERM)
        totals = json.loads(guests.stdout.readline())
        assert guests.wait(60) == 0
    assert totals["requests"] > 100


def test_the_command_line_needs_a_sandbox(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without a run ends with exit code 2 and says what is missing."""
    with pytest.raises(SystemExit) as ended:
        settings(["--run", str(tmp_path)])
    assert ended.value.code == 2
    assert "no sandbox was started there" in capsys.readouterr().err


def test_all_arrive_at_once_and_leave(regions: Regions) -> None:
    """Everybody opens the wedding's first page once; the diary of this crowd is its own."""
    crowd = Crowd(Settings(regions.run, count=40, diary="at-once"))
    seconds = asyncio.run(crowd.arrive())
    lines = [json.loads(line) for line in regions.run.log("at-once").read_text().splitlines()]
    assert seconds > 0
    assert {(line["path"], line["status"]) for line in lines} == {("/", 200)}
    assert sorted(line["guest"] for line in lines) == list(range(1, 41))


def test_tracked_links_are_pages_of_their_own() -> None:
    """A tag of its own stands in each cacheable link's query, and in nothing else."""
    page, search = Ask(0, Class.CACHEABLE, "a.example", "/"), Ask(0, Class.CACHEABLE, "a.example", "/search?q=a")
    write = Ask(0, Class.WRITE, "a.example", "/rsvp", "POST")
    assert tracked(page, 3, 7).path == "/?q=3-7"
    assert tracked(search, 3, 7).path == "/search?q=a&q=3-7"
    assert tracked(write, 3, 7) == write
