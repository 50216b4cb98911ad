"""Replaces copies without a gap for guests: the origin is asked first, and what was purged is warmed again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from controlplane.domain.http_caching import TAGS
from controlplane.domain.warming import Page, Target, WarmPlan
from controlplane.errors import Refused
from controlplane.ports.edge_probe import Answer, Ask, EdgeProbe

AT_ONCE = 6
GONE = 410
Place = tuple[str, str]
"""(host, path)."""


@dataclass(frozen=True)
class Comparison:
    """The pages that carry the tags, as targets at every POP, and those of them that differ from the origin's."""

    targets: tuple[Target, ...]
    other: tuple[Target, ...]

    @property
    def plan(self) -> WarmPlan:
        """What has to be warmed again after the purge."""
        return WarmPlan(self.targets)


def compare(
    pages: Iterable[tuple[str, Page]],
    tags: Sequence[str],
    origin: Callable[[str, str], Answer],
    probe: EdgeProbe,
    places: Callable[[str], tuple[str, Sequence[str]]],
) -> Comparison:
    """Ask the origin for every page, and every POP for those that carry one of `tags`; nothing is purged.

    `places` gives a host's CDN and its POPs. What was taken down is left out. Raises Refused where the origin does not
    answer a page with 200: after a purge nobody would have it.
    """
    good: dict[Place, Answer] = {}
    bad: dict[Place, str] = {}
    ranks: dict[Place, int] = {}
    for host, page in pages:
        answer = origin(host, page.path)
        carried = answer.headers.get(TAGS.lower(), answer.headers.get("cache-tag", "")).split(",")
        if answer.status == GONE:
            continue  # taken down: nobody shall have it
        if answer.status != 200:
            bad[host, page.path] = answer.error or f"status {answer.status}"
        elif set(carried).intersection(tags):
            good[host, page.path], ranks[host, page.path] = answer, page.tier.rank
    if bad:
        shown = ", ".join(f"https://{host}{path}: {why}" for (host, path), why in list(bad.items())[:3])
        raise Refused(
            f"the origin does not answer {len(bad)} pages ({shown}): purged, nobody would have them",
            next_step="`wedcache status` and `wedcache trace URL`; what the edge keeps goes on being served",
        )
    if not good:
        raise Refused(f"no page carries {', '.join(tags)}", next_step="`wedcache trace URL` shows a page's tags")
    targets = tuple(
        Target(ranks[host, path], host, path, places(host)[0], pop) for host, path in good for pop in places(host)[1]
    )
    return Comparison(targets, _other(targets, good, probe))


def _other(targets: Sequence[Target], good: dict[Place, Answer], probe: EdgeProbe) -> tuple[Target, ...]:
    asks = {Ask(one.host, one.path, one.edge, one.pop): one for one in targets}
    found: list[Target] = []

    def look(answer: Answer) -> None:
        target = asks[answer.ask]
        if answer.status != 200 or answer.body != good[target.host, target.path].body:
            found.append(target)

    probe.fetch_all(asks, AT_ONCE, look)
    return tuple(sorted(found))
