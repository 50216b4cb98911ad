"""The register stays linearizable whatever becomes of its messages, and two broken proposers are caught."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.domain.register import (
    MARKS_KEPT,
    Acceptor,
    Ballot,
    Change,
    Forgotten,
    State,
    accept,
    chosen,
    decided,
    next_ballot,
    prepare,
)

MAJORITY = 2
TURNS = 160


@dataclass
class Message:
    """A round's call to one acceptor, on its way there or (with `reply`) back."""

    proposer: Proposer
    round: int
    index: int
    apply: Callable[[Acceptor], Acceptor | None]
    reply: tuple[bool, Acceptor] | None = None


@dataclass
class Completed:
    """One finished operation of the history: when it began and ended, and the list that it left or saw."""

    name: str
    began: int
    ended: int
    names: tuple[str, ...]
    is_read: bool


class Proposer:
    """Appends its names to a list in the register, one after the other, and reads in between."""

    def __init__(self, world: World, name: str, jobs: int, *, skips_prepare: bool, forgets_marks: bool) -> None:
        self.world, self.name = world, name
        self.jobs = [f"{name}{number}" if number % 2 == 0 else f"read-{name}{number}" for number in range(jobs)]
        self.skips_prepare, self.forgets_marks = skips_prepare, forgets_marks
        self.round, self.ballot, self.phase = 0, Ballot(0, name), "idle"
        self.answers: list[Acceptor] = []
        self.nos = 0
        self.seen: list[Acceptor] = []
        self.known = State()

    def start(self) -> None:
        """Begin the next job."""
        self.began, job = self.world.time, self.jobs[0]
        self.is_read = job.startswith("read-")
        self.change = Change(job, (lambda text: text) if self.is_read else _appender(job))
        if self.is_read:
            self.send("read", lambda acceptor: acceptor)
        else:
            self.prepare()

    def prepare(self) -> None:
        """First round."""
        self.ballot = next_ballot([*self.seen, Acceptor(promised=self.ballot)], self.name)
        ballot = self.ballot
        if self.skips_prepare:
            self.accept(self.known.changed(_appender(self.jobs[0])(self.known.value), self.jobs[0]))
            return
        self.send("prepare", lambda acceptor: prepare(acceptor, ballot))

    def accept(self, state: State) -> None:
        """Second round."""
        ballot, self.proposed = self.ballot, state
        self.send("accept", lambda acceptor: accept(acceptor, ballot, state))

    def send(self, phase: str, apply: Callable[[Acceptor], Acceptor | None]) -> None:
        """One call to each acceptor."""
        self.round, self.phase, self.answers, self.nos = self.round + 1, phase, [], 0
        self.world.wire += [Message(self, self.round, index, apply) for index in range(3)]

    def hear(self, message: Message) -> None:
        """An answer came; late ones of an earlier round are nothing."""
        if message.round != self.round or message.reply is None:
            return
        is_yes, before = message.reply
        if is_yes:
            self.answers.append(before)
        else:
            self.nos += 1
            self.seen.append(before)
        if len(self.answers) == MAJORITY:
            self.majority()
        elif self.nos == MAJORITY:
            self.prepare()

    def majority(self) -> None:
        """Two acceptors took the round."""
        if self.phase == "read":
            is_decided, value = decided(self.answers, MAJORITY)
            if is_decided:
                self.finish(value)
            else:
                self.prepare()
        elif self.phase == "prepare":
            if self.forgets_marks:
                self.change = Change(f"{self.jobs[0]}@{self.round}", self.change.update)
            self.accept(self.change.propose(self.answers))
        else:
            self.known = self.proposed
            self.finish(self.known.value if self.skips_prepare else self.change.result())

    def finish(self, value: str | None) -> None:
        """Write the job into the history."""
        names = tuple(value.split()) if value else ()
        self.world.history.append(Completed(self.jobs.pop(0), self.began, self.world.time, names, is_read=self.is_read))
        self.round, self.phase = self.round + 1, "idle"


def _appender(name: str) -> Callable[[str | None], str]:
    return lambda text: f"{text} {name}" if text else name


@dataclass
class World:
    """Three acceptors, a wire that loses and delays, and the history of what completed."""

    acceptors: list[Acceptor] = field(default_factory=lambda: [Acceptor(), Acceptor(), Acceptor()])
    wire: list[Message] = field(default_factory=list)
    history: list[Completed] = field(default_factory=list)
    time: int = 0

    def deliver(self, which: int, fate: int, down: int) -> None:
        """One message arrives, in any order; `fate` 0 loses it; the acceptor `down` hears nothing."""
        message = self.wire.pop(which % len(self.wire))
        if message.reply is not None:
            message.proposer.hear(message)
            return
        if message.index == down or fate == 0:
            message.proposer.hear(message)
            return
        before = self.acceptors[message.index]
        after = message.apply(before)
        if after is not None:
            self.acceptors[message.index] = after
        message.reply = (after is not None, before)
        if fate != 1:  # 1: carried out, the answer is lost
            self.wire.append(message)


def play(choices: Sequence[int], down: int, *, skips_prepare: bool = False, forgets_marks: bool = False) -> World:
    """Three proposers under one schedule; what hangs is started again, as a deadline would."""
    world = World()
    flags = {"skips_prepare": skips_prepare, "forgets_marks": forgets_marks}
    proposers = [Proposer(world, name, 3, **flags) for name in "abc"]
    for choice in choices[:TURNS]:
        world.time += 1
        idle = [one for one in proposers if one.phase == "idle" and one.jobs]
        if idle and choice % 5 == 0:
            idle[choice % len(idle)].start()
        elif world.wire:
            world.deliver(choice // 11, choice % 11, down if choice % 3 else -1)
        elif busy := [one for one in proposers if one.phase != "idle"]:
            one = busy[choice % len(busy)]
            one.seen += one.answers
            one.prepare()
    for one in proposers:  # whoever is not done has crashed; a last reader sees what is decided
        one.jobs, one.phase = [], "idle"
    world.wire.clear()
    reader = Proposer(world, "z", 1, skips_prepare=False, forgets_marks=False)
    reader.jobs = ["read-z"]
    reader.seen = list(world.acceptors)
    reader.start()
    while world.wire:
        world.time += 1
        world.deliver(0, 9, down)
    return world


def violation(world: World) -> str:
    """What of linearizability the history breaks; empty if nothing."""
    final = world.history[-1].names
    if len(set(final)) != len(final):
        return f"applied twice: {final}"
    for one in world.history:
        if one.names != final[: len(one.names)]:
            return f"{one.name} saw {one.names}, but the list is {final}"
        if not one.is_read and one.name not in one.names:
            return f"{one.name} was acknowledged without being in the list"
        for other in world.history:
            if other.ended < one.began and len(other.names) > len(one.names):
                return f"{one.name} began after {other.name} ended, and saw less"
    return ""


def schedule(seed: int) -> list[int]:
    """One interleaving, reproducible from its seed."""
    chance = random.Random(seed)
    return [chance.randrange(10_000) for _ in range(TURNS)]


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 2**32), st.integers(-1, 2))
def test_any_interleaving_is_linearizable(seed: int, down: int) -> None:
    """Lost and late messages and one acceptor down: no acknowledged change is lost or doubled, no read goes back."""
    world = play(schedule(seed), down)
    assert world.history[-1].name == "read-z"
    assert violation(world) == ""


def test_schedules_do_real_work() -> None:
    """The property is not vacuous: many schedules complete changes of several proposers, and reads."""
    worlds = [play(schedule(seed), -1) for seed in range(100)]
    changes = [{one.name[0] for one in world.history if not one.is_read} for world in worlds]
    assert sum(len(names) >= 2 for names in changes) > 30
    assert sum(sum(one.is_read for one in world.history) > 1 for world in worlds) > 20


@pytest.mark.parametrize("broken", [{"skips_prepare": True}, {"forgets_marks": True}])
def test_broken_proposers_are_caught(broken: dict[str, bool]) -> None:
    """Without the prepare round changes are lost; without marks one is applied twice: the same check sees both."""
    seed = next(seed for seed in range(20_000) if violation(play(schedule(seed), -1, **broken)))
    assert violation(play(schedule(seed), -1)) == ""


def test_a_change_that_is_taken_up_by_another_is_not_made_again() -> None:
    """Our value was accepted by one, outvoted, then carried on by somebody else: trying again finds its mark."""
    change = Change("ours", lambda text: f"{text or ''}x")
    first = change.propose([Acceptor(), Acceptor()])
    carried = Acceptor(Ballot(5, "b"), Ballot(5, "b"), first.changed("xy", "theirs"))
    assert change.propose([carried, carried]) == carried.state
    assert change.result() == "x"


def test_a_change_that_no_mark_can_answer_for_is_unknown() -> None:
    """After more changes than marks are kept, nobody can say whether ours was among them."""
    change = Change("ours", lambda text: f"{text or ''}x")
    state = change.propose([Acceptor(), Acceptor()])
    state = State("other", 0)
    for number in range(MARKS_KEPT + 1):
        state = state.changed("other", f"theirs{number}")
    with pytest.raises(Forgotten):
        change.propose([Acceptor(Ballot(9, "b"), Ballot(9, "b"), state)] * 2)


def test_an_update_that_refuses_late_leaves_nothing_behind() -> None:
    """Once something was proposed, a refusal proposes the state unchanged first, so that ours cannot come back."""
    answers = iter(["x", ValueError("no longer")])

    def update(_: str | None) -> str:
        answer = next(answers)
        if isinstance(answer, ValueError):
            raise answer
        return str(answer)

    change = Change("ours", update)
    change.propose([Acceptor(), Acceptor()])
    assert change.propose([Acceptor(), Acceptor()]) == State()
    with pytest.raises(ValueError, match="no longer"):
        change.result()


def test_an_acceptor_comes_back_from_its_text_and_nothing_else_does() -> None:
    """The object's body round-trips; damage is a ValueError, never a state."""
    acceptor = Acceptor(Ballot(3, "b"), Ballot(2, "a"), State("text", 4, ("m",)))
    assert Acceptor.from_json(acceptor.to_json()) == acceptor
    whole = acceptor.to_json()
    for damaged in ["", "{}", "[]", "7", whole[:-2], whole.replace('"b"', "7"), whole.replace('"text"', "7")]:
        with pytest.raises(ValueError):
            Acceptor.from_json(damaged)


def test_the_newest_accepted_state_is_chosen() -> None:
    """A proposer starts from the highest accepted ballot of its majority."""
    old, new = State("old", 1, ("a",)), State("new", 2, ("a", "b"))
    assert chosen([Acceptor(Ballot(9, "x"), Ballot(1, "x"), old), Acceptor(Ballot(2, "y"), Ballot(2, "y"), new)]) == new
