"""What a rehearsal saw: one JSON line a finding, written as it is seen; claims read it and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Hear = Callable[[str, Mapping[str, Any]], None]
"""Told of a row as it is written: its kind and its facts."""


@dataclass(frozen=True)
class Row:
    """One finding: which phase saw it, what kind it is, when (monotonic seconds), and its facts."""

    phase: str
    kind: str
    monotonic: float
    facts: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]


@dataclass(frozen=True)
class Evidence:
    """All rows of a run, in order."""

    rows: tuple[Row, ...]

    def of(self, kind: str, **facts: Any) -> list[Row]:
        """The rows of one kind whose facts have these values."""
        return [
            row
            for row in self.rows
            if row.kind == kind and all(row.facts.get(name) == value for name, value in facts.items())
        ]

    def one(self, kind: str, **facts: Any) -> Row | None:
        """The last such row; None without one: a claim without its evidence is not true."""
        found = self.of(kind, **facts)
        return found[-1] if found else None

    @classmethod
    def read(cls, path: Path) -> Evidence:
        """The rows in a file."""
        lines = (json.loads(line) for line in path.read_text().splitlines())
        return cls(tuple(Row(one["phase"], one["kind"], one["monotonic"], one["facts"]) for one in lines))


class Recorder:
    """Appends one phase's rows to a run's file, a line at a time; phases may run at once.

    `hear` is told of each row that was written.
    """

    def __init__(self, path: Path, phase: str, hear: Hear = lambda _kind, _facts: None) -> None:
        self._path = path
        self._phase = phase
        self._hear = hear

    @classmethod
    def begin(cls, path: Path, hear: Hear = lambda _kind, _facts: None) -> Recorder:
        """A run's recorder, on an empty file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        return cls(path, "run", hear)

    def of(self, phase: str) -> Recorder:
        """The recorder of one phase of the same run."""
        return Recorder(self._path, phase, self._hear)

    def record(self, kind: str, **facts: Any) -> None:
        """Write one finding down."""
        row = {"phase": self._phase, "kind": kind, "monotonic": time.monotonic(), "facts": facts}
        with self._path.open("a") as file:
            file.write(json.dumps(row, default=str) + "\n")
        self._hear(kind, facts)

    def evidence(self) -> Evidence:
        """Everything recorded so far."""
        return Evidence.read(self._path)


def read_log(path: Path, since: float = 0.0) -> Iterable[dict[str, Any]]:
    """The lines of an access log with `monotonic` at or after `since`."""
    if not path.exists():
        return []
    rows = (json.loads(line) for line in path.read_text().splitlines() if line.endswith("}"))
    return [row for row in rows if row["monotonic"] >= since]
