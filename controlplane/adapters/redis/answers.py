"""What a lane asks, what it answers, what it counts."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal


class Silence(enum.Enum):
    """The one value that says: the server did not answer (or with an error), so nothing is known about the key."""

    SILENT = "silent"


SILENT: Final = Silence.SILENT
Answer = bytes | None | Literal[Silence.SILENT]
# Called with key, future, time limit and the error text of an answer; True where it will answer the future itself.
Redirect = Callable[[str, "asyncio.Future[Answer]", float, str], bool]


@dataclass(slots=True)
class LaneStats:
    """Plain counters since the start.

    `flushes`: writes, each of everything that one tick asked; `refused`: silent at once, without a question;
    `timeouts`: questions that hit the limit; `errors`: questions answered by an error; `oversized`: connections given
    up because an answer would not end; `redirects`: reads that a Cluster's node sent to another.
    """

    reads: int = 0
    flushes: int = 0
    timeouts: int = 0
    refused: int = 0
    errors: int = 0
    oversized: int = 0
    connects: int = 0
    redirects: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What becomes of a lane's answers before they are awaited: `found(bytes)` takes the place of a value's bytes, and
    what `silent()` makes is raised in place of SILENT. Neither may raise."""

    found: Callable[[bytes], Any]
    silent: Callable[[], Exception]


@dataclass(slots=True)
class Question:
    """What was sent at once and is answered in order: one MGET (`is_joined`), a GET for each key, or another command.

    `sent` and `deadline` are seconds of the event loop; `heard` counts the answers; other commands have no keys and no
    `reading`.
    """

    keys: list[str]
    futures: list[asyncio.Future[Any]]
    sent: float
    deadline: float
    is_joined: bool
    reading: Reading | None = None
    heard: int = 0


def silence(future: asyncio.Future[Any], reading: Reading | None) -> None:
    """Tell one who waits that there is no answer."""
    if reading is None:
        future.set_result(SILENT)
    else:
        future.set_exception(reading.silent())


def hush(question: Question) -> None:
    """Silence for everyone who still waits for this."""
    for future in question.futures:
        if not future.done():
            silence(future, question.reading)
