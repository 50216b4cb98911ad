"""Many keys in one call: a flight per key, one bulk load for what is missing, each key's failure its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from controlplane.cache.entry import Read
from controlplane.cache.home import direct as read_directly
from controlplane.cache.load import JointLoad, Load, Loader, begun
from controlplane.cache.parts import Terms
from controlplane.cache.reader import Begun, Reader
from controlplane.errors import BadInput

T = TypeVar("T")

BulkLoader = Callable[[Sequence[str]], Awaitable[Mapping[str, T | Exception | None]]]
"""Given the missing keys: a value for each, or an exception for one that failed; what it leaves out is None."""


class Many(Mapping[str, T]):
    """The answers by key, in the order in which they were asked for.

    `failed` holds the errors of the keys without an answer: asking for one of them by `many[key]` raises its error, and
    it is not counted. `reads` says how each answer came about.
    """

    def __init__(self, reads: Mapping[str, Read[T]], failed: Mapping[str, Exception]) -> None:
        self.reads = reads
        self.failed = failed

    def __getitem__(self, key: str) -> T:
        if key in self.failed:
            raise self.failed[key]
        return self.reads[key].value  # type: ignore[return-value]  # a loaded None is a value of T

    def __iter__(self) -> Iterator[str]:
        return iter(self.reads)

    def __len__(self) -> int:
        return len(self.reads)


class _Bulk(JointLoad, Generic[T]):
    """Loads for many flights at once: as soon as each of them has asked, or has found its value elsewhere."""

    def __init__(self, load: BulkLoader[T]) -> None:
        self._load = load
        self._undecided: set[asyncio.Task[Any]] = set()
        self._round: _Round[T] = _Round()

    def started(self, flight: asyncio.Task[Any]) -> None:
        """A flight that may ask."""
        self._undecided.add(flight)
        flight.add_done_callback(self._decided)

    async def __call__(self, context: Load) -> Any:
        """One flight asks for its key."""
        mine = self._round
        mine.keys.append(context.key)
        if (task := asyncio.current_task()) is not None:
            self._decided(task)
        await mine.called.wait()
        if mine.task is None:
            raise AssertionError("a round is called only with its task")
        value = (await asyncio.shield(mine.task)).get(context.key)
        if isinstance(value, Exception):
            raise value
        return value

    def _decided(self, flight: asyncio.Task[Any]) -> None:
        """Whether it asked or landed: the last one starts the load."""
        self._undecided.discard(flight)
        if not self._undecided and self._round.keys:
            mine, self._round = self._round, _Round()
            mine.task = asyncio.get_running_loop().create_task(self._call(mine.keys))
            mine.task.add_done_callback(_seen)
            mine.called.set()

    async def _call(self, keys: Sequence[str]) -> Mapping[str, T | Exception | None]:
        found = await begun(self._load, keys)
        if not isinstance(found, Mapping):
            raise BadInput(
                f"a loader of several keys answered a {type(found).__name__}; nothing was cached",
                next_step="Let it return a mapping from each key to its value, an exception or None.",
            )
        return found


class _Round(Generic[T]):
    """Keys that are loaded together."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.called = asyncio.Event()
        self.task: asyncio.Task[Mapping[str, T | Exception | None]] | None = None


async def get_or_load(reader: Reader, terms: Mapping[str, Terms], load: Callable[[Any], Awaitable[Any]]) -> Many[Any]:
    """Answer each key; all flights are begun before anything is awaited."""
    bulk: _Bulk[Any] = _Bulk(load)
    begun = [reader.begin(key, bulk, own) for key, own in terms.items()]
    waiting = [one for one in begun if isinstance(one, Begun)]
    landed = iter(await asyncio.gather(*(reader.finish(one) for one in waiting), return_exceptions=True))
    return _sorted(terms, [one if isinstance(one, Read) else next(landed) for one in begun])


async def direct(terms: Mapping[str, Terms], load: BulkLoader[Any]) -> Many[Any]:
    """Around the cache: one load of all keys."""
    bulk: _Bulk[Any] = _Bulk(load)
    one_by_one: Loader[Any] = bulk
    tasks = [asyncio.get_running_loop().create_task(read_directly(key, one_by_one, own)) for key, own in terms.items()]
    for task in tasks:
        bulk.started(task)
    return _sorted(terms, await asyncio.gather(*tasks, return_exceptions=True))


def _sorted(keys: Mapping[str, Terms], answers: Sequence[Read[Any] | BaseException]) -> Many[Any]:
    """Answers and errors apart. A cancellation is nobody's answer: it goes on."""
    reads: dict[str, Read[Any]] = {}
    failed: dict[str, Exception] = {}
    for key, answer in zip(keys, answers, strict=True):
        if isinstance(answer, Read):
            reads[key] = answer
        elif isinstance(answer, Exception):
            failed[key] = answer
        else:
            raise answer
    return Many(reads, failed)


def _seen(task: asyncio.Task[Any]) -> None:
    """Look at a bulk load's error: every flight may have given up waiting."""
    if not task.cancelled():
        task.exception()


def always(tags: tuple[str, ...]) -> Callable[[str], Iterable[str]]:
    """The same tags for each key."""
    return lambda _: tags
