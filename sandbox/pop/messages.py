"""Requests and responses as values, with headers that are found by name in any case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Headers:
    """An ordered list of (lower-case name, value); HTTP/1.1 header names are case-insensitive (RFC 9110, 5.1)."""

    rows: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str]] | Mapping[str, str]) -> Headers:
        """Headers from pairs or a mapping; names are lowered."""
        pairs = rows.items() if isinstance(rows, Mapping) else rows
        return cls(tuple((name.lower(), value) for name, value in pairs))

    def get(self, name: str) -> str | None:
        """All values of `name` joined with ", "; None where absent."""
        found = [value for known, value in self.rows if known == name]
        if not found:
            return None
        return found[0] if len(found) == 1 else ", ".join(found)

    def __contains__(self, name: str) -> bool:
        return any(known == name for known, _ in self.rows)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.rows)

    def without(self, *names: str) -> Headers:
        """The same without every header in `names` (lower case)."""
        return Headers(tuple(row for row in self.rows if row[0] not in names))

    def with_set(self, name: str, value: str) -> Headers:
        """The same with `name` (any case) set once, replacing what was there."""
        name = name.lower()
        return Headers((*(row for row in self.rows if row[0] != name), (name, value)))

    def only(self, wanted: Callable[[str], bool]) -> Headers:
        """The headers whose name is wanted."""
        return Headers(tuple(row for row in self.rows if wanted(row[0])))


@dataclass(frozen=True)
class Request:
    """What a viewer asked: `query` is the raw string without "?"; `secure` tells https from http."""

    method: str
    host: str
    path: str
    query: str = ""
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    secure: bool = True

    @property
    def target(self) -> str:
        """Path and query as on the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def query_pairs(self) -> list[tuple[str, str]]:
        """The query's names and values in order, decoded, blanks kept."""
        return parse_qsl(self.query, keep_blank_values=True)

    def cookies(self) -> dict[str, str]:
        """The request's cookies; the first of a repeated name counts."""
        pairs: dict[str, str] = {}
        for part in (self.headers.get("cookie") or "").replace(",", ";").split(";"):
            name, found, value = part.strip().partition("=")
            if found and name not in pairs:
                pairs[name] = value
        return pairs


@dataclass(frozen=True)
class Response:
    """An answer with its whole body."""

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def with_headers(self, headers: Headers) -> Response:
        """The same answer under other headers."""
        return replace(self, headers=headers)


# RFC 9110, 7.6.1: these speak about one connection and are never forwarded or kept.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "proxy-authenticate",
    }
)
