"""Performs a takedown: denied first, then purged everywhere, then seen to be gone at every POP; the card is enough."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from controlplane.domain.ledger import Kind
from controlplane.domain.purge import PurgeRequest
from controlplane.domain.purge_log import Kind as PurgeKind
from controlplane.domain.takedown import (
    TAKEDOWNS_KEY,
    Register,
    TakedownCard,
    TooMuch,
    edge_denials,
    receipt_key,
    taken_down,
)
from controlplane.errors import Incomplete, Refused, Unavailable, VerificationFailed
from controlplane.operations.intents import intent_key
from controlplane.operations.ledger import Record
from controlplane.operations.purge import purge
from controlplane.ports.cdn import Cdn
from controlplane.ports.clock import Clock
from controlplane.ports.edge_probe import Answer, Ask, EdgeProbe
from controlplane.ports.edge_store import EdgeStore
from controlplane.ports.path_denials import PathDenials
from controlplane.ports.shared_store import SharedStore

GONE = 410
POLL_SECONDS = 0.1
REGION_SECONDS = 5.0
SETTLE_SECONDS = 1.0
"""Twice what an origin takes to read from its Redis what is denied: nothing is filled again after the purge."""
AT_ONCE = 6


@dataclass(frozen=True)
class TakedownMeans:
    """What a takedown works with.

    `edges` maps host -> CDN, `pops` CDN -> its POPs; `check` raises LeaseLost when we may no longer act; `tell` hears
    each step and its seconds. Regions and POPs get `patience` seconds.
    """

    store: SharedStore
    edge: EdgeStore
    denials: PathDenials
    cdns: Sequence[Cdn]
    probe: EdgeProbe
    regions: Sequence[str]
    edges: Mapping[str, str]
    pops: Mapping[str, Sequence[str]]
    clock: Clock
    pause: Callable[[float], None]
    check: Callable[[], None]
    record: Record
    tell: Callable[[str, float], None]
    patience: float = 20.0


def register_of(store: SharedStore) -> Register:
    """Everything that is denied, as last decided. Raises Unavailable."""
    return Register.from_json(store.read(TAKEDOWNS_KEY))


def begin(store: SharedStore, card: TakedownCard) -> TakedownCard:
    """Store the card before the first effect; gives it as stored. Raises Refused for more than the edge holds."""
    try:
        taken_down(register_of(store), card)
    except TooMuch as why:
        raise Refused(str(why)) from why
    return TakedownCard.from_json(store.change(intent_key(card.id), lambda text: text or card.to_json()) or "")


def reconcile(means: TakedownMeans, card: TakedownCard) -> TakedownCard:
    """Do it all, or again what may be left, and return the closed card. Safe to run again at any point.

    Raises Incomplete (13) with who has not done it yet, VerificationFailed (14) with where it is still to be had; the
    card stays open then. LeaseLost where somebody else performs it.
    """
    if card.state != "open":
        return card
    seconds = dict(card.seconds)
    owed: dict[str, str] = {}

    def step(name: str, act: Callable[[], dict[str, str]]) -> None:
        means.check()
        begun = means.clock.monotonic()
        left = act()
        owed.update(left)
        if not left:
            seconds[name] = round(means.clock.monotonic() - begun, 3)
            means.tell(name, seconds[name])

    register = _decided(means, card)
    step("deny", lambda: _deny_at_edges(means))
    is_denied = not owed
    step("regions", lambda: _wait_for_regions(means, register.epoch))
    if owed and not is_denied and any(region in owed for region in means.regions):
        raise _left(card, owed, "copies were not purged: what is not denied would only be fetched again")
    step("purge", lambda: _purge(means, card))
    step("verify", lambda: _verify(means, card))
    if owed:
        raise _left(card, owed, f"{card.target} is denied, and not everywhere is it proven to be gone")
    means.check()
    closed = card.model_copy(update={"state": "done", "seconds": seconds})
    # First the ledger: a card that is closed is never looked at again.
    means.record.write(Kind.CLOSED, f"{card.target} is gone at every POP, {len(card.urls)} URLs were looked at")
    means.store.change(intent_key(card.id), lambda _: closed.to_json())
    return closed


def _decided(means: TakedownMeans, card: TakedownCard) -> Register:
    """The register with the card's targets: from here on agents deny them, whatever becomes of us."""
    means.check()
    text = means.store.change(TAKEDOWNS_KEY, lambda text: taken_down(Register.from_json(text), card).to_json())
    return Register.from_json(text)


def _deny_at_edges(means: TakedownMeans) -> dict[str, str]:
    """Both CDNs; what is denied is read between the edge store's read and its conditional write."""
    owed: dict[str, str] = {}
    try:
        means.edge.change(lambda _: dict(edge_denials(register_of(means.store))))
    except Unavailable as error:
        owed["denial at cloudfront"] = str(error)
    try:
        denied = register_of(means.store).denied()
        means.denials.put(
            {host: paths for host, paths in denied.items() if means.edges.get(host) == means.denials.edge}
        )
    except (Unavailable, VerificationFailed) as error:
        owed[f"denial at {means.denials.edge}"] = str(error)
    return owed


def _wait_for_regions(means: TakedownMeans, epoch: int) -> dict[str, str]:
    """Until every region's agent says that its Redis holds the denial, then until origins have read it."""
    deadline = means.clock.monotonic() + min(REGION_SECONDS, means.patience)
    waiting = list(means.regions)
    while True:
        waiting = [region for region in waiting if _held(means.store, region) < epoch]
        if not waiting or means.clock.monotonic() >= deadline:
            break
        means.pause(POLL_SECONDS)
    if len(waiting) < len(means.regions):
        means.pause(SETTLE_SECONDS)
    return dict.fromkeys(waiting, "has not confirmed the denial: its agent follows when its Redis answers")


def _held(store: SharedStore, region: str) -> int:
    """The epoch that a region's agent has confirmed; a look that fails shows nothing: the next one may."""
    try:
        text = store.get(receipt_key(region))
        return int(json.loads(text)["epoch"]) if text else 0
    except (Unavailable, ValueError, KeyError, TypeError):
        return 0


def _purge(means: TakedownMeans, card: TakedownCard) -> dict[str, str]:
    tags = tuple(sorted({tag for taken in card.takes.values() for tag in taken.purge}))
    request = PurgeRequest(id=card.id, tags=tags, kind=PurgeKind.HARD, by=card.by, at=card.begun_at)
    try:
        purge(
            request,
            store=means.store,
            cdns=means.cdns,
            regions=means.regions,
            clock=means.clock,
            pause=means.pause,
            patience=means.patience,
            check=means.check,
        )
    except Incomplete as error:
        return {f"purge at {name}": words for name, words in error.report.items() if words != "confirmed"}
    return {}


def _verify(means: TakedownMeans, card: TakedownCard) -> dict[str, str]:
    """Ask for every URL at every POP until each says that it is gone. Raises VerificationFailed for what is served."""
    waiting = _asks(means, card)
    deadline = means.clock.monotonic() + means.patience
    while True:
        answers = _asked(means.probe, waiting)
        waiting = [ask for ask in waiting if answers[ask].status != GONE]
        if not waiting:
            return {}
        if means.clock.monotonic() >= deadline:
            break
        means.pause(POLL_SECONDS)
    silent = {_named(ask): f"no answer: {answers[ask].error}" for ask in waiting if answers[ask].status == 0}
    served = {_named(ask): f"status {answers[ask].status}" for ask in waiting if answers[ask].status}
    if served:
        raise VerificationFailed(
            f"{card.id}: {len(served)} of {len(_asks(means, card))} are not gone",
            next_step=f"`wedcache trace URL` shows who answers; `wedcache ops resume {card.id}` goes on",
            report={**served, **silent},
        )
    return silent


def _asked(probe: EdgeProbe, asks: Sequence[Ask]) -> dict[Ask, Answer]:
    answers: dict[Ask, Answer] = {}
    probe.fetch_all(asks, AT_ONCE, lambda answer: answers.update({answer.ask: answer}))
    return answers


def _asks(means: TakedownMeans, card: TakedownCard) -> list[Ask]:
    return [
        Ask(host, path, means.edges[host], pop)
        for host, path in card.urls
        if host in means.edges
        for pop in means.pops[means.edges[host]]
    ]


def _named(ask: Ask) -> str:
    return f"https://{ask.host}{ask.path} at {ask.pop}"


def _left(card: TakedownCard, owed: Mapping[str, str], words: str) -> Incomplete:
    return Incomplete(
        f"{card.id}: {words}",
        next_step=f"`wedcache ops resume {card.id}` goes on from here, on any machine; agents deny what they owe",
        report=owed,
    )
