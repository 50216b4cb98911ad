"""The pure planner under any goal graph and any prior state."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine import paths
from sandbox.engine.journal import Journal
from sandbox.engine.planner import Planner
from sandbox.engine.questions import Answer, Check, Diff, Diffed, Question
from sandbox.engine.resources import Goal, Resource, Snapshot, Step
from sandbox.engine.saved_plan import Held

PROVIDER = "urn:pulumi:dev::demo::pulumi:providers:aws::default"


@dataclass(frozen=True)
class Wish:
    """One resource that a program declares: what it takes from others, and what it is."""

    name: str
    takes: tuple[str, ...]  # names whose ids become inputs
    after: tuple[str, ...]  # names it merely depends on
    value: int
    force: int
    first: bool  # delete before replace


@dataclass
class World:
    """A vendor in memory that checks every step against what exists."""

    living: dict[str, dict[str, Any]] = field(default_factory=dict)  # id -> inputs
    ids: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def answer(self, question: Question) -> Answer:
        """What the provider says."""
        if isinstance(question, Check):
            return Answer(dict(question.news))
        if isinstance(question, Diff):
            old, new = question.old_inputs, question.new_inputs
            changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
            replaces = [key for key in changed if key == "force" or key.startswith("hard")]
            return Answer(difference=Diffed(bool(changed), replaces, changed))
        return Answer()

    def apply(self, step: Step, done: dict[str, Resource]) -> None:
        """Carry out a step; asserts that nothing is built on sand and nothing is torn from under the living."""
        if step.op in ("create", "create-replacement"):
            new = step.resource
            assert all(urn in done for urn in new.dependencies)
            new.id = f"id-{next(self.ids)}"
            self.living[new.id] = dict(new.inputs)
            new.outputs = {"id": new.id}
            if step.park and step.old is not None:
                step.old.delete = True
        elif step.op in ("update", "same") and step.old is not None:
            step.resource.id = step.old.id
            step.resource.outputs = step.old.outputs
            self.living[step.resource.id] = dict(step.resource.inputs)
        elif step.op in ("delete", "delete-replaced"):
            old = step.resource
            del self.living[old.id]
            if not step.keep:
                users = [other for other, inputs in self.living.items() if old.id in inputs.values()]
                assert users == [], f"{old.id} was deleted while {users} still use it"
            old.pending_replacement = old.pending_replacement or step.keep


def _urn(name: str) -> str:
    return f"urn:pulumi:dev::demo::aws:t:T::{name}"


def _goal(wish: Wish, done: dict[str, Resource]) -> Goal:
    takes = {f"{'hard' if wish.first else 'soft'}-{name}": done[_urn(name)].id for name in wish.takes}
    needed = [_urn(name) for name in dict.fromkeys((*wish.takes, *wish.after))]
    return Goal(
        "aws:t:T",
        wish.name,
        True,
        {"value": wish.value, "force": wish.force, **takes},
        dependencies=needed,
        property_dependencies={key: [_urn(key.partition("-")[2])] for key in takes},
        delete_before_replace=wish.first,
    )


def _drive(world: World, asking: Generator[Question, Answer, Any]) -> Any:
    try:
        question = next(asking)
        while True:
            question = asking.send(world.answer(question))
    except StopIteration as end:
        return end.value


async def _run(world: World, prior: Snapshot, wishes: list[Wish]) -> tuple[Snapshot, list[str]]:
    """One whole update; the new state and the operations that were not `same`."""
    planner = Planner(prior, "dev", "demo", preview=False, held=Held())
    journal = Journal(prior, lambda text: text, lambda resources, pending: None)
    done: dict[str, Resource] = {}
    operations: list[str] = []

    async def carry_out(step: Step) -> None:
        await journal.begin(step)
        world.apply(step, done)
        await journal.end(step, True)
        if step.new is not None:
            done[step.urn] = step.new
        operations.extend([f"{step.op} {step.resource.name}"] if step.op != "same" else [])

    for wish in wishes:
        for step in _drive(world, planner.register(_goal(wish, done), b"")):
            await carry_out(step)
    for steps in _drive(world, planner.deletions()):
        for step in steps:
            await carry_out(step)
    return journal.snapshot(), operations


@st.composite
def programs(draw: st.DrawFn) -> list[Wish]:
    """A program: names in an order in which each takes only from earlier ones."""
    names = draw(st.lists(st.sampled_from("abcdefg"), unique=True, max_size=7))
    wishes = []
    for position, name in enumerate(names):
        earlier = st.lists(st.sampled_from(names[:position]), unique=True, max_size=3) if position else st.just([])
        wishes.append(
            Wish(
                name,
                tuple(draw(earlier)),
                tuple(draw(earlier)),
                draw(st.integers(0, 1)),
                draw(st.integers(0, 1)),
                draw(st.booleans()),
            )
        )
    return wishes


@settings(max_examples=150, deadline=None)
@given(st.lists(programs(), min_size=1, max_size=3))
def test_any_program_on_any_state_is_reached_and_then_nothing_is_left_to_do(history: list[list[Wish]]) -> None:
    """Nothing is made before what it needs or deleted under its users; what was asked is there; then all is same."""
    world, snapshot = World(), Snapshot()
    for wishes in history:
        snapshot, _ = asyncio.run(_run(world, snapshot, wishes))
        assert {resource.name for resource in snapshot.resources} == {wish.name for wish in wishes}
        assert {resource.id for resource in snapshot.resources} == set(world.living)
        assert snapshot.pending == []
        positions = {resource.urn: place for place, resource in enumerate(snapshot.resources)}
        assert all(positions[urn] < positions[r.urn] for r in snapshot.resources for urn in r.dependencies)
        snapshot, operations = asyncio.run(_run(world, snapshot, wishes))
        assert operations == []


def test_dependents_are_deleted_first_even_where_they_only_depend() -> None:
    """depends_on alone orders the deletes."""
    wishes = [Wish("a", (), (), 0, 0, False), Wish("b", (), ("a",), 0, 0, False), Wish("c", (), ("b",), 0, 0, False)]
    world = World()
    snapshot, _ = asyncio.run(_run(world, Snapshot(), wishes))
    _, operations = asyncio.run(_run(world, snapshot, []))
    assert operations == ["delete c", "delete b", "delete a"]


def test_ignored_paths_go_back_to_their_old_values() -> None:
    """Names, indices and wildcards reach into nested values; what is not there on both sides is reported."""
    old = {"a": {"b": [1, 2]}, "tags": {"x": "1"}, "gone": 1}
    new = {"a": {"b": [9, 9]}, "tags": {"x": "2", "y": "3"}, "added": 5}
    kept, failed = paths.ignore(new, old, ["a.b[0]", "tags.*", "added", "a.c.d"])
    assert kept == {"a": {"b": [1, 9]}, "tags": {"x": "1"}}
    assert failed == []
    assert paths.ignore({"a": [1]}, {"a": [1, 2]}, ["a[1]"]) == ({"a": [1]}, ["a[1]"])
    assert paths.parse('a["x.y"].z') == ("a", "x.y", "z")
