"""Adds the Cloudflare API's names and enums to a schema, from the official SDK's parameter types.

pulumi-cloudflare spells lists in the plural and everything in camelCase; the API's snake_case name is the field of the
SDK's types that fits. Enums are the SDK's Literals, unless the same place also takes any string.
"""

from __future__ import annotations

import collections.abc
import re
import types
import typing
from collections.abc import Iterator
from typing import Any

import typing_extensions

Spec = dict[str, Any]
UNIONS = (typing.Union, types.UnionType)
WRAPPERS = (typing.Annotated, typing.Required, typing.NotRequired, typing_extensions.Required)


def name(fields: dict[str, Spec], kinds: list[Any], unnamed: frozenset[str], path: str = "") -> list[str]:
    """Write `api` and `enum` into every field; returns the paths that the SDK's types do not know."""
    unknown = []
    known = _members(kinds)
    for prop, spec in fields.items():
        where = f"{path}.{prop}".lstrip(".")
        if where in unnamed:
            continue
        spelled = {one.lower().replace("-", "_"): one for one in known}
        member = next((spelled[one] for one in candidates(prop) if one in spelled), None)
        if member is None:
            unknown.append(where)
            spec["api"] = snake(prop)
            continue
        spec["api"] = member
        unknown.extend(_describe(spec, known[member], unnamed, where))
    return unknown


def snake(prop: str) -> str:
    """`serveStale` -> `serve_stale`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda hit: f"_{hit.group(1).lower()}", prop).lower()


def candidates(prop: str) -> list[str]:
    """The API spellings that pulumi-cloudflare can have made `prop` from, the likeliest first."""
    plain = snake(prop)
    found = [plain, plain.rstrip("_"), f"{plain}_"]
    if plain.endswith("s"):
        found += [plain[:-1], plain[:-2] if plain.endswith("es") else plain[:-1]]
    if plain.endswith("ies"):
        found.append(f"{plain[:-3]}y")
    return found


def _describe(spec: Spec, kinds: list[Any], unnamed: frozenset[str], path: str) -> list[str]:
    flat = list(_flatten(kinds))
    if "fields" in spec:
        return name(spec["fields"], flat, unnamed, path)
    if spec["type"] in ("array", "map"):
        inside = [argument for kind in flat for argument in _contents(kind)]
        return _describe(spec["items"], inside, unnamed, path)
    literals = [value for kind in flat if typing.get_origin(kind) is typing.Literal for value in typing.get_args(kind)]
    if literals and str not in flat and spec["type"] == "string":
        spec["enum"] = sorted({str(value) for value in literals})
    return []


def _members(kinds: list[Any]) -> dict[str, list[Any]]:
    """Field -> types, over all TypedDicts in `kinds`; a field with an alias goes by its alias."""
    found: dict[str, list[Any]] = {}
    for kind in _flatten(kinds):
        if typing_extensions.is_typeddict(kind):
            for member, hint in typing_extensions.get_type_hints(kind, include_extras=True).items():
                found.setdefault(_alias(hint) or member, []).append(hint)
    return found


def _alias(hint: Any) -> str:
    for one in [hint, *typing.get_args(hint)]:
        for extra in getattr(one, "__metadata__", ()):
            if getattr(extra, "alias", None):
                return str(extra.alias)
    return ""


def _flatten(kinds: list[Any]) -> Iterator[Any]:
    for kind in kinds:
        origin = typing.get_origin(kind)
        if origin in UNIONS:
            yield from _flatten(list(typing.get_args(kind)))
        elif origin in WRAPPERS or hasattr(kind, "__metadata__"):
            yield from _flatten([typing.get_args(kind)[0]])
        else:
            yield kind


def _contents(kind: Any) -> list[Any]:
    """What a list or map of the SDK holds."""
    origin = typing.get_origin(kind)
    arguments = typing.get_args(kind)
    if origin in (dict, collections.abc.Mapping):
        return [arguments[1]]
    return [arguments[0]] if arguments and origin is not typing.Literal else []
