"""Property paths (`a.b[0].*`, `a["x.y"]`): parsing, containment, and putting ignored properties back to their old
values. Pure.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.engine.values import Properties, Secret, Value

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""\.?(?P<name>[^.\[\]"]+)|\[(?P<index>\d+)\]|\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|(?P<star>\[\*\])"""
)


def parse(text: str) -> Path | None:
    """The path in `text`; None where it is not one."""
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return None
        if match["index"] is not None:
            parts.append(int(match["index"]))
        else:
            parts.append("*" if match["star"] else match["name"] or match["quoted"].replace('\\"', '"'))
        position = match.end()
    return tuple(parts) or None


def contains(outer: Sequence[str | int], inner: Sequence[str | int]) -> bool:
    """Whether `inner` lies at or under `outer`; `*` in `outer` stands for any one part."""
    if len(inner) < len(outer):
        return False
    return all(mine in ("*", theirs) for mine, theirs in zip(outer, inner, strict=False))


def ignore(inputs: Properties, old_inputs: Mapping[str, Value], ignored: Iterable[str]) -> tuple[Properties, list[str]]:
    """The inputs with every ignored path set back to its old value, and the paths for which that is impossible."""
    kept = copy.deepcopy(inputs) if ignored else inputs
    failed = []
    for text in ignored:
        path = parse(text)
        if path is not None and not _reset(path, dict(old_inputs), kept, False):
            failed.append(text)
    return kept, failed


def _reset(path: Path, old: Value, new: Value, secret: bool) -> bool:
    if isinstance(old, Secret):
        old, secret = old.value, not isinstance(new, Secret)
    if isinstance(new, Secret):
        new = new.value
    key, rest = path[0], path[1:]
    if key == "*":
        return _reset_all(rest, old, new, secret)
    if isinstance(key, int):
        if not (isinstance(old, list) and isinstance(new, list)):
            return not isinstance(old, list) and not isinstance(new, list)
        if key >= len(old) or key >= len(new):
            return key >= len(old) and key >= len(new)
    else:
        if not isinstance(old, Mapping) or not isinstance(new, dict):
            return (not isinstance(old, Mapping) and not isinstance(new, dict)) or (
                not rest and not isinstance(old, Mapping)
            )
        if not rest and key not in old:
            new.pop(key, None)
            return True
        if rest and (key not in old or key not in new):
            return key not in old
    if rest:
        return _reset(rest, old[key], new[key], secret)
    new[key] = _copy(old[key], secret)
    return True


def _reset_all(rest: Path, old: Value, new: Value, secret: bool) -> bool:
    if isinstance(old, Mapping) and isinstance(new, dict):
        if not rest:
            new.clear()
            new.update({key: _copy(value, secret) for key, value in old.items()})
            return True
        return all(key in new and _reset(rest, old[key], new[key], secret) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        for index in range(min(len(old), len(new))):
            if not rest:
                new[index] = _copy(old[index], secret)
            elif not _reset(rest, old[index], new[index], secret):
                return False
        return len(old) == len(new)
    return False


def _copy(value: Any, secret: bool) -> Value:
    copied = copy.deepcopy(value)
    return Secret(copied) if secret and not isinstance(copied, Secret) else copied
