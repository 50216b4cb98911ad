"""What a loader is given, and what it may say about the value that it returns."""

from __future__ import annotations

import asyncio
import types
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from controlplane.cache.durations import Duration
from controlplane.errors import BadInput, Unavailable

T = TypeVar("T")


# Every caller of a joined load would get the same one.
_ONCE = (types.GeneratorType, types.AsyncGeneratorType, types.CoroutineType)


class _NotModified:
    """The one value that says: what you have is still right."""


NOT_MODIFIED = _NotModified()


@dataclass(slots=True)
class Load:
    """The context of one load.

    `previous` is the copy at hand, if any (never a hard-purged one), also one that is too old to be served. A loader
    may set `ttl` (for how long the value is fresh; zero: do not keep it) and add `tags` that it learned from the value.
    """

    key: str
    previous: Any = None
    ttl: Duration | None = None
    tags: list[str] = field(default_factory=list)
    has_previous: bool = False
    is_skipped: bool = False

    def not_modified(self) -> Any:
        """Return this when the source says that `previous` still holds: it is kept as if it had been loaded now.

        Raises BadInput where there is no previous value.
        """
        if not self.has_previous:
            raise BadInput(
                f"the loader of {self.key!r} answered not_modified(), but there is no previous value",
                next_step="Ask the source unconditionally where `has_previous` is False.",
            )
        return NOT_MODIFIED

    def skip(self, value: T) -> T:
        """Return this to answer the callers with `value` and keep nothing; a copy at hand stays as it was."""
        self.is_skipped = True
        return value


Loader = Callable[[Load], Awaitable[T]]


class JointLoad(ABC):
    """A loader that serves several flights at once, and so must know of each that may ask it.

    No Protocol: `isinstance` of one costs twenty times as much, and every flight asks.
    """

    @abstractmethod
    def started(self, flight: asyncio.Task[Any]) -> None:
        """`flight` was started with this loader."""

    @abstractmethod
    async def __call__(self, context: Load) -> Any:
        """Load one key."""


async def called(load: Loader[T], context: Load, longest: float) -> T:
    """What the loader answers within `longest` seconds.

    Raises what it raises, Unavailable when the time is up, BadInput for a plain function or for what can be taken once.
    """
    limit = asyncio.timeout(longest)
    try:
        async with limit:
            value = await begun(load, context)
            if isinstance(value, _ONCE):
                _close(value)
                raise BadInput(
                    f"the loader of {context.key!r} answered a {type(value).__name__}, which can be taken once only",
                    next_step="Await it, or make a list of it.",
                )
            return value
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # Nobody ended us: something that the loader waits for was cancelled, which is its failure like any other.
        raise Unavailable(
            f"the loader of {context.key!r} was cancelled from within; nothing was cached",
            next_step="See what the loader waits for, and who cancels that; the call may be repeated.",
        ) from error
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise Unavailable(
            f"loading {context.key!r} took longer than {longest:g} s; nothing was cached",
            next_step="See what the loader waits for; the call may be repeated.",
        ) from error


def required(load: Loader[T]) -> Loader[T]:
    """The same loader. Raises BadInput for what cannot be called."""
    if not callable(load):
        raise BadInput(
            f"the loader is {load!r}, which cannot be called; nothing was read",
            next_step="Give get_or_load a coroutine function; `get` and `read` do without a loader.",
        )
    return load


def begun(load: Callable[[Any], Awaitable[T]], asked: Any) -> Awaitable[T]:
    """What `load(asked)` begins. Raises what that raises, BadInput for a plain function."""
    answer = load(asked)
    if not hasattr(answer, "__await__"):
        raise BadInput(
            f"the loader {getattr(load, '__qualname__', load)} is a plain function; a read awaits its loader",
            next_step="Make it a coroutine function, or read by `cache.blocking`.",
        )
    return answer


def _close(value: object) -> None:
    """End what nobody will take, where that needs no waiting."""
    if isinstance(value, types.GeneratorType | types.CoroutineType):
        value.close()
