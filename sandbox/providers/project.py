"""Read: the vendor's answer as the inputs that would have declared it, so that drift and only drift shows. Pure.

What was declared is compared with what lives; what was not declared shows only where the vendor's value is neither
empty nor the vendor's own default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.providers.diff import same
from sandbox.providers.schema import Spec

EMPTY: tuple[Any, ...] = (None, "", [], {}, False, 0)


@dataclass(frozen=True)
class Rules:
    """`defaults`: index-free path -> the vendor's default; `computed`: paths that the vendor chooses when they are not
    declared; `unreadable`: top-level inputs that no read returns; `sets`: arrays without order."""

    defaults: Mapping[str, Any] = field(default_factory=dict)
    computed: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()
    sets: frozenset[str] = frozenset()


def inputs(
    fields: Mapping[str, Spec], old: Mapping[str, Any], live: Mapping[str, Any], rules: Rules, path: str = ""
) -> dict[str, Any]:
    """The inputs after a read: equal to `old` where nothing drifted."""
    found: dict[str, Any] = {}
    for name, spec in fields.items():
        where = f"{path}.{name}".lstrip(".")
        if where in rules.unreadable:
            if name in old:
                found[name] = old[name]
        elif name in old:
            _declared(found, name, spec, old[name], live.get(name), rules, where)
        elif name in live and not _is_vendors_choice(spec, live[name], rules, where):
            found[name] = live[name]
    return found


def _declared(found: dict[str, Any], name: str, spec: Spec, old: Any, live: Any, rules: Rules, where: str) -> None:
    if live is None:
        if old in EMPTY or old == rules.defaults.get(where):
            found[name] = old
        return
    found[name] = _value(spec, old, live, rules, where)


def _value(spec: Spec, old: Any, live: Any, rules: Rules, where: str) -> Any:
    if same(old, live, rules.sets, where):
        return old
    if "fields" in spec and isinstance(old, Mapping) and isinstance(live, Mapping):
        return inputs(spec["fields"], old, live, rules, where)
    if spec["type"] == "array" and isinstance(old, list) and isinstance(live, list):
        return _array(spec["items"], old, live, rules, where)
    return live


def _array(spec: Spec, old: list[Any], live: list[Any], rules: Rules, where: str) -> list[Any]:
    """`old` when every declared item lives (in any order for sets), else what lives, in its order."""
    if where.rsplit(".", 1)[-1] in rules.sets and len(old) == len(live):
        left = list(live)
        for item in old:
            match = next(
                (one for one in left if same(item, _value(spec, item, one, rules, where), rules.sets, where)), None
            )
            if match is None:
                break
            left.remove(match)
        else:
            return old
    return [_value(spec, old[index], one, rules, where) if index < len(old) else one for index, one in enumerate(live)]


def _is_vendors_choice(spec: Spec, live: Any, rules: Rules, where: str) -> bool:
    """Whether an undeclared value is empty, a default, or something that the vendor chooses by itself."""
    if where in rules.computed or live in EMPTY or live == rules.defaults.get(where):
        return True
    if "fields" in spec and isinstance(live, Mapping):
        return all(
            _is_vendors_choice(spec["fields"][name], item, rules, f"{where}.{name}")
            for name, item in live.items()
            if name in spec["fields"]
        )
    return False
