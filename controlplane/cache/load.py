"""What a loader is given, and what it may say about the value that it returns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Load:
    """The context of one load.

    `previous` is the copy at hand, if any (never a hard-purged one). A loader may set `ttl` (how long the value is
    fresh; zero or less: do not keep it) and add `tags` that it learned from the value.
    """

    key: str
    previous: Any = None
    ttl: timedelta | None = None
    tags: list[str] = field(default_factory=list)


Loader = Callable[[Load], Awaitable[T]]
