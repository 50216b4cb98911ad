"""One run of a plan: goals go to the planner, its questions to the providers, its steps to the stepper.

Planning is serial (one goal at a time, as the CLI does it); the steps that come out run side by side, at most
`parallel`. The first failure stops everything that has not begun; what is running finishes and is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

from sandbox.engine import apply
from sandbox.engine.apply import StepFailed, World
from sandbox.engine.calls import answer
from sandbox.engine.grpc_errors import ProviderError
from sandbox.engine.journal import Journal
from sandbox.engine.planner import Planner
from sandbox.engine.questions import Answer, Invalid, Question
from sandbox.engine.resources import Goal, Resource, Step
from sandbox.engine.stepping import Alarm, Halted, Show, Stepper
from sandbox.engine.stop import Stop
from sandbox.engine.values import Properties

Result = TypeVar("Result")


class Deployment:
    """One run of a plan, a preview or the real thing."""

    def __init__(self, planner: Planner, world: World, journal: Journal | None, show: Show, parallel: int) -> None:
        self.planner = planner
        self.world = world
        self.journal = journal
        self.alarm = Alarm(show)
        self.done: dict[str, Resource] = {}
        self.stack_outputs: tuple[str, Properties] | None = None
        self._planning = asyncio.Lock()
        self._stepper = Stepper(world, journal, planner.held, self.alarm, parallel)
        self._components: dict[str, Step] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Run a program's request as a task of its own: it goes on even where the program hangs up."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def quiet(self) -> None:
        """Wait until nothing is running any more."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def register(self, goal: Goal, seed: bytes) -> Resource:
        """Plan and carry out what one goal needs; the resource as it is then. Raises Halted."""
        async with self._planning:
            self.alarm.alive()
            steps = await self._drive(self.planner.register(goal, seed))
            self._complain()
        result: Resource | None = None
        for step in steps:
            await self._stepper.run(step)
            if step.new is not None and step.op != "replace":
                result = step.new
                self._components[step.urn] = step
        if result is None:
            raise Halted
        return result

    async def outputs(self, urn: str, values: Properties) -> None:
        """Take the outputs of a component; those of the stack wait for the end of the run."""
        if self.planner.provider_states.get(urn) is None and urn.split("::")[2] == "pulumi:pulumi:Stack":
            self.stack_outputs = (urn, values)
            return
        await self._take_outputs(urn, values)

    async def _take_outputs(self, urn: str, values: Properties) -> None:
        step = self._components.pop(urn, None)
        if step is None or step.new is None:
            self.alarm.fail(urn, f"cannot complete a resource '{urn}' whose registration isn't pending")
            raise Halted
        if step.skipped:
            return
        former = self.planner.olds.get(urn)
        try:
            self.planner.held.outputs(urn, (former.outputs or {}) if former else {}, values)
        except Invalid as no:
            self.alarm.fail(no.urn, *no.texts)
            raise Halted from None
        changed = (step.new.outputs or {}) != values
        step.new.outputs = values
        await self._after(step)
        if self.journal is not None and changed:
            self.journal.touch(step.new)
            await self.journal.save()

    async def _after(self, step: Step) -> None:
        try:
            await apply.after_component(self.world, step)
        except StepFailed as no:
            self.alarm.fail(step.urn, no.text)

    async def finish(self) -> None:
        """Delete what the program no longer declares (dependents first), then settle the stack's outputs."""
        try:
            async with self._planning:
                self.alarm.alive()
                rounds = await self._drive(self.planner.deletions())
            for steps in rounds:
                spared = self._resting_on_failures()
                going = [self._stepper.run(step) for step in steps if id(step.resource) not in spared]
                for outcome in await asyncio.gather(*going, return_exceptions=True):
                    if isinstance(outcome, BaseException) and not isinstance(outcome, Halted):
                        raise outcome
                self.alarm.alive()
        except Halted:
            return

    async def settle(self) -> None:
        """Write the stack's outputs: all of them after success, merged over the former ones after a failure."""
        if self.stack_outputs is None or self.stack_outputs[0] not in self._components:
            return
        urn, values = self.stack_outputs
        former = self.planner.olds.get(urn)
        if self.alarm.failed and former is not None:
            values = {**(former.outputs or {}), **values}
        try:
            await self._take_outputs(urn, values)
        except Halted:
            return

    def _resting_on_failures(self) -> set[int]:
        spared: set[int] = set()
        for step in self._stepper.failed:
            if step.resource in self.planner.graph:
                spared |= self.planner.graph.transitive_dependencies_of(step.resource)
        return spared

    def _complain(self) -> None:
        for complaint in self.planner.complaints:
            self.alarm.failed = True
            self.alarm.show.diagnose(complaint.urn, "error", complaint.text)
        self.planner.complaints.clear()

    async def _drive(self, asking: Generator[Question, Answer, Result]) -> Result:
        question: Question | None = None
        try:
            question = next(asking)
            while True:
                question = asking.send(await answer(self.world.providers, question, self.planner.olds))
        except StopIteration as end:
            found: Result = end.value
            return found
        except Invalid as no:
            self.alarm.fail(no.urn, *no.texts)
        except (ProviderError, Stop, LookupError) as no:
            self.alarm.fail(getattr(question, "urn", ""), str(no))
        raise Halted
