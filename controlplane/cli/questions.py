"""What a person types, as the domain's nouns; each error says what would be right."""

from __future__ import annotations

import difflib
import sys
from datetime import datetime, timedelta
from typing import Any

from controlplane.domain.duration import NotADuration, parse_duration
from controlplane.domain.instant import NotAnInstant, parse_instant
from controlplane.domain.operation import Operation
from controlplane.domain.scope import NotAScope, Scope, parse_scope
from controlplane.errors import BadInput


def instant_of(text: str | None) -> datetime:
    """`--at`: an RFC 3339 instant with an offset; without one the machine's clock. Raises BadInput."""
    if text is None:
        from controlplane.adapters.system.clock import SystemClock

        return SystemClock().now()
    try:
        return parse_instant(text)
    except NotAnInstant as why:
        raise BadInput(f"--at {why}") from why


def operation_of(text: str) -> Operation:
    """`--op`. Raises BadInput with the nearest name."""
    try:
        return Operation(text)
    except ValueError as why:
        names = [operation.value for operation in Operation]
        near = difflib.get_close_matches(text, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(names)}"
        raise BadInput(f"--op {text!r} is not an operation; {hint}") from why


def scope_of(text: str, option: str = "--scope") -> Scope:
    """`--scope`. Raises BadInput with the forms that there are."""
    try:
        return parse_scope(text)
    except NotAScope as why:
        raise BadInput(f"{option} {why}") from why


def duration_of(text: str | None, option: str = "--lasts") -> timedelta | None:
    """`--lasts`; None means the operation's own. Raises BadInput."""
    if text is None:
        return None
    try:
        return parse_duration(text)
    except NotADuration as why:
        raise BadInput(f"{option} {why}") from why


def print_json(answer: dict[str, Any]) -> None:
    """One JSON object on stdout and nothing else."""
    import json

    sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")


def print_lines(lines: list[str]) -> None:
    """Text for a person on stdout."""
    sys.stdout.write("\n".join(lines) + "\n")
