"""The weekend's course (pure): its freeze windows, how the sandbox's calendar was moved, and what happened when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from controlplane.domain.instant import zulu
from controlplane.domain.window import Rule
from sandbox.rehearsal.evidence import Evidence

TOGETHER_SECONDS = 0.5
"""Events so close to one another have one cause, for example a jump of the calendar."""


@dataclass(frozen=True)
class Window:
    """One freeze window: its rule, whose it is, and its half-open span in UTC; `local` is the span at the venue."""

    rule: str
    name: str
    start: datetime
    end: datetime
    zone: str
    local: str

    @classmethod
    def of(cls, rule: Rule) -> Window:
        """The window of a compiled rule."""
        local = f"{rule.local_start[:16]} to {rule.local_end[:16]}".replace("T", " ")
        return cls(rule.id, rule.id.split(":")[1], rule.start, rule.end, rule.zone, local)

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Window:
        """Read what `to_json` wrote."""
        start, end = (datetime.fromisoformat(facts[name]) for name in ("start", "end"))
        return cls(facts["rule"], facts["name"], start, end, facts["zone"], facts["local"])

    def to_json(self) -> dict[str, str]:
        """Its facts; instants in UTC with `Z`."""
        return {**vars(self), "start": zulu(self.start), "end": zulu(self.end)}

    def holds_at(self, at: datetime) -> bool:
        """True in `[start, end)`."""
        return self.start <= at < self.end


@dataclass(frozen=True)
class Course:
    """The calendar's jumps: (monotonic seconds, what the calendar shows from then on). Between them it runs on."""

    jumps: tuple[tuple[float, datetime], ...]

    @classmethod
    def of(cls, evidence: Evidence) -> Course:
        """From the `clock` rows."""
        rows = ((row.monotonic, datetime.fromisoformat(row["at"]).astimezone(UTC)) for row in evidence.of("clock"))
        return cls(tuple(rows))

    def at(self, monotonic: float) -> datetime | None:
        """What the calendar showed; None before it was first set."""
        past = [jump for jump in self.jumps if jump[0] <= monotonic]
        return past[-1][1] + timedelta(seconds=monotonic - past[-1][0]) if past else None

    def reached(self, instant: datetime, until: float) -> float | None:
        """When (monotonic) the calendar first showed `instant` or later; None if that was not before `until`.

        None also where the calendar began past it: nobody saw it happen.
        """
        ends = [jump[0] for jump in self.jumps[1:]] + [until]
        for number, ((began, shown), ended) in enumerate(zip(self.jumps, ends, strict=True)):
            if instant <= shown:
                return began if number else None
            if instant < shown + timedelta(seconds=ended - began):
                return began + (instant - shown).total_seconds()
        return None


@dataclass(frozen=True)
class Event:
    """Something that the plots mark: what it was, when (monotonic seconds), and what the calendar showed."""

    name: str
    monotonic: float
    at: datetime | None


def windows(evidence: Evidence) -> tuple[Window, ...]:
    """The windows that were written down before anything was played, by start."""
    rows = [Window.from_json(facts) for row in evidence.of("world") for facts in row["windows"]]
    return tuple(sorted(rows, key=lambda window: (window.start, window.rule)))


def events(evidence: Evidence) -> tuple[Event, ...]:
    """Everything that the plots mark, in order; what came with one jump of the calendar is one event."""
    course = Course.of(evidence)
    found = sorted([*_freezes(evidence, course), *_commands(evidence), *_told(evidence)])
    gathered: list[tuple[float, str]] = []
    for monotonic, name in found:
        last = gathered[-1] if gathered else None
        if last and monotonic - last[0] < TOGETHER_SECONDS and _verb(last[1]) == _verb(name):
            gathered[-1] = (last[0], f"{last[1]}, {name.partition(': ')[2]}")
        else:
            gathered.append((monotonic, name))
    return tuple(Event(name, monotonic, course.at(monotonic)) for monotonic, name in gathered)


def _verb(name: str) -> str:
    return name.partition(": ")[0] if ": " in name else ""


def _freezes(evidence: Evidence, course: Course) -> Iterator[tuple[float, str]]:
    until = evidence.rows[-1].monotonic if evidence.rows else 0.0
    for window in windows(evidence):
        for word, instant in (("freeze begins", window.start), ("freeze ends", window.end)):
            monotonic = course.reached(instant, until)
            if monotonic is not None:
                yield monotonic, f"{word}: {window.name}"


COMMANDS: Mapping[str, str] = {
    "failover": "failover done",
    "failback": "failback done",
    "purge": "purge done",
    "emergency": "emergency done",
    "takedown": "takedown done",
}
"""Commands of an operator that guests may notice, and what the plots call them where they ended with 0."""


def _commands(evidence: Evidence) -> Iterator[tuple[float, str]]:
    for row in evidence.of("command", code=0):
        verb = row["arguments"][0] if row["arguments"] else ""
        if verb in COMMANDS:
            yield row.monotonic, COMMANDS[verb]


def _told(evidence: Evidence) -> Iterator[tuple[float, str]]:
    """What a phase told to be marked, a fault more, and the guests who came at once."""
    for row in evidence.of("event"):
        yield row.monotonic, str(row["name"])
    for row in evidence.of("fault"):
        yield row.monotonic - float(row["healed_in"]), f"fault: {row['name']}"
    for row in evidence.of("at-once"):
        yield row.monotonic - float(row["seconds"]), f"{row['guests']} guests at once"


def span_of(rows: Sequence[Window]) -> tuple[datetime, datetime]:
    """From the first begin to the last end. Raises ValueError without any window."""
    return min(window.start for window in rows), max(window.end for window in rows)


def shown(jumps: Iterable[tuple[float, datetime]]) -> list[datetime]:
    """Each instant that the calendar was set to, once, in order."""
    return sorted({at for _, at in jumps})
