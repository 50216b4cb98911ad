"""Flights: one piece of work per key, any number of callers waiting, none of whom can harm it by leaving.

Each caller waits on a future of its own, which costs a third of `asyncio.shield` per caller (measured with 10,000).
"""

from __future__ import annotations

import asyncio
from asyncio import Future, InvalidStateError, current_task
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Generic, TypeVar

from controlplane.domain.purge_log import Position
from controlplane.errors import BadInput, Unavailable

T = TypeVar("T")


class Flight(Generic[T]):
    """Work under way. `as_of` is the position at which it began, `generation` the barriers' when that was checked.

    `bare`: nobody who waits has a copy to be served instead. `waits_for` is the flight for which its own work waits.
    """

    __slots__ = ("_loop", "_name", "_others", "_waiting", "as_of", "bare", "generation", "task", "waits_for")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        name: str,
        others: Mapping[asyncio.Task[Any], Flight[Any]],
        as_of: Position,
        generation: int,
        *,
        bare: bool,
    ) -> None:
        self.task: asyncio.Task[T]
        self.waits_for: Flight[Any] | None = None
        self._name = name
        self._others = others
        self.as_of = as_of
        self.generation = generation
        self.bare = bare
        self._loop = loop
        self._waiting: list[asyncio.Future[T | None]] = []

    def seat(self) -> asyncio.Future[T | None]:
        """A place of the caller's own, to be awaited: what the flight brings, None if it fails (see `result`).

        Leaving it does not end the flight. For flights that may still be joined. Raises BadInput where the flight waits
        for the caller, directly or by way of others: neither would ever end.
        """
        # Not through the loop, whose method is Python code that makes just this.
        seat: asyncio.Future[T | None] = Future(loop=self._loop)
        caller = self._others.get(current_task(self._loop))  # type: ignore[arg-type]  # None is nobody's task
        if caller is not None:
            self._seat_flight(caller, seat)
        self._waiting.append(seat)
        return seat

    def _seat_flight(self, caller: Flight[Any], seat: asyncio.Future[T | None]) -> None:
        """Another flight's work waits here from now on, until the seat is left."""
        if self.is_waiting_for(caller):
            raise BadInput(
                f"the loader of {caller.key!r} reads {self.key!r}, whose load waits for it: neither would ever end",
                next_step="Load what both need from its source, or under a key of its own.",
            )
        caller.waits_for = self

        def left(_: object) -> None:
            caller.waits_for = None

        seat.add_done_callback(left)

    @property
    def key(self) -> str:
        """What is loaded."""
        return self._name.partition("\0")[0]

    def is_waiting_for(self, other: Flight[Any]) -> bool:
        """Whether this flight's work waits for the other one, directly or by way of others; itself included."""
        one: Flight[Any] | None = self
        while one is not None and one is not other:
            one = one.waits_for
        return one is other

    async def result(self) -> T:
        """Wait for the work; leaving does not end it. Raises what the work raised, Unavailable if it was given up."""
        if not self.task.done():
            await self.seat()
        if self.task.cancelled():
            raise Unavailable("the load was given up (the cache was closed, or the loader was cancelled)")
        return self.task.result()

    async def lands_within(self, seconds: float) -> bool:
        """Wait at most `seconds`; whether the work is done, well or badly. Not at all where it waits for the caller."""
        caller = self._others.get(asyncio.current_task(self._loop))  # type: ignore[arg-type]  # None is nobody's task
        if caller is not None and self.is_waiting_for(caller):
            return False
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
            try:
                seat.set_result(brought)
            except InvalidStateError:
                # Its caller has left.
                continue


class Flights(Generic[T]):
    """Flights by name."""

    def __init__(self) -> None:
        self.flying: dict[str, Flight[T]] = {}
        self._all: dict[asyncio.Task[Any], Flight[Any]] = {}

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
        flight: Flight[T] = Flight(loop, name, self._all, as_of, generation, bare=bare)
        flight.task = loop.create_task(self._fly(name, flight, work))
        self.flying[name] = flight
        self._all[flight.task] = flight
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
        self._all.pop(task, None)
        if not task.cancelled():
            task.exception()
        flight.land()


def _wake(seat: asyncio.Future[T | None]) -> None:
    """A waiter's time is up."""
    if not seat.done():
        seat.set_result(None)
