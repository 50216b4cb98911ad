"""A crowd of guests at once, each with its own connections, until the time is over or somebody says stop."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace

from sandbox.certificates import client_context
from sandbox.guests.connection import Connection, Reply
from sandbox.guests.diary import Diary
from sandbox.guests.habits import Ask, Class, asks
from sandbox.guests.names import Names
from sandbox.guests.people import Person, crowd
from sandbox.origin.seed import Seed
from sandbox.run import Run

PATIENCE = 10.0
ATTEMPTS = 3


@dataclass(frozen=True)
class Settings:
    """`rate`: requests a second of the whole crowd while answers are quick; `label` parts two crowds' write keys;
    `diary` names the log; `lists` say who is invited.

    `tracked`: every link carries a tag of its own, which no cache has seen before.
    """

    run: Run
    count: int = 60
    seconds: float = 60.0
    seed: int = 1
    rate: float = 90.0
    label: str = "guests"
    lists: Seed = field(default_factory=Seed)
    tracked: bool = False
    diary: str = "guests"


class Crowd:
    """All guests; `totals` of the diary count while they run."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names = Names(settings.run)
        self._context = client_context(settings.run)
        self._people = crowd(settings.lists, settings.seed, settings.count)
        self.diary = Diary(settings.run.log(settings.diary))

    async def visit(self, stop: asyncio.Event | None = None) -> dict[str, int]:
        """Let all guests visit for the time of the settings, or until `stop`; gives the totals. Only once."""
        tasks = [asyncio.create_task(self._guest(number)) for number in range(1, self._settings.count + 1)]
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for((stop or asyncio.Event()).wait(), self._settings.seconds)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            self.diary.close()
        for one in ended:
            if isinstance(one, Exception):
                raise one
        return dict(self.diary.totals)

    async def arrive(self) -> float:
        """Every guest opens the wedding's first page at the same moment; seconds until the last one has it."""
        began = time.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                for number, person in enumerate(self._people, 1):
                    group.create_task(self._arrive(number, person))
        finally:
            self.diary.close()
        return time.monotonic() - began

    async def _arrive(self, number: int, person: Person) -> None:
        held: dict[tuple[str, tuple[str, int]], Connection] = {}
        try:
            await self._once(number, Ask(0.0, Class.CACHEABLE, person.host, "/"), 1, held)
        finally:
            for connection in held.values():
                connection.close()

    async def _guest(self, number: int) -> None:
        settings, open_connections = self._settings, dict[tuple[str, tuple[str, int]], Connection]()
        try:
            person, pause = self._people[number - 1], settings.count / settings.rate
            for step, asked in enumerate(asks(settings.seed, number, person, pause, settings.label)):
                ask = tracked(asked, number, step) if settings.tracked else asked
                await asyncio.sleep(ask.think)
                for attempt in range(1, ATTEMPTS + 1):
                    acknowledged = await self._once(number, ask, attempt, open_connections)
                    if acknowledged or ask.kind is not Class.WRITE:
                        break
                    await asyncio.sleep(ask.think + attempt)
        finally:
            for connection in open_connections.values():
                connection.close()

    async def _once(
        self, number: int, ask: Ask, attempt: int, connections: dict[tuple[str, tuple[str, int]], Connection]
    ) -> str:
        pop, started, reply, error = (
            self._names.resolve(ask.host, self._people[number - 1].city),
            time.monotonic(),
            None,
            "",
        )
        if pop is None:
            error = f"no POP serves {ask.host}"
        else:
            connection = connections.setdefault(
                (ask.host, pop.address), Connection(pop.address, ask.host, self._context)
            )
            reply, error = await _patiently(connection, ask, number)
        return self.diary.note(number, pop.code if pop else "", ask, started, reply, error, attempt)


def tracked(ask: Ask, number: int, step: int) -> Ask:
    """The same page under a link of its own: `q` stands in every cache key."""
    if ask.kind is not Class.CACHEABLE:
        return ask
    return replace(ask, path=f"{ask.path}{'&' if '?' in ask.path else '?'}q={number}-{step}")


async def _patiently(connection: Connection, ask: Ask, number: int) -> tuple[Reply | None, str]:
    headers = {"User-Agent": f"guest/{number}", "Accept": "*/*"}
    if ask.key:
        headers |= {"Idempotency-Key": ask.key, "Content-Type": "application/json"}
    try:
        async with asyncio.timeout(PATIENCE):
            return await connection.ask(ask.method, ask.path, headers, ask.body), ""
    except TimeoutError:
        connection.close()
        return None, f"no answer within {PATIENCE:g} s"
    except OSError as failed:
        connection.close()
        return None, f"{type(failed).__name__}: {failed}"
