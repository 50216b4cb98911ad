"""Key and tag templates: `"guests:{wedding}:{page}"`, checked against a function's signature, filled injectively.

In a key, no two different argument lists give the same text: each kind of value has a form of its own, and colons
inside values are escaped, so that a field always ends where the template says.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import functools
import inspect
import operator
import string
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from controlplane.errors import BadInput

_ESCAPES = str.maketrans({"%": "%25", ":": "%3A", ",": "%2C", "(": "%28", ")": "%29"})
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def encode(value: Any) -> str:
    """`value` as a part of a key, without a colon; different values (also `1`, `True` and `"1"`) differ.

    Raises BadInput for a value that has no form of its own, such as an open connection.
    """
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is int:
        return str(value)
    return _other(value)


@functools.lru_cache(maxsize=16_384)
def _text(text: str) -> str:
    """Plain if it begins with a letter; else after an apostrophe, as numbers and marks begin otherwise."""
    escaped = text.translate(_ESCAPES)
    return escaped if text[:1].isalpha() else f"'{escaped}"


def _other(value: Any) -> str:
    """What is neither text nor whole number: a mark for its kind, then its own text."""
    if value is None or isinstance(value, bool):
        return f"!{str(value).lower()}"
    if isinstance(value, enum.Enum):
        return f"!e{_named(value)}.{_text(value.name or repr(value.value))}"
    for kind, mark, text in _SIMPLE:
        if isinstance(value, kind):
            return f"!{mark}{text(value).translate(_ESCAPES)}"
    if isinstance(value, tuple | list):
        return f"!{'t' if isinstance(value, tuple) else 'l'}({','.join(map(encode, value))})"
    if isinstance(value, set | frozenset):
        return f"!s({','.join(sorted(map(encode, value)))})"
    if isinstance(value, Mapping):
        return f"!m({','.join(sorted(f'{encode(key)},{encode(item)}' for key, item in value.items()))})"
    if isinstance(value, msgspec.Struct):
        return f"!c{_named(value)}({','.join(encode(getattr(value, name)) for name in value.__struct_fields__)})"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ",".join(encode(getattr(value, field.name)) for field in dataclasses.fields(value))
        return f"!c{_named(value)}({fields})"
    if isinstance(value, str | int):
        return f"!o{_named(value)}({encode(str(value) if isinstance(value, str) else int(value))})"
    raise BadInput(
        f"a {type(value).__name__} cannot be part of a cache key",
        next_step="Name one of its attributes in the template ({guest.id}), or leave the argument out by `ignore`.",
    )


def _named(value: Any) -> str:
    """Module and name of the value's class."""
    return f"{type(value).__module__}.{type(value).__qualname__}".translate(_ESCAPES)


# datetime before date, of which it is a kind.
_SIMPLE: tuple[tuple[type[Any], str, Callable[[Any], str]], ...] = (
    (float, "f", repr),
    (uuid.UUID, "u", lambda one: one.hex),
    (decimal.Decimal, "n", str),
    (datetime.datetime, "i", lambda one: f"{one.isoformat()}.{one.fold}"),
    (datetime.date, "d", lambda one: str(one.isoformat())),
    (datetime.time, "h", lambda one: f"{one.isoformat()}.{one.fold}"),
    (datetime.timedelta, "p", lambda one: f"{one.days}.{one.seconds}.{one.microseconds}"),
    (bytes, "b", lambda one: one.hex()),
)


class Signature:
    """A function's parameters, as templates see them."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.name = getattr(function, "__qualname__", repr(function))
        self.parameters = dict(inspect.signature(function).parameters)
        self.bind = inspect.signature(function).bind
        for parameter in self.parameters.values():
            if parameter.kind in _VARIADIC:
                raise BadInput(f"{self.name} takes *{parameter.name}: a cached function names all its parameters")

    @property
    def receiver(self) -> str | None:
        """`self` or `cls`, if the function is a method by its first parameter's name."""
        first = next(iter(self.parameters), None)
        return first if first in ("self", "cls") else None

    def place(self, name: str) -> tuple[int, Any]:
        """At which position `name` may come (out of reach: by keyword only), and its default."""
        parameter = self.parameters[name]
        index = list(self.parameters).index(name) if parameter.kind in _POSITIONAL else 1 << 30
        return index, parameter.default


@dataclasses.dataclass(frozen=True, slots=True)
class _Field:
    """One `{name.attribute}`: where its argument comes from."""

    name: str
    index: int
    default: Any
    attribute: Callable[[Any], Any] | None


class Template:
    """A template of one function. `fill` makes text of a value; `extra` are names that are no parameters."""

    def __init__(
        self, text: str, signature: Signature, fill: Callable[[Any], str], *, extra: Iterable[str] = ()
    ) -> None:
        self.text = text
        self._signature = signature
        self._fill = fill
        self._extra = frozenset(extra) - set(signature.parameters)
        self.literals, fields = _parsed(text)
        self._fields = [self._field(name) for name in fields]
        self._format = "%s".join(literal.replace("%", "%%") for literal in self.literals)

    @property
    def names(self) -> frozenset[str]:
        """The parameters that take part."""
        return frozenset(field.name for field in self._fields)

    @property
    def needs_extra(self) -> bool:
        """Whether it can only be filled once the function has answered."""
        return bool(self.names & self._extra)

    def filled(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """The text for one call. Raises TypeError for a call that does not fit the function, BadInput for a value."""
        count = len(args)
        found = []
        for field in self._fields:
            if field.index < count:
                value = args[field.index]
            elif field.name in kwargs:
                value = kwargs[field.name]
            elif field.default is not inspect.Parameter.empty:
                value = field.default
            else:
                self._signature.bind(*args, **kwargs)
                raise TypeError(f"{self._signature.name} needs {field.name}")
            found.append(self._fill(value if field.attribute is None else field.attribute(value)))
        return self._format % tuple(found)

    def _field(self, text: str) -> _Field:
        """A field, checked. Raises BadInput."""
        name, _, path = text.partition(".")
        if name in self._extra:
            return _Field(name, 1 << 30, inspect.Parameter.empty, operator.attrgetter(path) if path else None)
        if name not in self._signature.parameters:
            there = ", ".join(self._signature.parameters) or "none"
            raise BadInput(
                f"the template {self.text!r} names {{{name}}}, but {self._signature.name} has no such parameter "
                f"(its parameters: {there})"
            )
        index, default = self._signature.place(name)
        return _Field(name, index, default, operator.attrgetter(path) if path else None)


def key_template(text: str, signature: Signature, ignore: Iterable[str]) -> Template:
    """A key's template. Raises BadInput unless different arguments must give different keys.

    Every parameter takes part or is ignored (`self` and `cls` are, unless named); between two fields stands a colon;
    the text begins with something of its own.
    """
    template = Template(text, signature, encode)
    if not template.literals[0]:
        raise BadInput(f"the key template {text!r} begins with a field; begin it with a name of its own, as 'guests:'")
    for between in template.literals[1:-1]:
        if ":" not in between:
            raise BadInput(
                f"the key template {text!r} has two fields without a colon between them; they could run together"
            )
    wanted = set(ignore)
    if unknown := sorted(wanted - set(signature.parameters)):
        raise BadInput(f"{signature.name} has no parameter {unknown[0]!r} to ignore")
    left = [name for name in signature.parameters if name not in template.names | wanted | {signature.receiver}]
    if left:
        raise BadInput(
            f"{signature.name} depends on {left[0]!r}, which is not part of the key {text!r}: calls that differ in it "
            f"would share one value",
            next_step=f"Put {{{left[0]}}} into the template, or add ignore=({left[0]!r},).",
        )
    return template


def _parsed(text: str) -> tuple[list[str], list[str]]:
    """Literals around fields (one more than fields), and the fields. Raises BadInput."""
    literals, fields = [""], []
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise BadInput(f"the template {text!r} cannot be read: {error}") from error
    for literal, field, form, conversion in parts:
        literals[-1] += literal
        if field is None:
            continue
        if form or conversion or not all(part.isidentifier() for part in field.split(".")):
            raise BadInput(f"the template {text!r} may hold {{name}} and {{name.attribute}} only")
        fields.append(field)
        literals.append("")
    return literals, fields
