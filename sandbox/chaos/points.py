"""Where a laptop is struck: a watch over its ports counts every act and lets it die before, after or inside one.

A *step* is a call of a port that changes something outside the process; which calls only look is the one list below, so
that a new port's acts are steps by themselves. A *mark* is a write into the ledger. The third point of a step, "after
the mark", is after the next mark, or, where the world itself is the mark, right before the next step.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from controlplane.domain.ledger import ANCHORS, LEDGERS

BEFORE, AFTER, MARKED, INSIDE = "before", "after", "marked", "inside"
POINTS = (BEFORE, AFTER, MARKED)
LOOKS = frozenset({"read", "get", "names", "stamps", "pools", "is_complete", "fetch", "close"})
"""Methods of ports that change nothing."""
ID = re.compile(r"-\d{8}T\d{6}-[0-9a-f]{6}")


@dataclass(frozen=True)
class Strike:
    """At step `step` (from 1), `when`; by SIGKILL, or SIGSTOP. `inside`: at its `left`-th question (host.MODES)."""

    step: int
    when: str
    stops: bool = False
    left: int = 1
    mode: str = ""

    @property
    def name(self) -> str:
        """For people."""
        inside = f" {self.left} {self.mode}" if self.when == INSIDE else ""
        return f"{'stopped' if self.stops else 'killed'} {self.when}{inside} step {self.step}"


@dataclass
class Points:
    """Counts one process's steps and strikes it once. `arm` asks the world to strike at a later question."""

    strike: Strike | None
    arm: Callable[[int, str], None]
    steps: list[str] = field(default_factory=list)
    marked: set[int] = field(default_factory=set)
    """Steps that a mark followed before the next one."""
    _waits_for_mark: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def act(self, name: str, call: Callable[[], Any]) -> Any:
        """Make one act. A lease's own keeper is no step: nobody knows when it renews."""
        if threading.current_thread().name.startswith("lease-"):
            return call()
        if _is_mark(name):
            result = call()
            self.marked.add(len(self.steps))
            self.end()
            return result
        with self._lock:
            self.end()
            self.steps.append(name)
            is_ours = self.strike is not None and self.strike.step == len(self.steps)
        if not is_ours or self.strike is None:
            return call()
        if self.strike.when == BEFORE:
            self._die()
        if self.strike.when == INSIDE:
            self.arm(self.strike.left, self.strike.mode)
        result = call()
        if self.strike.when == AFTER:
            self._die()
        self._waits_for_mark = self.strike.when == MARKED
        return result

    def end(self) -> None:
        """A mark was made, or none follows."""
        if self._waits_for_mark:
            self._waits_for_mark = False
            self._die()

    def _die(self) -> None:
        os.kill(os.getpid(), signal.SIGSTOP if self.strike is not None and self.strike.stops else signal.SIGKILL)


class Watched:
    """A port whose acts are counted."""

    def __init__(self, port: Any, name: str, points: Points) -> None:
        self._port, self._name, self._points = port, name, points

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._port, method)
        if method in LOOKS or not callable(found):
            return found

        def act(*words: Any, **named: Any) -> Any:
            about = [str(one) for one in words if isinstance(one, str)]
            about += [f"{key}={value}" for key, value in named.items() if isinstance(value, str | bool)]
            name = ID.sub("", " ".join((f"{self._name}.{method}", *about)))
            return self._points.act(name[:120], lambda: found(*words, **named))

        return act


def _is_mark(name: str) -> bool:
    return name.startswith((f"store.change {LEDGERS}", f"store.change {ANCHORS}"))
