"""Which key templates can give the same text, and which functions' keys must not: pure.

A field never holds a colon (`templates.encode`), and no two stand in one part between colons; so two templates meet if
they have as many parts, and each part of one can be as the other's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from controlplane.errors import BadInput


class _Part(NamedTuple):
    """What stands between two colons: text, and the text after a field if there is one (None: there is none)."""

    before: str
    after: str | None


class _Known(NamedTuple):
    """A function's template, and the function whose keys it may have (itself, unless it shares another's)."""

    text: str
    parts: tuple[_Part, ...]
    whose: str


class KeySpace:
    """The key templates of one cache's decorated functions."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def take(
        self, function: Callable[..., Any], text: str, literals: Sequence[str], shares: Callable[..., Any] | None = None
    ) -> None:
        """Note that `function` has the keys of the template `text`, whose texts around its fields are `literals`.

        A function of the same module and name replaces the former one: modules are loaded again. `shares` names a
        function of this key space whose keys are meant to be the same. Raises BadInput, naming both functions, where
        another function's template could give an equal key.
        """
        name = _name(function)
        whose = name if shares is None else self._owner(name, shares)
        parts = tuple(_parts(literals))
        for other, known in self._known.items():
            if other != name and known.whose != whose and _meet(parts, known.parts):
                raise BadInput(
                    f"the key template {text!r} of {name} can give the same key as {known.text!r} of {other}: one "
                    "would be answered with the other's values",
                    next_step="Begin one of them with a name of its own; or, if both mean the same values, decorate "
                    f"this one with shares={other.rpartition('.')[2]}.",
                )
        self._known[name] = _Known(text, parts, whose)

    def _owner(self, name: str, shares: Callable[..., Any]) -> str:
        """Whose keys a function that `shares` those of another has."""
        known = self._known.get(_name(shares))
        if known is None:
            raise BadInput(
                f"{name} shares the keys of {_name(shares)}, which is not decorated by `cached` of the same cache",
                next_step="Decorate that function first.",
            )
        return known.whose


def _name(function: Callable[..., Any]) -> str:
    """Module and name; of what has no name (a partial function, an object) something that no other has."""
    name = getattr(function, "__qualname__", None)
    if name is None:
        return repr(function)
    if name.endswith("<lambda>"):
        name = f"{name} (line {function.__code__.co_firstlineno})"
    return f"{function.__module__}.{name}"


def _parts(literals: Sequence[str]) -> list[_Part]:
    """A template's parts; a field stands between each two literals."""
    parts = [_Part("", None)]
    for place, literal in enumerate(literals):
        before, after = parts.pop()
        first, *more = literal.split(":")
        if place:
            parts.append(_Part(before, first))
        else:
            parts.append(_Part(before + first, after))
        parts.extend(_Part(text, None) for text in more)
    return parts


def _meet(ones: Sequence[_Part], others: Sequence[_Part]) -> bool:
    return len(ones) == len(others) and all(map(_can_be_same, ones, others))


def _can_be_same(one: _Part, other: _Part) -> bool:
    """Whether some field's text makes them equal."""
    if one.after is None and other.after is None:
        return one.before == other.before
    if one.after is None:
        return _fits(one.before, other)
    if other.after is None:
        return _fits(other.before, one)
    short, long = sorted((one.before, other.before), key=len)
    rest = long[len(short) :]
    if not long.startswith(short) or (rest and not _may_begin(rest[0])):
        return False
    end, longer_end = sorted((one.after, other.after), key=len)
    return longer_end.endswith(end)


def _fits(text: str, part: _Part) -> bool:
    """Whether `text` can be `part`, which has a field."""
    after = part.after or ""
    field = text[len(part.before) : len(text) - len(after)]
    fits = text.startswith(part.before) and text.endswith(after) and len(text) > len(part.before) + len(after)
    return fits and _may_begin(field[0])


def _may_begin(character: str) -> bool:
    """Whether a field's text may begin with it, as `templates.encode` writes texts, numbers and marks."""
    return character.isalpha() or character in "0123456789-'!"
