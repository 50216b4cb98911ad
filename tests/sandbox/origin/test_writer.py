"""Who may say yes to a write: the rules, on real databases; the other region is a fake that speaks the same port."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.origin.database import Database
from sandbox.origin.held import HeldWrites, Write
from sandbox.origin.replica import Replica
from sandbox.origin.role import Role, Roles
from sandbox.origin.seed import Seed
from sandbox.origin.writer import Outcome, Told, Writer

RSVP = {"wedding": "como", "guest": 5, "attending": True, "menu": "any"}
EU, US = "eu-central-1", "us-east-1"


async def nothing(_write: Write) -> None:
    return None


class Region:
    """One region in memory of its own: database, role, writer, replica; `peer` is set once both exist."""

    def __init__(self, path: Path, name: str, role: Role) -> None:
        self.name, self.document = name, role
        self.database = Database(path / f"{name}.sqlite", Seed())
        self.held = HeldWrites(self.database)
        self.seconds = 0.0
        self.roles = Roles(role, self._read, monotonic=lambda: self.seconds)
        self.roles.confirm()
        self.replica = Replica(name, self.held, self.roles, nothing)

    async def _read(self) -> Role | None:
        return self.document

    def lead(self, role: Role) -> None:
        self.document = role
        asyncio.run(self.roles.read())


class FakePeer:
    """The other region, reachable or not; `loses_answers`: it does what it is told and nobody hears of it."""

    def __init__(self, target: Region) -> None:
        self.region, self._target = target.name, target
        self.reachable, self.loses_answers = True, False

    async def apply(self, writes: Iterable[Write], role: Role, *, owed: bool = False) -> Told | None:
        if not self.reachable:
            return None
        held = await self._target.replica.apply(writes, role, owed=owed)
        return None if self.loses_answers else Told(held, self._target.roles.current)

    async def ask_role(self, role: Role) -> Told | None:
        if not self.reachable:
            return None
        self._target.roles.learn(role)
        return Told(True, self._target.roles.current, self._target.held.owing())


class Two:
    """Both regions; `eu` writes, `us` listens."""

    def __init__(self, path: Path) -> None:
        self.eu, self.us = Region(path, EU, Role(1, EU)), Region(path, US, Role(1, EU))
        self.to_us, self.to_eu = FakePeer(self.us), FakePeer(self.eu)
        self.writer = Writer(self.eu.held, self.eu.roles, self.to_us, nothing)
        self.us_writer = Writer(self.us.held, self.us.roles, self.to_eu, nothing)

    def close(self) -> None:
        self.eu.database.close()
        self.us.database.close()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    both = Two(tmp_path)
    yield both
    both.close()


def take(writer: Writer, name: str) -> Outcome:
    return asyncio.run(writer.take(name, "rsvp", dict(RSVP))).outcome


def test_yes_means_that_both_hold_it(two: Two) -> None:
    """A double acknowledgement is found in both databases."""
    assert take(two.writer, "w1") is Outcome.DOUBLE
    assert two.eu.held.witness()["acknowledged"] == {"w1": 2}
    assert two.us.held.witness()["held"] == ["w1"]


def test_a_lost_answer_is_no_yes_and_a_repeat_settles_it(two: Two) -> None:
    """The other region may hold a write that nobody acknowledged; repeating it ends in a yes, once."""
    two.to_us.loses_answers = True
    assert take(two.writer, "w1") is Outcome.REFUSED
    assert two.eu.held.witness()["acknowledged"] == {}
    two.to_us.loses_answers = False
    assert take(two.writer, "w1") is Outcome.DOUBLE
    assert two.us.database.counts()["rsvps"] == two.eu.database.counts()["rsvps"] == 1


def test_alone_only_while_the_other_is_marked_down_and_then_it_is_owed(two: Two) -> None:
    """Silent: refused. Marked down: single, and delivered by `pay` as soon as the mark is gone."""
    two.to_us.reachable = False
    assert take(two.writer, "w1") is Outcome.REFUSED
    two.eu.lead(Role(2, EU, (US,)))
    assert take(two.writer, "w1") is Outcome.SINGLE
    assert asyncio.run(two.writer.pay()) == 0
    two.to_us.reachable = True
    two.eu.lead(Role(3, EU))
    assert asyncio.run(two.writer.pay()) == 1
    assert two.us.held.witness()["held"] == ["w1"]
    assert two.eu.held.witness()["owed"] == 0
    assert dict(two.writer.counts) == {**dict.fromkeys((o.value for o in Outcome), 0), "refused": 1, "single": 1}


def test_a_lower_epoch_is_fenced_and_learns(two: Two) -> None:
    """The other region knows a higher epoch: no yes, nothing held there, and the writer knows the new home."""
    two.us.lead(Role(2, US, (EU,)))
    assert take(two.writer, "w1") is Outcome.FENCED
    assert two.us.held.witness()["held"] == []
    assert two.eu.roles.current.home == US


def test_still_home_under_a_newer_epoch_is_no_failure(two: Two) -> None:
    """The other region heard first that we are home under a higher epoch: the write is taken under that epoch."""
    two.us.lead(Role(4, EU))
    assert take(two.writer, "w1") is Outcome.DOUBLE
    assert two.eu.roles.current.epoch == 4


def test_two_homes_of_one_epoch_do_not_both_say_yes(two: Two) -> None:
    """A region that calls itself home refuses another that does so under the same epoch."""
    two.us.lead(Role(2, US))
    two.eu.lead(Role(2, EU))
    assert take(two.writer, "w1") is Outcome.FENCED


def test_a_region_that_slept_says_yes_to_nothing(two: Two) -> None:
    """After a sleep even the old role's mark `down` is worth nothing, until the other region or a newer role speaks."""
    two.eu.lead(Role(2, EU, (US,)))
    assert take(two.writer, "before") is Outcome.SINGLE
    two.eu.seconds += 60
    two.to_us.reachable = False
    two.eu.lead(Role(2, EU, (US,)))  # its own Redis slept too and still says so
    assert asyncio.run(two.writer.settle()) is False
    assert take(two.writer, "after") is Outcome.RECOVERING
    two.us.lead(Role(3, US, (EU,)))
    two.to_us.reachable = True
    assert asyncio.run(two.writer.settle()) is True
    assert two.eu.roles.current.home == US


def test_a_region_that_becomes_home_again_gets_what_it_is_owed_first(two: Two) -> None:
    """Failback: no yes before the other region delivered what it acknowledged alone; that one stops at once."""
    two.us.lead(Role(2, US, (EU,)))
    assert take(two.us_writer, "alone") is Outcome.SINGLE
    two.eu.lead(Role(3, EU))
    assert asyncio.run(two.writer.settle()) is False
    assert two.us.roles.current == Role(3, EU)  # by being asked, before its own document says so
    assert asyncio.run(two.us_writer.pay()) == 1
    assert asyncio.run(two.writer.settle()) is True
    assert take(two.writer, "w1") is Outcome.DOUBLE
    assert two.eu.held.witness()["held"] == ["alone", "w1"]


def test_an_older_role_document_is_refused() -> None:
    """A document with a lower epoch than the last one, a missing and a damaged one leave the role as it was."""
    documents = iter([Role(5, US), Role(4, EU), None])

    async def read() -> Role | None:
        return next(documents)

    roles = Roles(Role(0, EU), read)
    for _ in range(3):
        asyncio.run(roles.read())
        assert roles.current == Role(5, US)


STAMPED = [
    Write(f"w{n}", "rsvp", {**RSVP, "menu": menu}, epoch, n)
    for (epoch, n), menu in zip([(1, 1), (1, 2), (2, 1), (2, 2)], ("any", "vegan", "vegetarian", "any"), strict=True)
]
PAGES = [
    Write(f"p{n}", "page", {"wedding": "como", "page": "schedule", "text": f"t{n}", "title": None, "version": n}, 3, n)
    for n in (2, 3)
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_stamps_decide_and_not_the_order_of_arrival(tmp_path: Path, order: tuple[int, ...]) -> None:
    """In whatever order (and however often) writes arrive, the highest stamp is what the tables show."""
    database = Database(tmp_path / "one.sqlite", Seed())
    held = HeldWrites(database)
    for index in (*order, *order[:2]):
        held.hold(STAMPED[index])
        held.hold(PAGES[index % 2])
    guest, page = database.guest("como", 5), database.page("como", "schedule")
    database.close()
    assert guest is not None
    assert page is not None
    assert guest["menu"] == "any"
    assert (page["text"], page["version"]) == ("t3", 3)


class World(Two):
    """Two regions to which anything may happen, in any order."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._epoch, self._number = 1, 0

    def happens(self, event: str) -> None:
        """One event; `write` is a new write at whoever is home by what the first region believes."""
        self._number += event == "write"
        self._epoch += event in ("mark", "unmark", "take-over")
        home, other = (self.eu, self.us) if self.eu.roles.current.home == EU else (self.us, self.eu)
        writer = self.writer if home is self.eu else self.us_writer
        match event:
            case "write" | "retry":
                if asyncio.run(writer.settle()):
                    take(writer, f"w{self._number}")
            case "cut" | "join":
                self.to_us.reachable = self.to_eu.reachable = event == "join"
            case "lose":
                self.to_us.loses_answers = not self.to_us.loses_answers
            case "mark" | "unmark":
                home.lead(Role(self._epoch, home.name, (other.name,) if event == "mark" else ()))
            case "take-over":
                self.us.lead(Role(self._epoch, US, (EU,)))
            case "hear":
                self.eu.lead(self.us.document)
            case "pay":
                asyncio.run(self.writer.pay())
                asyncio.run(self.us_writer.pay())


EVENTS = st.lists(
    st.sampled_from(["write", "retry", "cut", "join", "lose", "mark", "unmark", "pay", "take-over", "hear"]),
    max_size=30,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS)
def test_no_double_acknowledged_write_is_ever_missing_anywhere(
    tmp_path_factory: pytest.TempPathFactory, events: list[str]
) -> None:
    """Whatever happens between the regions: a write acknowledged as held by n regions is held by n regions."""
    world = World(tmp_path_factory.mktemp("world"))
    try:
        for event in events:
            world.happens(event)
        held = [set(region.held.witness()["held"]) for region in (world.eu, world.us)]
        for region in (world.eu, world.us):
            for name, count in region.held.witness()["acknowledged"].items():
                assert sum(name in one for one in held) >= count
    finally:
        world.close()
