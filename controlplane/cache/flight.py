"""Flights: one piece of work per key, any number of callers waiting, none of whom can harm it by leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

T = TypeVar("T")


class Flight(Generic[T]):
    """Work under way. `mark` is what its starter wants to know about it later."""

    __slots__ = ("mark", "task")

    def __init__(self, task: asyncio.Task[T], mark: object) -> None:
        self.task = task
        self.mark = mark


class Flights(Generic[T]):
    """Flights by key."""

    def __init__(self) -> None:
        self._flying: dict[str, Flight[T]] = {}
        self._all: set[asyncio.Task[T]] = set()

    def __len__(self) -> int:
        return len(self._all)

    def get(self, key: str) -> Flight[T] | None:
        """The flight that new callers of `key` may join."""
        return self._flying.get(key)

    def start(self, key: str, work: Callable[[], Coroutine[object, object, T]], mark: object = None) -> Flight[T]:
        """Begin `work`, which callers of `key` join from now on; an older one goes on for its own callers."""
        task: asyncio.Task[T] = asyncio.get_running_loop().create_task(work())
        flight = Flight(task, mark)
        self._flying[key] = flight
        self._all.add(task)
        task.add_done_callback(lambda done: self._landed(key, flight, done))
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

    def _landed(self, key: str, flight: Flight[T], task: asyncio.Task[T]) -> None:
        """Forget a flight that ended; look at its error, since every caller may have left."""
        self._all.discard(task)
        if self._flying.get(key) is flight:
            del self._flying[key]
        if not task.cancelled():
            task.exception()
