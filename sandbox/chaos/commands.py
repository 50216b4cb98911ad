"""Which operations there are, taken from the command itself, and how chaos types each.

An operation is a command of `wedcache` that asks before it changes something: it has `--yes`. One that is new joins by
itself where its words are known below by their names; where not, chaos fails and says which word is missing.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import cyclopts

from controlplane.cli.main import app
from sandbox.chaos import estate

WORDS: dict[str, tuple[str, ...]] = {
    "region": (estate.HOME,),
    "wedding": ("como",),
    "scope": ("platform",),
    "tags": ("wedding:como",),
    "edge": ("cloudflare",),
    "targets": (f"https://{estate.WEDDING}/photos/1",),
    "url": (f"https://{estate.WEDDING}/schedule",),
    "urls": (f"https://{estate.WEDDING}/schedule",),
    "rules": ("venue:como:2027-06-12",),
}
"""What is typed for a positional word, by its parameter's name."""
QUIET = datetime(2027, 5, 1, 12, 0, tzinfo=UTC)
"""When no window holds."""


PUSH = ("freeze", "push", "--yes")


class NotCovered(Exception):
    """An operation that chaos cannot type: the message says what is missing, and where it belongs."""


@dataclass(frozen=True)
class Scene:
    """One operation in a world: what was done `before` it (no process dies there), and the command.

    `lost` are regions that are down while it is done. `identity`: the command's last word is the id of the only open
    operation. `ready` are exit codes that say, to whoever types the command again, that it was done.
    """

    name: str
    command: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = (PUSH,)
    lost: tuple[str, ...] = ()
    lost_before: tuple[str, ...] = ()
    at: datetime = QUIET
    identity: bool = False
    cut_off_before: int = 0
    ready: tuple[int, ...] = (0,)
    reason: str = ""

    @property
    def ahead(self) -> timedelta:
        """How far the calendar is ahead of the machine's, cut to whole days so that it does not matter when."""
        return self.at - datetime.now(UTC)


_ON = ("emergency", "on", "platform", "--yes")
_FAILOVER = ("failover", estate.HOME, "--yes")
SPECIAL: dict[str, dict[str, Any]] = {
    "failover": {"lost": (estate.HOME,)},
    "failback": {"before": (PUSH, _FAILOVER), "lost_before": (estate.HOME,)},
    "emergency off": {"before": (PUSH, _ON)},
    "freeze push": {"before": ()},
    "ops cancel": {"before": (PUSH, _ON), "cut_off_before": 5, "identity": True, "ready": (0, 2)},
}
"""What an operation needs that its words do not say."""
OPTIONS = {"takedown": ("--tag", "wedding:como")}
"""What is typed beside the words."""
ELSEWHERE: dict[str, str] = {
    "break-glass approve": "signs a text on this machine: no vendor and no store sees it before it is used",
    "freeze lift": "needs a grant of two persons, which its first start uses up: tests/cli/test_break_glass.py",
}
"""Operations that no second laptop finishes, and why."""


def operations() -> dict[str, cyclopts.App]:
    """Command words -> the command, for every command that has `--yes`."""
    return {name: found for name, found in _commands(app, ()) if "yes" in _parameters(found)}


def scenes(named: Sequence[str] = ()) -> list[Scene]:
    """A scene for every operation, or for the named ones. Raises NotCovered."""
    every = {name: found for name, found in sorted(operations().items()) if name not in ELSEWHERE}
    unknown = [name for name in named if name not in every]
    if unknown:
        raise NotCovered(f"no operation {', '.join(unknown)}; known: {', '.join(every)}")
    return [scene_of(name, found) for name, found in every.items() if name in named or not named]


def scene_of(name: str, found: cyclopts.App) -> Scene:
    """The scene of one operation. Raises NotCovered."""
    special = SPECIAL.get(name, {})
    words: list[str] = name.split()
    for parameter in _parameters(found).values():
        is_word = parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL)
        if not is_word or special.get("identity") or (name, parameter.name) in (("warm", "saved"),):
            continue
        if parameter.name not in WORDS:
            raise NotCovered(
                f"chaos does not know what to type for the word {parameter.name!r} of `wedcache {name}`: "
                "add it to WORDS, or the operation to ELSEWHERE with the reason, in sandbox/chaos/commands.py"
            )
        words += WORDS[parameter.name]
    return Scene(name, (*words, *OPTIONS.get(name, ()), "--yes"), **special)


def _commands(group: cyclopts.App, words: tuple[str, ...]) -> Iterator[tuple[str, cyclopts.App]]:
    for name in group:
        if name.startswith("-"):
            continue
        found = group[name]
        if found.default_command is None:
            yield from _commands(found, (*words, name))
        else:
            yield " ".join((*words, name)), found


def _parameters(found: cyclopts.App) -> dict[str, inspect.Parameter]:
    command = found.default_command
    return {} if command is None else dict(inspect.signature(command).parameters)
