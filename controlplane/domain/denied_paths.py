"""Paths that are denied: how a path is spelt so that no other spelling of it slips past, and what a pattern covers.

A pattern is a path, or with `*` at its end everything that begins so. `infra/components/edge_function.js` spells and
compares in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, unquote

_KEPT = ";,/?:@&=+$-_.!~*'()#"
"""What JavaScript's encodeURI leaves as it is, letters and digits aside."""


class NotAPath(ValueError):
    """The text is no path that could be denied; the message says why."""


def spelt(path: str) -> str:
    """`path` (without its query) in the one spelling that patterns have: decoded once, without empty and dot segments,
    encoded again. Raises NotAPath for what is no UTF-8: no origin knows it either.
    """
    return quote("/" + "/".join(_segments(path)), safe=_KEPT)


def pattern_of(text: str) -> str:
    """A typed path, or path with `*` at its end, as a pattern. Raises NotAPath."""
    if not text.startswith("/"):
        raise NotAPath(f"{text!r} does not begin with /")
    if "?" in text or "#" in text:
        raise NotAPath(f"{text!r} has a query: a path is denied with every query")
    wide = text.endswith("*")
    path = text.removesuffix("*")
    if "*" in path:
        raise NotAPath(f"{text!r}: * stands for anything at the end only")
    found = spelt(path)
    if wide and path.endswith("/") and found != "/":
        found += "/"
    return f"{found}*" if wide else found


def covers(pattern: str, path: str) -> bool:
    """Whether `pattern` denies a path that is `spelt`."""
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def least(patterns: Iterable[str]) -> tuple[str, ...]:
    """The same denials in as few patterns as there can be, sorted."""
    found = sorted(set(patterns))
    wide = [one for one in found if one.endswith("*")]
    return tuple(
        one for one in found if not any(other != one and covers(other, one.removesuffix("*")) for other in wide)
    )


def _segments(path: str) -> list[str]:
    try:
        decoded = unquote(path, errors="strict")
    except UnicodeDecodeError as error:
        raise NotAPath(f"{path!r} is no UTF-8") from error
    kept: list[str] = []
    for segment in decoded.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return kept
