"""Diff: which inputs changed, and whether the vendor can change them in place. Pure.

Inputs are compared with inputs, so nothing that a vendor fills in can ever differ by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sandbox.providers.check import IGNORED_KEYS
from sandbox.providers.values import ASSET, SIGNATURE, UNKNOWN


class Kind(Enum):
    """What happened to a property."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Change:
    """One property that differs. `path` is Pulumi's (`origins[0].domainName`), `plain` has no indexes."""

    path: str
    plain: str
    kind: Kind

    @property
    def top(self) -> str:
        """The resource's property that the change lies in."""
        return self.plain.split(".", 1)[0]


def changes(
    old: Mapping[str, Any], new: Mapping[str, Any], sets: frozenset[str], path: str = "", plain: str = ""
) -> Iterator[Change]:
    """Every difference; arrays whose property name is in `sets` are compared without their order."""
    for name in sorted((set(old) | set(new)) - IGNORED_KEYS):
        where, bare = f"{path}.{name}".lstrip("."), f"{plain}.{name}".lstrip(".")
        yield from _of_pair(old.get(name), new.get(name), sets, where, bare)


def _of_pair(old: Any, new: Any, sets: frozenset[str], path: str, plain: str) -> Iterator[Change]:
    if same(old, new, sets, plain):
        return
    if old is None:
        yield Change(path, plain, Kind.ADD)
    elif new is None:
        yield Change(path, plain, Kind.DELETE)
    elif isinstance(old, Mapping) and isinstance(new, Mapping) and SIGNATURE not in new:
        yield from changes(old, new, sets, path, plain)
    elif isinstance(old, list) and isinstance(new, list):
        both = min(len(old), len(new))
        for index, (before, after) in enumerate(zip(old[:both], new[:both], strict=True)):
            yield from _of_pair(before, after, sets, f"{path}[{index}]", plain)
        # An element more or less is a change also where it says nothing.
        kind = Kind.DELETE if len(old) > both else Kind.ADD
        for index in range(both, max(len(old), len(new))):
            yield Change(f"{path}[{index}]", plain, kind)
    else:
        yield Change(path, plain, Kind.UPDATE)


def same(old: Any, new: Any, sets: frozenset[str], plain: str = "") -> bool:
    """Whether two values say the same to the vendor: empty and absent are one, sets have no order."""
    if old is UNKNOWN or new is UNKNOWN:
        return False
    if old in (None, [], {}) and new in (None, [], {}):
        return True
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        if new.get(SIGNATURE) == ASSET == old.get(SIGNATURE):
            return bool(old.get("hash") and old.get("hash") == new.get("hash"))
        names = (set(old) | set(new)) - IGNORED_KEYS
        return all(same(old.get(name), new.get(name), sets, f"{plain}.{name}") for name in names)
    if isinstance(old, list) and isinstance(new, list):
        return _same_list(old, new, sets, plain)
    return (type(old) is type(new) and bool(old == new)) or _same_number(old, new)


def _same_list(old: list[Any], new: list[Any], sets: frozenset[str], plain: str) -> bool:
    if len(old) != len(new):
        return False
    if plain.rsplit(".", 1)[-1] not in sets:
        return all(same(before, after, sets, plain) for before, after in zip(old, new, strict=True))
    left = list(new)
    for before in old:
        match = next((after for after in left if same(before, after, sets, plain)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _same_number(old: Any, new: Any) -> bool:
    numbers = isinstance(old, (int, float)) and isinstance(new, (int, float))
    return numbers and not isinstance(old, bool) and not isinstance(new, bool) and bool(old == new)


def settled(
    old: Mapping[str, Any], new: Mapping[str, Any], state: Mapping[str, Any], computed: frozenset[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both inputs, where properties that the vendor chooses when they are not declared stay as they are.

    Declaring such a property with the value that it already has, or declaring it no longer, changes nothing.
    """
    before, after = dict(old), dict(new)
    for name in computed:
        if name in new and name not in old and name in state:
            before[name] = state[name]
        elif name in old and name not in new:
            after[name] = old[name]
    return before, after


def needs_replacement(change: Change, force_new: frozenset[str]) -> bool:
    """Whether the change lies at or under a property that the vendor cannot change in place."""
    return any(change.plain == name or change.plain.startswith(f"{name}.") for name in force_new)
