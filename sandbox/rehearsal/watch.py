"""A witness in every city: it asks POPs for pages as a guest would, and notes since when they are new."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPException

from sandbox.rehearsal.evidence import read_log
from sandbox.rehearsal.figures import FROM_THE_EDGE
from sandbox.rehearsal.knobs.guest import Guest
from sandbox.rehearsal.knobs.row import Ask
from sandbox.run import Run

WITNESS = "guest/witness"
PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Copy:
    """A page at a POP."""

    pop: str
    host: str
    path: str

    @property
    def name(self) -> str:
        """As the report spells it."""
        return f"{self.pop} {self.host}{self.path}"


@dataclass
class Watch:
    """What was seen of the copies of one page's change: `word` is in the new body only.

    `seen`: when a copy was first new (monotonic seconds); `back`: copies that were old again after that.
    """

    run: Run
    word: str
    copies: Sequence[Copy]
    seen: dict[Copy, float] = field(default_factory=dict)
    back: set[Copy] = field(default_factory=set)
    failed: set[Copy] = field(default_factory=set)

    @property
    def missing(self) -> list[Copy]:
        """The copies that were never new."""
        return [copy for copy in self.copies if copy not in self.seen]

    def note(self, copy: Copy, status: int, body: str, at: float) -> None:
        """One answer."""
        if status != 200:
            self.failed.add(copy)
        elif self.word in body:
            self.seen.setdefault(copy, at)
        elif copy in self.seen:
            self.back.add(copy)


def watch(run: Run, watches: Sequence[Watch], patience: float, after: float = 1.0) -> None:
    """Look at all copies until each is new, and for `after` seconds more; at most `patience` seconds in all."""
    began = time.monotonic()
    until = began + patience
    pops = sorted({copy.pop for one in watches for copy in one.copies})
    with ExitStack() as stack:
        guests = {pop: stack.enter_context(Guest(run, pop)) for pop in pops}
        pool = stack.enter_context(ThreadPoolExecutor(max_workers=4))
        while time.monotonic() < until:
            list(pool.map(lambda pop: _look(guests[pop], pop, watches), pops))
            if not any(one.missing for one in watches):
                until = min(until, max(at for one in watches for at in one.seen.values()) + after)
            time.sleep(PAUSE_SECONDS)


def _look(guest: Guest, pop: str, watches: Iterable[Watch]) -> None:
    for one in watches:
        for copy in one.copies:
            if copy.pop == pop:
                status, body = _asked(guest, copy)
                one.note(copy, status, body, time.monotonic())


def _asked(guest: Guest, copy: Copy) -> tuple[int, str]:
    """Status and body; a kept connection that the POP has closed meanwhile is opened anew, once. 0: no answer."""
    for _ in range(2):
        with contextlib.suppress(OSError, HTTPException):
            answer = guest.ask(copy.host, copy.path, Ask(headers={"User-Agent": WITNESS}))
            return answer.status, answer.body
    return 0, ""


def cold(run: Run, copies: Sequence[Copy], since: float) -> tuple[int, list[list[str]]]:
    """From the POPs' logs: how often guests (and the witness) asked for these copies, and those that had to wait."""
    asked, waited = 0, list[list[str]]()
    wanted = {(copy.pop, copy.host, copy.path) for copy in copies}
    for pop in sorted({copy.pop for copy in copies}):
        for row in read_log(run.log(f"pop-{pop}"), since):
            mine = (pop, row["host"], row["path"]) in wanted and str(row["user_agent"]).startswith("guest/")
            if mine and row["method"] == "GET":
                asked += 1
                if row["cache"] not in FROM_THE_EDGE:
                    waited.append([pop, str(row["path"]), str(row["cache"]), str(row["status"])])
    return asked, waited
