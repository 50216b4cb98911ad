"""What to warm, where, in which order: URL x POP in tier order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from controlplane.domain.tier import Tier


class Target(NamedTuple):
    """One URL at one POP. Sorted by tier first: every critical target comes before the first low one."""

    rank: int
    host: str
    path: str
    edge: str
    pop: str

    @property
    def tier(self) -> Tier:
        """The tier that `rank` stands for."""
        return next(tier for tier in Tier if tier.rank == self.rank)


@dataclass(frozen=True)
class Page:
    """One warmable path of a host, from the host's own manifest, with the cache tags of what is there."""

    path: str
    tier: Tier
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class WarmPlan:
    """The targets in order, with the digest that `warm PLAN` holds to."""

    targets: tuple[Target, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical target list."""
        body = json.dumps([target._asdict() for target in self.targets], sort_keys=True)
        return hashlib.sha256(body.encode()).hexdigest()

    def to_json(self) -> str:
        """`wedcache.warm-plan/1`."""
        rows = [
            {"host": t.host, "path": t.path, "tier": t.tier.value, "edge": t.edge, "pop": t.pop} for t in self.targets
        ]
        return json.dumps({"schema": "wedcache.warm-plan/1", "digest": self.digest, "targets": rows}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> WarmPlan:
        """Read a saved plan. Raises ValueError if it is none, or if its targets do not match its digest."""
        body = json.loads(text)
        if not isinstance(body, dict) or body.get("schema") != "wedcache.warm-plan/1":
            raise ValueError("not a wedcache.warm-plan/1 file")
        try:
            plan = cls(tuple(_target(row) for row in body["targets"]))
            said = str(body["digest"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a whole wedcache.warm-plan/1 file: {error}") from error
        if plan.digest != said:
            raise ValueError(f"the targets were changed after planning: digest {plan.digest[:12]} is not {said[:12]}")
        return plan


def _target(row: Mapping[str, Any]) -> Target:
    words = [row[name] for name in ("host", "path", "edge", "pop")]
    if not all(isinstance(word, str) for word in words):
        raise ValueError(f"host, path, edge and pop of a target are texts: {words}")
    return Target(Tier(row["tier"]).rank, *words)


def plan(pages: Mapping[str, Sequence[Page]], edges: Mapping[str, str], pops: Mapping[str, Sequence[str]]) -> WarmPlan:
    """The plan for `pages` (host -> pages), where `edges` says each host's CDN and `pops` the POPs of each CDN.

    Each target once. The pages are sorted and then laid out over the POPs: that is the order of the targets.
    """
    ranks = {tier: tier.rank for tier in Tier}
    urls = {(ranks[page.tier], host, page.path, edges[host]) for host, listed in pages.items() for page in listed}
    places = {edge: sorted(set(codes)) for edge, codes in pops.items()}
    return WarmPlan(tuple(_laid_out(sorted(urls), places)))


def _laid_out(urls: Sequence[tuple[int, str, str, str]], places: Mapping[str, Sequence[str]]) -> Iterable[Target]:
    for rank, host, path, edge in urls:
        for pop in places[edge]:
            yield Target(rank, host, path, edge, pop)


def parse_manifest(text: str | bytes) -> tuple[Page, ...]:
    """A host's `/warm.json`, `wedcache.manifest/1`. Raises ValueError for anything else."""
    body = json.loads(text)
    if not isinstance(body, dict) or body.get("schema") != "wedcache.manifest/1":
        raise ValueError("not a wedcache.manifest/1 document")
    try:
        pages = tuple(
            Page(str(row["path"]), Tier(row["tier"]), tuple(map(str, row.get("tags", ())))) for row in body["pages"]
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a whole wedcache.manifest/1 document: {error}") from error
    for page in pages:
        if not is_path(page.path):
            raise ValueError(f"a manifest's path begins with / and is printable ASCII without spaces: {page.path!r}")
    return pages


def is_path(text: str) -> bool:
    """Whether `text` can stand behind a host in a URL without changing which host is asked."""
    return text.startswith("/") and all("!" <= letter <= "~" for letter in text)
