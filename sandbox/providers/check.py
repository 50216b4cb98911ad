"""Check: what the vendors refuse, found before anything is asked of them. Pure.

Names, nesting and required come from the derived schema, enums from botocore's models and the Cloudflare SDK.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.providers.schema import Spec
from sandbox.providers.values import ASSET, SIGNATURE, UNKNOWN

IGNORED_KEYS = frozenset({"__defaults"})
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "map": (dict,),
    "object": (dict,),
}


@dataclass(frozen=True)
class Failure:
    """One refusal: where, and why in words that name the repair."""

    path: str
    reason: str


def failures(fields: Mapping[str, Spec], value: Mapping[str, Any], path: str = "") -> Iterator[Failure]:
    """Everything wrong with an object: unknown names, missing ones, then each value."""
    for name, item in value.items():
        if name in IGNORED_KEYS:
            continue
        where = f"{path}.{name}" if path else name
        if name not in fields:
            yield Failure(where, unknown_name(name, fields, path))
        else:
            yield from _of_value(fields[name], item, where)
    for name, spec in fields.items():
        if spec.get("required") and name not in value:
            where = f"{path}.{name}" if path else name
            yield Failure(where, f"missing required property '{where}'")


def unknown_name(name: str, fields: Mapping[str, Spec], path: str) -> str:
    """The refusal of a property that does not exist, with the nearest one that does."""
    close = difflib.get_close_matches(name, fields, n=1, cutoff=0.5)
    place = f" in '{path}'" if path else ""
    hint = f"; did you mean '{close[0]}'?" if close else f"; known are {', '.join(sorted(fields))}"
    return f"unknown property '{name}'{place}{hint}"


def _of_value(spec: Spec, value: Any, path: str) -> Iterator[Failure]:
    if value is UNKNOWN or spec["type"] == "any":
        return
    if spec["type"] == "asset":
        if not (isinstance(value, dict) and value.get(SIGNATURE) == ASSET):
            yield Failure(path, f"'{path}' must be an asset (pulumi.StringAsset or pulumi.FileAsset)")
        return
    if not _is_a(spec["type"], value):
        yield Failure(path, f"'{path}' must be of type {spec['type']}, not {_told(value)}")
        return
    if "enum" in spec and value not in spec["enum"]:
        yield Failure(path, _outside(spec["enum"], value, path))
    if "fields" in spec:
        yield from failures(spec["fields"], value, path)
    elif spec["type"] == "array":
        for index, item in enumerate(value):
            yield from _of_value(spec["items"], item, f"{path}[{index}]")
    elif spec["type"] == "map":
        for key, item in value.items():
            yield from _of_value(spec["items"], item, f"{path}.{key}")


def _is_a(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, KINDS[kind])


def _told(value: Any) -> str:
    kind = {str: "string", int: "number", float: "number", bool: "boolean", list: "array", dict: "object"}[type(value)]
    return f"{kind} {value!r}" if not isinstance(value, (list, dict)) else kind


def _outside(allowed: list[Any], value: Any, path: str) -> str:
    close = difflib.get_close_matches(str(value), map(str, allowed), n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"'{path}' is {value!r}: {hint}allowed are {', '.join(map(repr, allowed))}"
