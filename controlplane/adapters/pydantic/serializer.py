"""Values that are pydantic models, or hold some, as JSON; all others as msgspec writes JSON.

Pydantic's JSON is made for others to read, and does not keep everything: a secret is stars in it, an excluded field is
missing. So what is written is read again first, and a value that would not come back equal stays in memory.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import pydantic_core
from pydantic import BaseModel, TypeAdapter

_CONTAINERS: tuple[type[Any], ...] = (list, set, frozenset)


class PydanticJson:
    """`Cache(serializer=PydanticJson())`: models are stored by their fields' names, and read as the type asked for.

    Which that is says the return annotation of a decorated function, or `as_type`; without it models come back from
    Redis as dicts. All fields count as set in what comes back.
    """

    name = "pydantic-json"
    code = 4

    def encode(self, value: Any) -> bytes:
        """Raises TypeError or ValueError for a value that would not come back equal (secrets, excluded fields)."""
        kind = _kind_of(value)
        if not _holds_models(kind):
            return msgspec.json.encode(value)
        raw = pydantic_core.to_json(value, by_alias=False, round_trip=True)
        if _adapter(kind).validate_json(raw, by_alias=False, by_name=True) != value:
            raise ValueError(f"a {type(value).__name__} does not come back from pydantic's JSON as it was")
        return raw

    def decode(self, raw: bytes, kind: Any) -> Any:
        """The value, validated; a value of another type raises ValidationError (pydantic's or msgspec's)."""
        if not _holds_models(kind):
            return _decoder(kind).decode(raw)
        return _adapter(kind).validate_json(raw, by_alias=False, by_name=True)


@functools.lru_cache(maxsize=1024)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """One per type: making one compiles its schema."""
    return TypeAdapter(kind)


@functools.lru_cache(maxsize=1024)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """As `_adapter`, for what holds no model."""
    return msgspec.json.Decoder(Any if kind is None else kind)


def _kind_of(value: Any) -> Any:
    """The type of which `value` is, its items' types included."""
    kind = type(value)
    if kind in _CONTAINERS:
        return kind[_any_of(map(_kind_of, value))] if value else kind
    if kind is tuple:
        return tuple[tuple(map(_kind_of, value))] if value else kind  # type: ignore[misc]  # a type made while it runs
    if kind is dict and value:
        keys, values = _any_of(map(_kind_of, value)), _any_of(map(_kind_of, value.values()))
        return dict[keys, values]  # type: ignore[valid-type]  # a type made while it runs
    return kind


def _any_of(kinds: Iterable[Any]) -> Any:
    """Their union, each once and in the order of the items."""
    return functools.reduce(operator.or_, dict.fromkeys(kinds))


@functools.lru_cache(maxsize=1024)
def _holds_models(kind: Any) -> bool:
    """Whether a type is a pydantic model or has one in it."""
    return _is_met(kind, set())


def _is_met(kind: Any, seen: set[Any]) -> bool:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return True
    within: Iterable[Any] = typing.get_args(kind)
    if dataclasses.is_dataclass(kind) or typing.is_typeddict(kind):
        if kind in seen:
            return False
        seen.add(kind)
        hints: Mapping[str, Any] = typing.get_type_hints(kind)
        within = hints.values()
    return any(_is_met(one, seen) for one in within)
