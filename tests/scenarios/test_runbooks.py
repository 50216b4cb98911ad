"""Every runbook of the package on a real sandbox in the situation that it is for: each command, in its order."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from controlplane.cli.runbook import runbooks
from controlplane.domain.purge import PurgeRequest, request_key
from controlplane.domain.purge_log import Kind
from controlplane.operations.intents import all_cards
from sandbox.probe import probe
from sandbox.run import Run
from sandbox.world import PROJECT
from tests.scenarios.night import Night, on_call, standing

HOME, STANDBY = "eu-central-1", "us-east-1"
PHOTO = "https://como.weddings.example/photos/3-640.jpg"
SCHEDULE = "https://como.weddings.example/schedule"
CODE = re.compile(r"\s+# ends with (\d+)$")


@dataclass
class Book:
    """A runbook's situation: what went wrong, what changes before the n-th time a command is typed, how it must end."""

    begin: Callable[[Night], None]
    end: Callable[[Night], None]
    meanwhile: dict[str, Callable[[Night], None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One command of a runbook and the code that it ends with."""

    words: tuple[str, ...]
    code: int


def commands(text: str) -> list[Line]:
    """Every command of the console blocks, in order."""
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert lines
    assert all(line.startswith("$ wedcache ") for line in lines), "a console block holds commands only"
    found = []
    for line in lines:
        told = CODE.search(line)
        bare = CODE.sub("", line).removeprefix("$ wedcache ")
        found.append(Line(tuple(bare.split()), int(told[1]) if told else 0))
    return found


def trouble(night: Night, region: str) -> str:
    """What `status` shows of a region's cache and health."""
    row = next((one for one in night.status()["regions"] if one["name"] == region), None)
    if row is None or row["agent"] is None:
        return "unknown"
    return "lost" if row["lost"] else "ok" if row["agent"]["cache_answers"] else "no Redis"


def caches_die(night: Night) -> None:
    """The home region's Redis servers are killed."""
    night.sandbox("fault", "inject", "redis-killed", "--target", HOME)
    night.until("that the agent misses its Redis", lambda: trouble(night, HOME) == "no Redis")


def caches_come_back(night: Night) -> None:
    """They start again, empty."""
    night.sandbox("fault", "heal", "redis-killed")
    night.until("that Redis answers", lambda: trouble(night, HOME) == "ok")


def nothing_is_left(night: Night) -> None:
    """Emergency mode is off, the edge store has no trace of it."""
    assert night("emergency", "status").out == "emergency mode is off\n"


def a_page_is_wrong(night: Night) -> None:
    """The POP keeps an old schedule: the origins have another one, and their own caches know it."""
    assert night("trace", SCHEDULE).code == 0
    for region in (HOME, STANDBY):
        with sqlite3.connect(night.run.folder / f"origin-{region}.sqlite", timeout=20) as rows:
            rows.execute("UPDATE pages SET text = 'indoors' WHERE owner = 'como' AND page = 'schedule'")
        rows.close()
    purge = PurgeRequest(id="origins-only", tags=("page:como.schedule",), kind=Kind.HARD, by="test", at="2027-06-12")
    night.plant().store.put(request_key(purge.id), purge.to_json())
    night.until("that the POP differs", lambda: _differs(night) is not None)


def _differs(night: Night) -> object:
    return night("trace", SCHEDULE, "--output", "json").json["differs"]


def all_agree(night: Night) -> None:
    """Guests get the origin's page."""
    night.until("that every place agrees", lambda: _differs(night) is None)
    shown = probe(SCHEDULE, "FRA56", {}, night.run)
    assert shown["status"] == 200


def nothing_happened(_: Night) -> None:
    """The photo is public as any other."""


def it_stays_gone(night: Night) -> None:
    """At the POP with every origin stopped, and the other photos are there as before."""
    assert {hop["status"] for hop in night("trace", PHOTO, "--output", "json").json["hops"]} == {410}
    assert probe(PHOTO.replace("/3-", "/4-"), "FRA56", {}, night.run)["status"] == 200
    for region in (HOME, STANDBY):
        night.sandbox("fault", "inject", "region-stopped", "--target", region)
    assert probe(PHOTO, "FRA56", {}, night.run)["status"] == 410
    assert probe(PHOTO.replace("/3-", "/%33-"), "FRA56", {}, night.run)["status"] == 410
    night.sandbox("fault", "heal")


def laptop_dies(night: Night) -> None:
    """A takedown's process is killed as soon as its card is stored."""
    store = night.plant().store
    before = {card.id for card in all_cards(store)}
    laptop = subprocess.Popen(
        night.command("takedown", "photo:como.5", "--yes"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        night.until("that it began", lambda: bool({card.id for card in all_cards(store)} - before))
    finally:
        laptop.send_signal(signal.SIGKILL)
        laptop.wait(10)


def it_was_finished(night: Night) -> None:
    """The photo that the dead laptop was about to take down is gone, and nothing is open."""
    assert probe(PHOTO.replace("/3-", "/5-"), "FRA56", {}, night.run)["status"] == 410
    assert night.status()["open"] == []


def region_and_api_are_lost(night: Night) -> None:
    """The home region stops, and Cloudflare's management API answers 503."""
    night.sandbox("fault", "inject", "api-503", "--target", "cloudflare")
    night.sandbox("fault", "inject", "region-stopped", "--target", HOME)
    night.until("that agents call it down", lambda: trouble(night, HOME) == "lost")


def api_comes_back(night: Night) -> None:
    """Cloudflare answers again; the region does not yet."""
    night.sandbox("fault", "heal", "api-503")


def region_comes_back(night: Night) -> None:
    """The region answers again."""
    night.sandbox("fault", "heal", "region-stopped")


def home_again(night: Night) -> None:
    """The home region serves, every pool is enabled, nothing is open."""
    found = night.status()
    assert (found["home"], found["drained"], found["open"]) == (HOME, [], [])
    assert {row["pool_enabled"] for row in found["regions"]} == {True}


BOOKS = {
    "wrong-page": Book(a_page_is_wrong, all_agree),
    "laptop-died": Book(laptop_dies, it_was_finished),
    "regional-caches-down": Book(caches_die, nothing_is_left, {"status 2": caches_come_back}),
    "cloudflare-api-down": Book(
        region_and_api_are_lost, home_again, {"ops list 1": api_comes_back, "status 2": region_comes_back}
    ),
    "private-photos": Book(nothing_happened, it_stays_gone),
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """One sandbox for all runbooks."""
    with standing(tmp_path_factory.mktemp("night")) as run:
        yield run


@pytest.fixture
def night(sandbox: Run, capsys: pytest.CaptureFixture[str]) -> Iterator[Night]:
    """Somebody on call."""
    with on_call(sandbox, capsys) as one:
        yield one


def test_every_runbook_has_its_situation_and_is_short() -> None:
    """None is shipped that no test plays, each has a title, what is seen, a rule in bold and how it ends."""
    assert set(runbooks()) == set(BOOKS)
    for text in runbooks().values():
        assert text.startswith("# ")
        assert all(word in text for word in ("\nYou see: ", "\n**", "\nDone when "))
        assert len(text.splitlines()) <= 80


def test_the_page_for_on_call_says_what_works(night: Night) -> None:
    """Each command of docs/on-call.md ends well."""
    for line in commands((PROJECT / "docs/on-call.md").read_text()):
        night.typed(*line.words, code=line.code)
    gone = {
        number: probe(PHOTO.replace("/3-", f"/{number}-"), "FRA56", {}, night.run)["status"] for number in (7, 8, 9)
    }
    assert gone == {7: 410, 8: 410, 9: 200}


@pytest.mark.parametrize("name", list(BOOKS))
def test_a_runbook_ends_its_situation(night: Night, name: str) -> None:
    """Each command ends with its code, in the order of the page; ID is what `ops list` names last."""
    book, times = BOOKS[name], dict[str, int]()
    book.begin(night)
    identity = ""
    for line in commands(runbooks()[name]):
        typed = " ".join(line.words)
        times[typed] = times.get(typed, 0) + 1
        meanwhile = book.meanwhile.get(f"{typed} {times[typed]}")
        if meanwhile is not None:
            meanwhile(night)
        said = night.typed(*(identity if word == "ID" else word for word in line.words), code=line.code)
        if typed == "ops list":
            rows = said.out.splitlines()
            identity = next((row for row in reversed(rows) if " open " in row), rows[-1]).split()[0]
    book.end(night)
