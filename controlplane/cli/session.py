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

SHOWN: ContextVar[bool] = ContextVar("shown", default=False)
"""Whether this command has written its object."""
PROFILE: ContextVar[str] = ContextVar("profile", default="default")


def split_profile(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """The value of `--profile NAME`, wherever it stands, and the rest. Raises BadInput where the name is missing."""
    name: str | None = None
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--profile" or word.startswith("--profile="):
            name = word.partition("=")[2] or ("" if "=" in word else next(words, ""))
            if not name or name.startswith("-"):
                raise BadInput("--profile wants a name", next_step="wedcache --profile sandbox status")
        else:
            rest.append(word)
    return name, rest


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether `--output json` was said: then standard output holds one object, also when the command fails."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return any(word == "--output=json" or (word == "--output" and value == "json") for word, value in pairs)


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
    SHOWN.set(True)
    sys.stdout.write(json.dumps(value, indent=1) + "\n")


def confirm(question: str, *, yes: bool) -> None:
    """Ask on a terminal; without one, refuse unless `--yes` was said. Raises Refused."""
    if yes:
        return
    if sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty():
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
