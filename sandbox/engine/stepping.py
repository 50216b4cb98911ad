"""The one module that runs steps: providers and hooks are called, the journal kept, a first failure stops the rest."""

from __future__ import annotations

import asyncio
from typing import Protocol

from sandbox.engine import apply
from sandbox.engine.apply import Protected, StepFailed, World
from sandbox.engine.grpc_errors import ProviderError
from sandbox.engine.journal import Journal
from sandbox.engine.resources import Step
from sandbox.engine.saved_plan import Held
from sandbox.engine.stop import Stop


class Halted(Exception):
    """The run has ended for whoever still waits for a step."""


class Show(Protocol):
    """What watches a run."""

    def began(self, step: Step) -> None:
        """A step begins."""

    def ended(self, step: Step, error: str) -> None:
        """A step ended; `error` is "" where it succeeded."""

    def diagnose(self, urn: str, severity: str, text: str) -> None:
        """Something to tell about a resource ("" for the stack)."""


class Alarm:
    """Whether a run has failed, and whether it begins anything more."""

    def __init__(self, show: Show) -> None:
        self.show = show
        self.halted = asyncio.Event()
        self.failed = False

    def fail(self, urn: str, *texts: str) -> None:
        """Report errors and stop whatever has not begun."""
        self.failed = True
        for text in texts:
            self.show.diagnose(urn, "error", text)
        self.halted.set()

    def alive(self) -> None:
        """Raises Halted once the run has stopped."""
        if self.halted.is_set():
            raise Halted


class Stepper:
    """Runs steps, at most `parallel` at once."""

    def __init__(self, world: World, journal: Journal | None, held: Held, alarm: Alarm, parallel: int) -> None:
        self._world = world
        self._journal = journal
        self._held = held
        self._alarm = alarm
        self._slots = asyncio.Semaphore(parallel)
        self.failed: list[Step] = []

    async def run(self, step: Step) -> None:
        """Carry out one step and record it. Raises Halted where it failed or the run has stopped."""
        self._alarm.alive()
        async with self._slots:
            self._alarm.alive()
            self._alarm.show.began(step)
            if self._journal is not None:
                await self._journal.begin(step)
            error = await self._carry_out(step)
            if step.new is not None and step.op != "replace":
                apply.mark(step.new)
                self._held.state(step.urn, step.new.outputs)
            if self._journal is not None:
                await self._journal.end(step, not error or error.partial)
        self._alarm.show.ended(step, error.text if error else "")
        self._warn()
        if error is None:
            return
        self._alarm.failed = True
        self.failed.append(step)
        self._alarm.show.diagnose(
            step.urn, "error", f"Preview failed: {error.text}" if self._world.preview else error.text
        )
        if not isinstance(error, Protected):
            self._alarm.halted.set()
            raise Halted

    async def _carry_out(self, step: Step) -> StepFailed | None:
        try:
            await apply.OPERATIONS[step.op](self._world, step)
        except StepFailed as no:
            return no
        except (ProviderError, Stop, LookupError) as no:
            return StepFailed(str(no))
        return None

    def _warn(self) -> None:
        for urn, text in self._world.callbacks.warnings:
            self._alarm.show.diagnose(urn, "warning", text)
        self._world.callbacks.warnings.clear()
