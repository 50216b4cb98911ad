"""What was refused in a rehearsal, and why (pure): one line an act, from what commands and doors said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from controlplane.domain.exit_codes import TABLE
from sandbox.rehearsal.course import Course
from sandbox.rehearsal.evidence import Evidence, Row

REFUSED = frozenset({10, 11, 15, 16, 17})
"""Exit codes of a command that changed nothing because somebody or something forbade it."""
RULE = re.compile(r"\b(?:venue|platform):[a-z0-9][a-z0-9-]*(?::\d{4}-\d\d-\d\d(?:-\d+)?)?")


@dataclass(frozen=True)
class Refusal:
    """One act that was refused: what was typed or tried, the door, how it ended, the rules that held, and why.

    `at` is what the calendar showed, None where it was not set yet.
    """

    act: str
    door: str
    code: int
    rules: tuple[str, ...]
    why: str
    at: datetime | None

    def to_json(self) -> dict[str, object]:
        """Its facts."""
        at = self.at.isoformat(timespec="seconds").replace("+00:00", "Z") if self.at else None
        return {**vars(self), "rules": list(self.rules), "at": at}


def refusals(evidence: Evidence) -> tuple[Refusal, ...]:
    """Every act that was refused, in order; the same act at the same door for the same reason once."""
    course = Course.of(evidence)
    found: dict[tuple[str, str, int, str], Refusal] = {}
    for row in evidence.rows:
        for one in _of(row, course):
            found.setdefault((one.act, one.door, one.code, one.why), one)
    return tuple(found.values())


def _of(row: Row, course: Course) -> Iterator[Refusal]:
    at = course.at(row.monotonic)
    if row.kind == "command" and row["code"] in REFUSED:
        said = str(row.facts.get("words", ""))
        act = " ".join(["wedcache", *_told(row["arguments"])])
        yield Refusal(act, "command", row["code"], rules(said), _why(said, row["code"]), at)
    elif row.kind == "gate" and row["code"] in REFUSED:
        yield Refusal("wedcache gate", "offline gate in CI", row["code"], (), TABLE[row["code"]].meaning, at)
    elif row.kind == "doors" and row["preview"] != 0 and "preview_tail" in row.facts:
        said = str(row["preview_tail"])
        yield Refusal("pulumi up", "hook in the Pulumi program", row["preview"], rules(said), _why(said, 10), at)
    elif row.kind == "traffic" and row["edge"]["status"] == 423:
        rule = str(row["edge"]["rule"])
        yield Refusal("GET /_ops/...", "edge function", 423, (rule,), f"operators' paths are closed by {rule}", at)
    elif row.kind == "protected" and row["code"] != 0 and row["named"]:
        yield Refusal("pulumi destroy", "deletion protection", row["code"], (), "the resources are protected", at)


def _told(arguments: list[str]) -> list[str]:
    """The words of a command without what only scripts need."""
    return [word for word in arguments if word not in ("--yes", "--output", "json")]


def rules(said: str) -> tuple[str, ...]:
    """Ids of freeze windows named in a text, each once."""
    return tuple(dict.fromkeys(RULE.findall(said)))


def _why(said: str, code: int) -> str:
    """What was refused, in the words said; else the line before `nothing was changed`, or the meaning of the code."""
    sentence = re.search(r"REFUSED\s+([^\n]*)", said) or re.search(r"([^\n]+)\nnothing was changed", said)
    if sentence is None:
        return TABLE[code].meaning if code in TABLE else f"it ended with {code}"
    return re.split(r"\.\s|;\s", sentence[1])[0].strip()
