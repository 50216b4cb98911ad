"""Flights: one piece of work per key, any number of callers waiting, none of whom can harm it by leaving.

Each caller waits on a future of its own, which costs a third of `asyncio.shield` per caller (measured with 10,000).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

from controlplane.domain.purge_log import Position
from controlplane.errors import Unavailable

T = TypeVar("T")


class Flight(Generic[T]):
    """Work under way. `as_of` is the position at which it began, `generation` the barriers' when that was checked.

    `bare`: nobody who waits has a copy to be served instead.
    """

    __slots__ = ("_loop", "_waiting", "as_of", "bare", "generation", "task")

    def __init__(self, loop: asyncio.AbstractEventLoop, as_of: Position, generation: int, *, bare: bool) -> None:
        self.task: asyncio.Task[T]
        self.as_of = as_of
        self.generation = generation
        self.bare = bare
        self._loop = loop
        self._waiting: list[asyncio.Future[T | None]] = []

    def seat(self) -> asyncio.Future[T | None]:
        """A place of the caller's own, to be awaited: what the flight brings, None if it fails (see `result`).

        Leaving it does not end the flight. For flights that may still be joined.
        """
        # Not through the loop, whose method is Python code that makes just this.
        seat: asyncio.Future[T | None] = asyncio.Future(loop=self._loop)
        self._waiting.append(seat)
        return seat

    async def result(self) -> T:
        """Wait for the work; leaving does not end it. Raises what the work raised, Unavailable if it was given up."""
        if not self.task.done():
            await self.seat()
        if self.task.cancelled():
            raise Unavailable("the load was given up (the cache was closed, or the loader was cancelled)")
        return self.task.result()

    async def lands_within(self, seconds: float) -> bool:
        """Wait at most `seconds`; whether the work is done, well or badly."""
        if not self.task.done() and seconds > 0:
            seat = self.seat()
            alarm = self._loop.call_later(seconds, _wake, seat)
            try:
                await seat
            finally:
                alarm.cancel()
        return self.task.done()

    def land(self) -> None:
        """Wake everyone who waits."""
        waiting, self._waiting = self._waiting, []
        task = self.task
        brought = None if task.cancelled() or task.exception() is not None else task.result()
        for seat in waiting:
            if not seat.done():
                seat.set_result(brought)


class Flights(Generic[T]):
    """Flights by name."""

    def __init__(self) -> None:
        self.flying: dict[str, Flight[T]] = {}
        self._all: set[asyncio.Task[T]] = set()

    def __len__(self) -> int:
        return len(self._all)

    def get(self, name: str) -> Flight[T] | None:
        """The flight that new callers may join; one that has ended is not among them."""
        return self.flying.get(name)

    def start(
        self,
        name: str,
        work: Callable[[Flight[T]], Coroutine[object, object, T]],
        as_of: Position,
        generation: int,
        *,
        bare: bool = True,
    ) -> Flight[T]:
        """Begin `work`, which callers of `name` join from now on; an older one goes on for its own callers."""
        loop = asyncio.get_running_loop()
        flight: Flight[T] = Flight(loop, as_of, generation, bare=bare)
        flight.task = loop.create_task(self._fly(name, flight, work))
        self.flying[name] = flight
        self._all.add(flight.task)
        flight.task.add_done_callback(lambda done: self._landed(name, flight, done))
        return flight

    async def drain(self, longest: float) -> int:
        """Wait for all flights, cancel those that take longer than `longest` seconds; how many were cancelled."""
        if not self._all:
            return 0
        _, late = await asyncio.wait(set(self._all), timeout=longest)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)

    async def _fly(self, name: str, flight: Flight[T], work: Callable[[Flight[T]], Coroutine[object, object, T]]) -> T:
        """The work; in the moment in which it ends nobody can join any more."""
        try:
            return await work(flight)
        finally:
            self._leave(name, flight)

    def _leave(self, name: str, flight: Flight[T]) -> None:
        if self.flying.get(name) is flight:
            del self.flying[name]

    def _landed(self, name: str, flight: Flight[T], task: asyncio.Task[T]) -> None:
        """Wake who waits; look at the error, since every caller may have left."""
        # A task that is cancelled before its first step never began to fly.
        self._leave(name, flight)
        self._all.discard(task)
        if not task.cancelled():
            task.exception()
        flight.land()


def _wake(seat: asyncio.Future[T | None]) -> None:
    """A waiter's time is up."""
    if not seat.done():
        seat.set_result(None)
