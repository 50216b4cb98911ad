"""Every knob of both CDNs: a guest asks, the knob is changed through the vendor's API, the guest asks again.

All of it happens on scratch objects with scratch origins behind them: nothing that the programs declared is touched,
and at the end nothing is left at the vendors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sandbox.rehearsal.knobs import cloudflare_table, cloudfront_table
from sandbox.rehearsal.knobs.cloudflare_config import MARKER, MARKER_SENDS
from sandbox.rehearsal.knobs.cloudflare_scratch import CloudflareScratch
from sandbox.rehearsal.knobs.cloudfront_scratch import CloudFrontScratch
from sandbox.rehearsal.knobs.guest import Guest
from sandbox.rehearsal.knobs.row import AFTER, BEFORE, JUMP_SECONDS, Ask, Knob, Seen, Sends
from sandbox.rehearsal.knobs.witness import witnesses
from sandbox.rehearsal.stage import Stage

TABLES: Mapping[str, Sequence[Knob]] = {"cloudfront": cloudfront_table.KNOBS, "cloudflare": cloudflare_table.KNOBS}
T = TypeVar("T")
Key = tuple[str, str]
"""(CDN, slug)."""


class Scratch(Protocol):
    """What a vendor offers to the probes; each call returns when the change can be seen at the POP."""

    host: str

    def make(self) -> None:
        """Declare everything as it is before the changes."""

    def change(self, knobs: Sequence[Knob]) -> None:
        """Change these knobs, and nothing else."""

    def purge(self, orders: Sequence[Mapping[str, Any]], side: str) -> None:
        """Order purges, once for a side."""


@dataclass(frozen=True)
class Edge:
    """One CDN: its knobs, its scratch objects, a guest of its POP."""

    cdn: str
    knobs: Sequence[Knob]
    scratch: Scratch
    guest: Guest

    def rows(self, *, last: bool) -> list[Knob]:
        """The knobs of one round."""
        return [knob for knob in self.knobs if knob.last is last]

    def ask(self, knob: Knob, side: str, asks: Sequence[Ask]) -> list[Seen]:
        """The answers to a row's requests, in order."""
        return [self.guest.ask(ask.host or self.scratch.host, knob.path(side, ask.leaf), ask) for ask in asks]


def play(stage: Stage) -> None:
    """Probe everything, change all that does not hang together at once, probe again; then the rest; then tidy up."""
    for cdn, knobs in TABLES.items():
        stage.record("knob-table", cdn=cdn, knobs=[knob.name for knob in knobs])
    with ExitStack() as undo:
        undo.enter_context(witnesses(stage.run, sends()))
        edges = [open_edge(stage, cdn, undo) for cdn in TABLES]
        at_each(edges, lambda edge: edge.scratch.make())
        before = look(stage, edges, BEFORE, last=False) | look(stage, edges, BEFORE, last=True)
        after = changed(stage, edges, last=False)
        after |= changed(stage, edges, last=True)
        for edge in edges:
            for knob in edge.knobs:
                record(stage, edge.cdn, knob, before, after)


def sends() -> dict[str, Sends]:
    """What the scratch origins answer, by slug. Both tables share the origins; a slug means one thing."""
    return {MARKER: MARKER_SENDS} | {knob.slug: knob.sends for knobs in TABLES.values() for knob in knobs}


def open_edge(stage: Stage, cdn: str, undo: ExitStack) -> Edge:
    """A guest at the CDN's POP, and an account to declare in; nothing is declared yet."""
    guest = undo.enter_context(Guest(stage.run, stage.world.first(cdn)))
    knobs = TABLES[cdn]
    scratch: Scratch
    if cdn == "cloudfront":
        scratch = CloudFrontScratch(stage.run, knobs, undo, f"knobs-{stage.seed}")
    else:
        scratch = CloudflareScratch(stage.run, knobs, undo, guest)
    return Edge(cdn, knobs, scratch, guest)


def at_each(edges: Sequence[Edge], act: Callable[[Edge], T]) -> list[T]:
    """What `act` gives for each edge; both CDNs at once, because they have nothing in common."""
    with ThreadPoolExecutor(max_workers=len(edges)) as pool:
        return list(pool.map(act, edges))


def changed(stage: Stage, edges: Sequence[Edge], *, last: bool) -> dict[Key, str]:
    """Change the knobs of one round and see what guests see now."""
    at_each(edges, lambda edge: edge.scratch.change(edge.rows(last=last)))
    return look(stage, edges, AFTER, last=last)


def look(stage: Stage, edges: Sequence[Edge], side: str, *, last: bool) -> dict[Key, str]:
    """What guests see of each knob now. The calendar jumps once, for all that gets old meanwhile."""
    filled = at_each(edges, lambda edge: {knob.slug: edge.ask(knob, side, knob.fill) for knob in edge.rows(last=last)})
    if not last:
        stage.clock.advance(JUMP_SECONDS)
    firsts = {edge.cdn: answers for edge, answers in zip(edges, filled, strict=True)}

    def read(edge: Edge) -> dict[Key, str]:
        rows = edge.rows(last=last)
        orders = [knob.purge(side) for knob in rows if knob.purge(side)]
        if orders:
            edge.scratch.purge(orders, side)
        return {
            (edge.cdn, knob.slug): knob.read([*firsts[edge.cdn][knob.slug], *edge.ask(knob, side, knob.then)])
            for knob in rows
        }

    return {key: word for words in at_each(edges, read) for key, word in words.items()}


def record(stage: Stage, cdn: str, knob: Knob, before: Mapping[Key, str], after: Mapping[Key, str]) -> None:
    """One knob's row of evidence."""
    stage.record(
        "knob",
        knob=knob.name,
        cdn=cdn,
        before=before[cdn, knob.slug],
        after=after[cdn, knob.slug],
        wanted_before=knob.wanted[0],
        wanted_after=knob.wanted[1],
    )
