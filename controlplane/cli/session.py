"""The profile of this command line, and the words in which online commands speak."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from controlplane.errors import BadInput, FreezeInForce, FreezeUnknown, Refused

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.verdict import Verdict

PROFILE: ContextVar[str] = ContextVar("profile", default="default")


def split_profile(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """The value of a leading `--profile NAME`, and the rest. Raises BadInput where the name is missing."""
    if arguments and arguments[0].startswith("--profile="):
        return arguments[0].partition("=")[2], list(arguments[1:])
    if arguments and arguments[0] == "--profile":
        if len(arguments) < 2:
            raise BadInput("--profile wants a name", next_step="wedcache --profile sandbox status")
        return arguments[1], list(arguments[2:])
    return None, list(arguments)


def plant() -> Plant:
    """The plant of this command's profile."""
    from controlplane import bootstrap

    return bootstrap.plant(PROFILE.get())


def say(line: str) -> None:
    """Talk: standard error."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def show(lines: Sequence[str]) -> None:
    """Data for people: standard output."""
    sys.stdout.write("\n".join(lines) + "\n")


def show_json(value: Mapping[str, Any]) -> None:
    """Data for programs: one object, schema first, nothing else on standard output."""
    sys.stdout.write(json.dumps(value, indent=1) + "\n")


def confirm(question: str, *, yes: bool) -> None:
    """Ask on a terminal; without one, refuse unless `--yes` was said. Raises Refused."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"{question} - not confirmed, and there is no terminal to ask on", next_step="add --yes")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused("not confirmed")


def admit(verdict: Verdict) -> None:
    """Go on only if the verdict admits. Raises FreezeInForce or FreezeUnknown with the way past."""
    from controlplane.domain.verdict import Outcome

    if verdict.is_admitted:
        return
    rules = ", ".join(f"{rule.id} until {rule.local_end}" for rule in verdict.rules) or verdict.reason.value
    words = f"{verdict.outcome.value} {verdict.operation.value} on {verdict.scope.text}: {rules}"
    kind = FreezeUnknown if verdict.outcome is Outcome.UNKNOWN else FreezeInForce
    raise kind(words, next_step="; or ".join(verdict.way_past))
