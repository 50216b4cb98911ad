"""`make rehearsal FAULT=...`: one fault more, in front of the command that it hurts most; then the runbook is followed.

A fault strikes right before the first call of one `wedcache` verb, and is healed after `lasts` seconds or when the
command has ended. What the command then says to type is typed until it ends with 0, as on-call would.
"""

from __future__ import annotations

import re
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import fault_effects
from sandbox.clock import OffsetClock
from sandbox.rehearsal import fired
from sandbox.verbs.words import wrong_words

if TYPE_CHECKING:
    from sandbox.rehearsal.stage import Said, Stage

TRIES = 10
PAUSE_SECONDS = 2.0
AGAIN = frozenset({11, 13, 14, 18, 19})
"""Exit codes that mean: type it again, or what the message names."""
RESUME = re.compile(r"`wedcache (ops resume [^`]+)`")
LOOK_SECONDS = 0.3


@dataclass(frozen=True)
class Fault:
    """`strikes`: the sandbox's faults, each with its target ({home} and {pop} are filled in).

    `seen(stage, since, offset)` is the witness: asked while the fault is in force, and once more at its end.
    """

    name: str
    text: str
    verb: str
    strikes: tuple[tuple[str, str | None], ...]
    lasts: float
    seen: Callable[[Stage, float, float], str]


def _both(name: str) -> tuple[tuple[str, str | None], ...]:
    return ((name, "aws"), (name, "cloudflare"))


TABLE: dict[str, Fault] = {
    row.name: row
    for row in (
        Fault(
            "slow-origin",
            "The home's origin answered after three seconds while the edge was warmed",
            "warm",
            (("origin-slow", "{home}"),),
            20,
            fired.slow_answers,
        ),
        Fault(
            "429-storm",
            "Both vendors throttled every call while a tag was purged",
            "purge",
            _both("api-429"),
            60,
            fired.refused_calls,
        ),
        Fault(
            "redis-killed",
            "The home's Redis servers were killed while the edge was warmed, and came back empty",
            "warm",
            (("redis-killed", "{home}"),),
            20,
            fired.silent_caches,
        ),
        Fault(
            "lost-answers",
            "A vendor carried the pool's change out during the failover, and its answer was lost",
            "failover",
            (("answer-lost", "cloudflare"),),
            60,
            fired.answers_lost,
        ),
        Fault(
            "pop-down",
            "A POP took connections and did not answer while the edge was warmed",
            "warm",
            (("pop-down", "{pop}"),),
            10,
            fired.silent_pop,
        ),
        Fault(
            "clock-jump",
            "The calendar jumped by an hour at the failover, and back",
            "failover",
            (("clock-jump", None),),
            60,
            fired.clock_jumped,
        ),
        Fault(
            "apis-down",
            "Both vendors' management APIs were down during the failover; their data planes moved the traffic",
            "failover",
            _both("management-503"),
            60,
            fired.refused_calls,
        ),
    )
}


def known(name: str) -> Fault:
    """The row called `name`. Raises CannotDo listing all."""
    if name not in TABLE:
        raise wrong_words(
            f"FAULT={name}: no such fault; known: {', '.join(TABLE)}", f"make rehearsal FAULT={next(iter(TABLE))}"
        )
    return TABLE[name]


class Disturbance:
    """One fault of one rehearsal. It strikes once; `skips` is the counter-experiment in which it does not."""

    def __init__(self, fault: Fault, *, skips: bool = False) -> None:
        self.fault = fault
        self._skips = skips
        self._waits = True
        self._lock = threading.Lock()

    def takes(self, verb: str) -> bool:
        """Whether this is the command to strike at; true once."""
        with self._lock:
            if verb != self.fault.verb or not self._waits:
                return False
            self._waits = False
            return True

    def around(self, stage: Stage, words: tuple[str, ...], run: Callable[..., Said]) -> Said:
        """Strike, run the command, heal, and follow its words to the end; gives what was said last."""
        begun, seen, codes = time.monotonic(), [""], []
        with self._in_force(stage, seen):
            said = run(*words)
        codes.append(said.code)
        first = said.err[-600:]
        while said.code in AGAIN and len(codes) < TRIES:
            time.sleep(PAUSE_SECONDS)
            said = run(*_next(words, said))
            codes.append(said.code)
        stage.record(
            "fault",
            name=self.fault.name,
            during=" ".join(("wedcache", *words)),
            seen=seen[0],
            codes=codes,
            first=first,
            healed_in=round(time.monotonic() - begun, 3),
        )
        return said

    @contextmanager
    def _in_force(self, stage: Stage, seen: list[str]) -> Iterator[None]:
        since, offset, over = time.monotonic(), OffsetClock(stage.run.clock).offset, threading.Event()
        names = {"home": stage.world.home, "pop": stage.world.first("cloudfront")}
        strikes = [(name, target and target.format(**names)) for name, target in self.fault.strikes]
        for name, target in () if self._skips else strikes:
            fault_effects.inject(stage.run, name, target)

        def watch() -> None:
            try:
                while not over.wait(LOOK_SECONDS) and time.monotonic() - since < self.fault.lasts:
                    seen[0] = self.fault.seen(stage, since, offset) or seen[0]
                seen[0] = self.fault.seen(stage, since, offset) or seen[0]
            finally:
                for name, target in strikes:
                    fault_effects.heal(stage.run, name, target)

        watcher = threading.Thread(target=watch, name="fault")
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


def _next(words: tuple[str, ...], said: Said) -> tuple[str, ...]:
    """What the command named, with the same options; without a name the command itself."""
    named = RESUME.search(said.err)
    if named is None:
        return words
    output = words[words.index("--output") :][:2] if "--output" in words else ()
    return (*shlex.split(named.group(1)), *output)
