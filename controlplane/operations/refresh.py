"""Carries an owner's update to every city: the new pages are warmed first, then guests get them; nobody waits.

The regions' caches hold the new values already. CDNs that can mark copies stale are told to: they serve the old page
while they fetch the new one. CloudFront cannot, so there each page gets a new edition (`domain/edge_keys.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from controlplane.domain.content_update import Carried, ContentUpdate
from controlplane.domain.edge_keys import Place, prepared, turned
from controlplane.domain.http_caching import BORN
from controlplane.errors import Incomplete
from controlplane.operations.warm import AT_ONCE, manifests
from controlplane.ports.cdn import Cdn
from controlplane.ports.clock import Clock
from controlplane.ports.edge_probe import Answer, Ask, EdgeProbe
from controlplane.ports.edge_store import MAX_KEYS_A_WRITE, EdgeStore

EDITIONS = "cloudfront"
PATIENCE_SECONDS = 10.0
EDITIONS_TRIED = 4
PAUSE_SECONDS = 0.1
PAGES_A_WRITE = MAX_KEYS_A_WRITE // 2
SLACK_SECONDS = 1.0
"""How far the purge logs' clocks of two regions may lie apart."""


@dataclass(frozen=True)
class Means:
    """What an update is carried with. `edges`: host -> CDN, of the platform's hosts and the wedding's; `pops`: CDN ->
    POPs; `edition` gives a new edition's name, which nobody can guess."""

    probe: EdgeProbe
    store: EdgeStore
    cdns: Sequence[Cdn]
    edges: Mapping[str, str]
    pops: Mapping[str, Sequence[str]]
    clock: Clock
    pause: Callable[[float], None]
    edition: Callable[[], str]


def refresh(update: ContentUpdate, means: Means) -> Carried:
    """Bring the pages of `update` to every POP. Safe to repeat.

    A POP that cannot be warmed in time gets the new pages all the same: to be current comes before to be warm. Raises
    BadInput for what is no owner's update and Unavailable where a vendor does not answer (both: guests keep what they
    have), Incomplete naming the pages and POPs that were not seen to give the new copy.
    """
    update.check()
    begun = means.clock.monotonic()
    pages = _pages(update, means)
    soft = [cdn for cdn in means.cdns if cdn.edge != EDITIONS]
    for cdn in soft if any(means.edges[host] != EDITIONS for host, _ in pages) else ():
        cdn.purge(update.tags, soft=True, reference=update.id)
    keyed = [page for page in pages if means.edges[page[0]] == EDITIONS]
    for start in range(0, len(keyed), PAGES_A_WRITE):
        _turn(keyed[start : start + PAGES_A_WRITE], update.born, means)
    seen, missing = _until_new(_asks(pages, means), update.born, means)
    if missing:
        raise Incomplete(
            f"update {update.id}: {len(missing)} of {len(seen) + len(missing)} copies were not seen to be new: "
            + ", ".join(f"{ask.host}{ask.path}@{ask.pop} {said}" for ask, said in list(missing.items())[:5]),
            next_step="`wedcache trace` shows which tier still has the old copy",
            report={f"{ask.host}{ask.path}@{ask.pop}": said for ask, said in missing.items()},
        )
    last: dict[str, float] = {}
    for ask, at in seen.items():
        last[str(ask.pop)] = max(last.get(str(ask.pop), 0.0), round(at - begun, 3))
    return Carried(tuple(pages), last)


def _pages(update: ContentUpdate, means: Means) -> list[Place]:
    """The pages that carry one of its tags, the most important first."""
    wanted = set(update.tags)
    found = [
        (page.tier.rank, host, page.path)
        for host, listed in manifests(means.probe, means.edges, means.pops).items()
        for page in listed
        if wanted.intersection(page.tags)
    ]
    return [(host, path) for _, host, path in sorted(found)]


def _turn(pages: Sequence[Place], born: float, means: Means) -> None:
    """Warm a new edition of these pages where nobody sees it, then let everybody have it.

    What an origin gave too early is kept under the edition's name: then another one is begun.
    """
    for _ in range(EDITIONS_TRIED):
        edition = means.edition()
        _write(prepared(pages, edition), means)
        _, missing = _until_new(_asks(pages, means, edition), born, means, PATIENCE_SECONDS / EDITIONS_TRIED)
        if not missing:
            break
    _write(turned(pages, edition), means)


def _write(keys: Mapping[str, str | None], means: Means) -> None:
    means.store.change(lambda _: keys)


def _asks(pages: Iterable[Place], means: Means, edition: str = "") -> list[Ask]:
    return [
        Ask(host, path, edge, pop, edition)
        for host, path in pages
        for edge in (means.edges[host],)
        for pop in means.pops[edge]
    ]


def _until_new(
    asks: Iterable[Ask], born: float, means: Means, patience: float = PATIENCE_SECONDS
) -> tuple[dict[Ask, float], dict[Ask, str]]:
    """Ask until every answer is a hit on a copy of the update's own time: when each was, and what the others said."""
    begun, seen, said = means.clock.monotonic(), dict[Ask, float](), dict[Ask, str]()
    waiting = list(asks)

    def look(answer: Answer) -> None:
        if answer.status == 200 and answer.cache == "HIT" and _born(answer) >= born - SLACK_SECONDS:
            seen[answer.ask] = means.clock.monotonic()
        else:
            said[answer.ask] = answer.error or f"{answer.status} {answer.cache}"

    while waiting:
        means.probe.fetch_all(waiting, AT_ONCE, look)
        waiting = [ask for ask in waiting if ask not in seen]
        if not waiting or means.clock.monotonic() - begun > patience:
            break
        means.pause(PAUSE_SECONDS)
    return seen, {ask: said.get(ask, "no answer") for ask in waiting}


def _born(answer: Answer) -> float:
    """When the load of the copy began; 0 where it does not say, as of a copy that was stale at the origin."""
    try:
        return float(answer.headers.get(BORN.lower(), "0"))
    except ValueError:
        return 0.0
