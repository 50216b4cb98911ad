"""Performs emergency on and off: journals, writes only over what it may, reads back; the card is all that is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controlplane.domain.emergency import (
    DISABLED,
    EDGE,
    EMERGENCY_KEY,
    ENABLED,
    HELD_BY_FAILOVER,
    POOL,
    SWITCH,
    EmergencyCard,
    Journal,
    Switch,
    acts,
    claimed,
    is_superseded,
    noted,
)
from controlplane.domain.ledger import Kind
from controlplane.domain.roles import ROLES_KEY, current
from controlplane.domain.undo import Act, Next, Value
from controlplane.errors import Incomplete, LeaseLost, Refused, Unavailable, VerificationFailed
from controlplane.operations.intents import intent_key
from controlplane.operations.ledger import Record
from controlplane.ports.cache_switches import CacheSwitches
from controlplane.ports.edge_store import MAX_VALUE_BYTES, EdgeStore
from controlplane.ports.shared_store import SharedStore
from controlplane.ports.steering import Steering

ROUNDS = 8
"""More looks than a change needs (journal, write, confirm) by some that others' changes may cost."""
QUIET = frozenset({Act.NOTHING, Act.KEEP})


@dataclass(frozen=True)
class EmergencyMeans:
    """What switching works with; `check` raises LeaseLost when we may no longer act; `tell` hears each effect."""

    store: SharedStore
    edge: EdgeStore
    steering: Steering
    switches: CacheSwitches
    home: str
    check: Callable[[], None]
    record: Record
    tell: Callable[[str], None]


def journal_of(store: SharedStore) -> Journal:
    """The journal as last decided. Raises Unavailable."""
    return Journal.from_json(store.read(EMERGENCY_KEY))


def begin(store: SharedStore, steering: Steering, card: EmergencyCard) -> EmergencyCard:
    """Store the card before the first effect, and take back older ones of the same scope; gives it as stored.

    Raises Refused where the edge store cannot hold one more scope, or the last pool would be disabled.
    """
    words = claimed(journal_of(store), card).wanted(f"{EDGE}{EMERGENCY_KEY}")
    if words is not None and len((words.value or "").encode()) > MAX_VALUE_BYTES:
        raise Refused(
            f"the edge store holds {MAX_VALUE_BYTES} bytes of scopes; with {card.target} it would be more",
            next_step="`wedcache emergency on platform` covers every wedding",
        )
    disabled = {name.removeprefix(POOL) for name, value in card.wants.items() if value == DISABLED}
    if card.operation is Switch.ON and disabled:
        _check_one_is_left(steering, disabled)
    text = store.change(intent_key(card.id), lambda text: text or card.to_json())
    before = unfinished(store, card.target)
    if before is not None and before.id != card.id:
        withdraw(store, before)
    return EmergencyCard.from_json(text or "")


def reconcile(means: EmergencyMeans, card: EmergencyCard) -> EmergencyCard:
    """Do what is left and return the closed card. Safe to run again at any point.

    Raises LeaseLost if the scope was switched again since or the lease is lost, Incomplete (13) with every setting
    that a vendor refused (the card stays open) or that was left as others changed it (the card is closed).
    """
    if card.state != "open":
        return card
    means.check()
    if is_superseded(journal_of(means.store), card):
        means.record.write(Kind.CANCELLED, "switched again since")
        withdraw(means.store, card)
    means.store.change(EMERGENCY_KEY, lambda text: _claimed(text, card))
    failed: dict[str, str] = {}
    kept = dict(card.kept)
    for _ in range(ROUNDS):
        text = means.store.read(EMERGENCY_KEY)
        journal = Journal.from_json(text)
        _go_on(journal, card)
        failed, observed = _observe(means, journal)
        steps = acts(journal, observed)
        for name in (name for name, step in steps.items() if step.act is Act.KEEP and name not in kept):
            kept[name] = f"is {observed[name]!r}, which is not ours: left as it is"
            means.record.note(Kind.KEPT, f"{name} {kept[name]}")
        _note(means, card, text, steps)
        writes = {name: step for name, step in steps.items() if step.act is Act.WRITE}
        failed |= _write(means, card, writes, observed)
        if all(step.act in QUIET or name in failed for name, step in steps.items()):
            return _close(means, card, kept, failed)
    raise _left(card, {"settings": f"were changed by others {ROUNDS} times in a row"}, is_open=True)


def unfinished(store: SharedStore, scope: str) -> EmergencyCard | None:
    """The last card of a scope, if nobody has finished it."""
    last = journal_of(store).cards.get(scope)
    text = store.read(intent_key(last)) if last else None
    card = EmergencyCard.from_json(text) if text else None
    return card if card is not None and card.state == "open" else None


def withdraw(store: SharedStore, card: EmergencyCard) -> None:
    """Take an open card back: another one of the same scope says what holds now."""

    def update(text: str | None) -> str | None:
        held = EmergencyCard.from_json(text) if text else card
        return text if held.state != "open" else held.model_copy(update={"state": "withdrawn"}).to_json()

    store.change(intent_key(card.id), update)


def _claimed(text: str | None, card: EmergencyCard) -> str:
    journal = Journal.from_json(text)
    _go_on(journal, card)
    return claimed(journal, card).to_json()


def _go_on(journal: Journal, card: EmergencyCard) -> None:
    if is_superseded(journal, card):
        raise LeaseLost(
            f"{card.target} was switched again since {card.id} (epoch {card.epoch}): stopped",
            next_step="`wedcache emergency status` shows what is on",
        )


def _note(means: EmergencyMeans, card: EmergencyCard, read: str | None, steps: Mapping[str, Next]) -> None:
    """Write the journal before the changes that it undoes; nothing if it moved since it was read."""
    if noted(Journal.from_json(read), steps) == Journal.from_json(read):
        return
    means.check()

    def update(text: str | None) -> str | None:
        return text if text != read else noted(Journal.from_json(text), steps).to_json()

    means.store.change(EMERGENCY_KEY, update)
    journaled = [name for name, step in steps.items() if step.act is Act.JOURNAL]
    if journaled:
        means.tell(f"journaled {', '.join(journaled)}")


def _observe(means: EmergencyMeans, journal: Journal) -> tuple[dict[str, str], dict[str, Value]]:
    """(what could not be seen, setting -> value): what a vendor does not answer is left for the next performer."""
    names = journal.settings()
    failed: dict[str, str] = {}
    observed: dict[str, Value] = {}

    def look(prefix: str, see: Callable[[list[str]], Mapping[str, Value]]) -> None:
        wanted = [name for name in names if name.startswith(prefix)]
        try:
            observed.update(see(wanted) if wanted else {})
        except Unavailable as error:
            failed.update(dict.fromkeys(wanted, str(error)))

    look(EDGE, lambda wanted: _edge_values(means, wanted))
    look(POOL, lambda wanted: _pool_values(means, wanted))
    for name in names:
        if name.startswith(SWITCH):
            look(name, lambda wanted: {one: means.switches.get(one.removeprefix(SWITCH)) for one in wanted})
    return failed, observed


def _edge_values(means: EmergencyMeans, names: list[str]) -> dict[str, Value]:
    held = means.edge.read()
    return {name: held.get(name.removeprefix(EDGE)) for name in names}


def _pool_values(means: EmergencyMeans, names: list[str]) -> dict[str, Value]:
    drained = current(means.store.read(ROLES_KEY), means.home).drained
    states = {f"{POOL}{pool.region}": ENABLED if pool.enabled else DISABLED for pool in means.steering.pools()}
    return {name: HELD_BY_FAILOVER if name.removeprefix(POOL) in drained else states.get(name) for name in names}


def _write(
    means: EmergencyMeans, card: EmergencyCard, writes: Mapping[str, Next], observed: Mapping[str, Value]
) -> dict[str, str]:
    """Make the writes; what a vendor refuses or does not answer, by setting."""
    failed: dict[str, str] = {}
    for name, step in writes.items():
        means.check()
        try:
            _write_one(means, card, name, step.value, observed[name])
        except (Unavailable, VerificationFailed) as error:
            failed[name] = str(error)
            continue
        words = f"{name}: {_shown(observed[name])} -> {_shown(step.value)}"
        means.tell(words)
        means.record.note(Kind.STEP, words)
    return failed


def _write_one(means: EmergencyMeans, card: EmergencyCard, name: str, value: Value, expected: Value) -> None:
    if name.startswith(EDGE):
        key = name.removeprefix(EDGE)

        def update(held: Mapping[str, str]) -> dict[str, Value]:
            # Between the store's read and its conditional write: late performers and others' changes stop here.
            means.check()
            _go_on(journal_of(means.store), card)
            return {key: value} if held.get(key) == expected else {}

        means.edge.change(update)
    elif name.startswith(POOL):
        region = name.removeprefix(POOL)
        if _pool_values(means, [name])[name] == expected:
            means.steering.set_enabled(region, enabled=value == ENABLED)
    elif value is not None and means.switches.get(name.removeprefix(SWITCH)) == expected:
        means.switches.set(name.removeprefix(SWITCH), value)


def _check_one_is_left(steering: Steering, disabled: set[str]) -> None:
    if not any(pool.enabled for pool in steering.pools() if pool.region not in disabled):
        raise Refused(
            f"no pool but that of {', '.join(sorted(disabled))} is enabled: guests would have none",
            next_step="`wedcache status` shows the pools; `wedcache emergency on platform` spares every region",
        )


def _close(
    means: EmergencyMeans, card: EmergencyCard, kept: Mapping[str, str], failed: Mapping[str, str]
) -> EmergencyCard:
    if failed:
        raise _left(card, {**kept, **failed}, is_open=True)
    means.check()
    closed = card.model_copy(update={"state": "done", "kept": dict(kept)})
    # First the ledger: a card that is closed is never looked at again.
    means.record.write(Kind.CLOSED, f"{card.target} is {'on' if card.operation is Switch.ON else 'off'}")
    means.store.change(intent_key(card.id), lambda _: closed.to_json())
    if kept:
        raise _left(card, kept, is_open=False)
    return closed


def _left(card: EmergencyCard, report: Mapping[str, str], *, is_open: bool) -> Incomplete:
    if is_open:
        return Incomplete(
            f"{card.id} is not finished",
            next_step=f"`wedcache ops resume {card.id}` goes on from here, on any machine",
            report=report,
        )
    return Incomplete(
        f"{card.id} is done but for what others have changed; that was left as it is",
        next_step="nothing has to be done; ask whoever changed it",
        report=report,
    )


def _shown(value: Value) -> str:
    return "nothing" if value is None else value
