"""One row of the tables of knobs, and the words in which a probe says what a guest saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]

BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class Ask:
    """A guest's request to the row's own paths; `leaf` is the last part of the path, `host` "" the scratch host."""

    leaf: str = "a"
    query: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    secure: bool = True
    host: str = ""


@dataclass(frozen=True)
class Seen:
    """A guest's answer: status, headers (lower-case names), body text."""

    status: int
    headers: Mapping[str, str]
    body: str = ""


@dataclass(frozen=True)
class Sends:
    """What the scratch origins answer on a row's paths; `{leaf}` in a header stands for the path's last part.

    `status` is the first origin's; the second one always answers 200.
    """

    headers: Mapping[str, str] = field(default_factory=lambda: {"Cache-Control": "max-age=3600"})
    status: int = 200


@dataclass(frozen=True)
class Knob:
    """One knob: what is declared before and after, how guests probe it, what they must see before and after.

    In each round guests ask `fill`, then the calendar jumps by `JUMP_SECONDS` and the round's purge (`purge_before`,
    `purge_after`) is ordered, then guests ask `then`; `read` says in a word what all their answers show. A row that is
    `last` changes what all others stand on, and is changed and probed after them.
    """

    name: str
    slug: str
    wanted: tuple[str, str]
    read: Callable[[Sequence[Seen]], str]
    before: Json = field(default_factory=dict)
    after: Json = field(default_factory=dict)
    fill: tuple[Ask, ...] = ()
    then: tuple[Ask, ...] = (Ask(),)
    sends: Sends = field(default_factory=Sends)
    purge_before: Json = field(default_factory=dict)
    purge_after: Json = field(default_factory=dict)
    last: bool = False

    def declared(self, side: str) -> Json:
        """What is declared of it before or after the change."""
        return self.before if side == BEFORE else self.after

    def purge(self, side: str) -> Json:
        """What is purged between the two halves of a round."""
        return self.purge_before if side == BEFORE else self.purge_after

    def path(self, side: str, leaf: str) -> str:
        """The path that guests ask: fresh in each round, so that nothing kept in one is found in the other."""
        return f"/{self.slug}/{side}/{leaf}"


JUMP_SECONDS = 3.0
"""How far the calendar jumps within a round: longer than the short lifetimes in the tables, shorter than any other."""

SHORT, LONG = 1, 3600


def cache_word(seen: Seen) -> str:
    """What the POP says of its cache: CloudFront's `X-Cache` ("Hit") or Cloudflare's `CF-Cache-Status` ("HIT")."""
    return seen.headers.get("x-cache", "").removesuffix(" from cloudfront") or seen.headers.get("cf-cache-status", "")


def cached(answers: Sequence[Seen]) -> str:
    """The last answer's word about the cache."""
    return cache_word(answers[-1])


def cached_two(answers: Sequence[Seen]) -> str:
    """The words of the last two answers: the object that is meant, and its neighbour that is not."""
    return f"{cache_word(answers[-2])}, neighbour {cache_word(answers[-1])}"


def status(answers: Sequence[Seen]) -> str:
    """The last answer's status."""
    return str(answers[-1].status)


def origin(answers: Sequence[Seen]) -> str:
    """The last answer's status and which origin gave it (the CDN's own pages have none)."""
    return f"{answers[-1].status} {answers[-1].headers.get('x-witness', '')}".strip()


def copies(answers: Sequence[Seen]) -> str:
    """Whether the first two answers came of one kept copy or of two (every answer of an origin has its own number)."""
    return "together" if answers[0].body == answers[1].body else "apart"


def copies_and_rest(answers: Sequence[Seen]) -> str:
    """As `copies`, and the same for the first and the third answer, which differ in what is never declared."""
    return f"{copies(answers)}, undeclared {copies([answers[0], answers[2]])}"


def header(name: str) -> Callable[[Sequence[Seen]], str]:
    """The last answer's header of that name; `none` without it."""
    return lambda answers: answers[-1].headers.get(name, "none")


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """`value` with the vendor's ids in place of the `$names` of a table."""
    if isinstance(value, dict):
        return {name: filled(one, names) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, names) for one in value]
    return names[value] if isinstance(value, str) and value.startswith("$") else value
