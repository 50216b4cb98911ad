"""Choosing headers, cookies and query strings by a declared list, and the cache key made of them."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.pop.messages import Request


class Take(enum.Enum):
    """How a list chooses: none, all, those named, all but those named."""

    NONE = "none"
    ALL = "all"
    NAMED = "named"
    ALL_BUT = "all-but"


@dataclass(frozen=True)
class Choice:
    """A rule over names: `takes(name)`. Header names are compared in lower case, others exactly."""

    take: Take = Take.NONE
    names: frozenset[str] = frozenset()

    def takes(self, name: str) -> bool:
        """Whether `name` is chosen."""
        if self.take is Take.NAMED:
            return name in self.names
        if self.take is Take.ALL_BUT:
            return name not in self.names
        return self.take is Take.ALL


def chosen_query(query: str, *choices: Choice) -> str:
    """The parts of a raw query string whose name one of `choices` takes, in order and spelling as they came."""
    if not query or any(choice.take is Take.ALL for choice in choices):
        return query
    parts = query.split("&")
    return "&".join(part for part in parts if any(choice.takes(part.partition("=")[0]) for choice in choices))


def chosen_cookies(request: Request, *choices: Choice) -> list[tuple[str, str]]:
    """The cookies that one of `choices` takes, sorted by name."""
    if all(choice.take is Take.NONE for choice in choices):
        return []
    return sorted(row for row in request.cookies().items() if any(choice.takes(row[0]) for choice in choices))


def digest(parts: Iterable[str]) -> str:
    """The cache key of its parts: 32 hexadecimal digits, the same for the same parts only."""
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.blake2b(joined.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def accepted_encodings(header: str | None, offered: Iterable[str]) -> str:
    """An Accept-Encoding normalised to those of `offered` that it accepts (CloudFront: br before gzip), or ""."""
    accepted = set()
    for part in (header or "").lower().split(","):
        name, _, parameters = part.strip().partition(";")
        if parameters.replace(" ", "") not in ("q=0", "q=0.0"):
            accepted.add(name.strip())
    return ",".join(name for name in offered if name in accepted)
