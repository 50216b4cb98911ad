"""Checks JSON against the types that the vendor's own SDK ships: unknown keys, wrong enums, missing required keys.

The SDK sends whatever it is given; the vendor refuses. The SDK's TypedDicts, pydantic models and Literals say what is
valid, so the lists here cannot drift from the installed SDK.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typing_extensions as te
from cloudflare._utils import PropertyInfo
from pydantic import BaseModel


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, at a JSON pointer; `kind` is unknown, missing, enum or type."""

    pointer: str
    kind: str
    message: str


@dataclass(frozen=True)
class Field:
    """One key of an object: its type, and whether it must be there."""

    annotation: Any
    required: bool


def problems(value: Any, annotation: Any, pointer: str = "") -> list[Problem]:
    """Everything that is wrong with `value` for the SDK type `annotation`; [] when it is valid."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *extras = get_args(annotation)
        timed = any(isinstance(extra, PropertyInfo) and extra.format == "iso8601" for extra in extras)
        return problems(value, datetime if timed else inner, pointer)
    if annotation in (Any, object):
        return []
    if annotation in (None, type(None)):
        return [] if value is None else [Problem(pointer, "type", "must be null")]
    if origin in (Union, types.UnionType):
        return _of_union(value, get_args(annotation), pointer)
    if origin is Literal:
        return _of_literal(value, get_args(annotation), pointer)
    if origin in (list, Sequence, Iterable):
        return _of_list(value, get_args(annotation)[0], pointer)
    if origin in (dict, Mapping):
        return _of_map(value, get_args(annotation)[1], pointer)
    if isinstance(annotation, type):
        return _of_class(value, annotation, pointer)
    raise TypeError(f"the SDK uses a type that the checker does not know: {annotation!r}")


def object_problems(
    value: Any, fields: Mapping[str, Field], pointer: str = "", *, without: frozenset[str] = frozenset()
) -> list[Problem]:
    """Everything wrong with an object whose keys are `fields`, of which `without` travel elsewhere (path, query)."""
    if not isinstance(value, dict):
        return [Problem(pointer, "type", "must be an object")]
    found: list[Problem] = []
    for key, item in value.items():
        if key not in fields or key in without:
            found.append(Problem(f"{pointer}/{key}", "unknown", f'unknown field "{key}"'))
        else:
            found += problems(item, fields[key].annotation, f"{pointer}/{key}")
    for key, field in fields.items():
        if field.required and key not in value and key not in without:
            found.append(Problem(f"{pointer}/{key}", "missing", f'"{key}" is required'))
    return found


@cache
def fields_of(kind: type) -> dict[str, Field]:
    """The keys of one of the SDK's TypedDicts or models, under the names that they have on the wire."""
    if issubclass(kind, BaseModel):
        return {
            item.alias or name: Field(item.annotation, item.is_required()) for name, item in kind.model_fields.items()
        }
    fields = {}
    for name, hint in te.get_type_hints(kind, include_extras=True).items():
        origin: Any = get_origin(hint)
        inner = get_args(hint)[0] if origin in (te.Required, te.NotRequired) else hint
        fields[_alias(inner) or name] = Field(inner, required=origin is te.Required)
    return fields


def _alias(annotation: Any) -> str | None:
    if get_origin(annotation) is Annotated:
        for extra in get_args(annotation)[1:]:
            if isinstance(extra, PropertyInfo) and extra.alias:
                return extra.alias
    return None


def _of_union(value: Any, variants: tuple[Any, ...], pointer: str) -> list[Problem]:
    tried = [problems(value, variant, pointer) for variant in variants]
    if any(not found for found in tried):
        return []
    return min(
        tried, key=lambda found: (any(row.kind == "type" and row.pointer == pointer for row in found), len(found))
    )


def _of_literal(value: Any, allowed: tuple[Any, ...], pointer: str) -> list[Problem]:
    if any(value == one and type(value) is type(one) for one in allowed):
        return []
    shown = ", ".join(str(one) for one in allowed)
    return [Problem(pointer, "enum", f"{value!r} is not a valid value; valid: {shown}")]


def _of_list(value: Any, item: Any, pointer: str) -> list[Problem]:
    if not isinstance(value, list):
        return [Problem(pointer, "type", "must be an array")]
    return [row for index, one in enumerate(value) for row in problems(one, item, f"{pointer}/{index}")]


def _of_map(value: Any, item: Any, pointer: str) -> list[Problem]:
    if not isinstance(value, dict):
        return [Problem(pointer, "type", "must be an object")]
    return [row for key, one in value.items() for row in problems(one, item, f"{pointer}/{key}")]


def _of_class(value: Any, kind: type, pointer: str) -> list[Problem]:
    if te.is_typeddict(kind) or issubclass(kind, BaseModel):
        return object_problems(value, fields_of(kind), pointer)
    if kind is datetime:
        return [] if isinstance(value, str) and _is_instant(value) else [_wrong(pointer, "an RFC 3339 time")]
    if kind is float:
        good = isinstance(value, int | float) and not isinstance(value, bool)
    elif kind is int:
        good = isinstance(value, int) and not isinstance(value, bool)
    else:
        good = isinstance(value, kind)
    return [] if good else [_wrong(pointer, {"str": "a string", "bool": "a boolean"}.get(kind.__name__, "a number"))]


def _wrong(pointer: str, what: str) -> Problem:
    return Problem(pointer, "type", f"must be {what}")


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
