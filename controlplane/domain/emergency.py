"""Emergency mode: which scopes are on, what each wants of which setting, and the journal that undoes it. Pure.

Scopes stack: a setting is given back only when the last scope that claims it is switched off.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from controlplane.domain.inventory import Inventory, WeddingEntry
from controlplane.domain.scope import Reach, Scope
from controlplane.domain.undo import Act, Entry, Next, Value, Wanted, next_act

EMERGENCY_KEY = "emergency"
"""Register of the shared store that holds the journal; also the edge store's key."""
EDGE, POOL, SWITCH = "edge-store:", "pool:", "cloudflare:"
EDGE_SETTING = f"{EDGE}{EMERGENCY_KEY}"
ENABLED, DISABLED = "enabled", "disabled"
HELD_BY_FAILOVER = "held by a failover"
"""What a drained region's pool shows instead of its state: then it is not emergency's to change."""


class NotForEmergency(ValueError):
    """The scope cannot be switched to emergency mode; the message says why and what can."""


class Switch(enum.Enum):
    """Which way."""

    ON = "emergency-on"
    OFF = "emergency-off"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class EmergencyCard(_Frozen):
    """`wedcache.emergency-intent/1`: stored before the first effect; any laptop finishes it from here."""

    schema_: Literal["wedcache.emergency-intent/1"] = Field("wedcache.emergency-intent/1", alias="schema")
    id: str
    operation: Switch
    target: str
    """The scope, as it was written."""
    epoch: int
    digest: str
    by: str
    begun_at: str
    wants: dict[str, Value] = Field(default_factory=dict)
    until: str | None = None
    """When a worker switches it off; None: somebody does."""
    state: Literal["open", "done", "withdrawn"] = "open"
    kept: dict[str, str] = Field(default_factory=dict)
    """Setting -> what was left as it is, because somebody else had changed it."""

    def to_json(self) -> str:
        """The stored form."""
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, text: str) -> EmergencyCard:
        """Read the stored form. Raises pydantic.ValidationError."""
        return cls.model_validate_json(text)


class Claim(_Frozen):
    """One scope that is on. `wants` maps a setting to the value, or to this scope's word in a shared list."""

    operation: str
    by: str
    at: str
    until: str | None
    wants: dict[str, Value]


class Journal(_Frozen):
    """`wedcache.emergency/1`. `epoch` grows with every switching; `epochs` and `cards` hold each scope's last."""

    schema_: Literal["wedcache.emergency/1"] = Field("wedcache.emergency/1", alias="schema")
    epoch: int = 0
    epochs: dict[str, int] = Field(default_factory=dict)
    cards: dict[str, str] = Field(default_factory=dict)
    claims: dict[str, Claim] = Field(default_factory=dict)
    entries: dict[str, Entry] = Field(default_factory=dict)

    def to_json(self) -> str:
        """The stored form."""
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, text: str | None) -> Journal:
        """Read the stored form; None is the empty journal. Raises pydantic.ValidationError."""
        return cls() if text is None else cls.model_validate_json(text)

    def settings(self) -> list[str]:
        """Every setting that is claimed or journaled."""
        return sorted({*self.entries, *(name for claim in self.claims.values() for name in claim.wants)})

    def wanted(self, setting: str) -> Wanted | None:
        """What `setting` shall be: the word list of all claims at the edge, elsewhere the last claim's value."""
        asked = [claim.wants[setting] for claim in self.claims.values() if setting in claim.wants]
        if not asked:
            return None
        if setting == EDGE_SETTING:
            return Wanted(" ".join(sorted({word for words in asked for word in (words or "").split()})))
        return Wanted(asked[-1])


def wants_of(scope: Scope, inventory: Inventory, weddings: Sequence[WeddingEntry]) -> dict[str, Value]:
    """What a scope wants of which setting. Raises NotForEmergency.

    Only what belongs to the control plane: the edge store's key `emergency`, pools' `enabled`, and the switches that
    the inventory names.
    """
    if scope.reach is Reach.GLOBAL and scope.text == "platform":
        switches = sorted(inventory.cloudflare.switches.items())
        return {EDGE_SETTING: "platform", **{f"{SWITCH}{path}": value for path, value in switches}}
    if scope.reach is Reach.REGION:
        if scope.name not in inventory.cloudflare.pools:
            raise NotForEmergency(f"no pool for {scope.name!r}; there are {', '.join(inventory.cloudflare.pools)}")
        return {f"{POOL}{scope.name}": DISABLED}
    if scope.reach is Reach.WEDDING:
        hosts = [host for entry in weddings if entry.wedding == scope.name for host in entry.hosts]
        if not hosts:
            known = ", ".join(entry.wedding for entry in weddings) or "none"
            raise NotForEmergency(f"no wedding {scope.name!r}; there are {known}")
        return {EDGE_SETTING: " ".join(sorted(hosts))}
    raise NotForEmergency(f"{scope.text!r} has no emergency mode; platform, region:NAME and wedding:ID have")


def digest_of(operation: Switch, target: str, epoch: int, wants: Mapping[str, Value]) -> str:
    """The plan's digest: what is switched which way, at which epoch."""
    plan = [operation.value, target, epoch, dict(wants)]
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def claimed(journal: Journal, card: EmergencyCard) -> Journal:
    """The journal after `card` has claimed or released its scope. The same card again changes nothing."""
    if journal.epochs.get(card.target, 0) >= card.epoch:
        return journal
    claims = {name: claim for name, claim in journal.claims.items() if name != card.target}
    if card.operation is Switch.ON:
        claims[card.target] = Claim(
            operation=card.id, by=card.by, at=card.begun_at, until=card.until, wants=dict(card.wants)
        )
    return journal.model_copy(
        update={
            "epoch": max(journal.epoch, card.epoch),
            "epochs": {**journal.epochs, card.target: card.epoch},
            "cards": {**journal.cards, card.target: card.id},
            "claims": claims,
        }
    )


def is_superseded(journal: Journal, card: EmergencyCard) -> bool:
    """Whether the scope was switched again since: this card has nothing more to say."""
    last = journal.epochs.get(card.target, 0)
    return last > card.epoch or (last == card.epoch and journal.cards.get(card.target) != card.id)


def acts(journal: Journal, observed: Mapping[str, Value]) -> dict[str, Next]:
    """The next act of every setting that was observed and is claimed or journaled."""
    return {name: _act(journal, name, observed[name]) for name in journal.settings() if name in observed}


def _act(journal: Journal, name: str, observed: Value) -> Next:
    wanted, entry = journal.wanted(name), journal.entries.get(name)
    if observed == HELD_BY_FAILOVER:
        return Next(Act.KEEP, entry if wanted is not None else None)
    return next_act(wanted, entry, observed)


def noted(journal: Journal, steps: Mapping[str, Next]) -> Journal:
    """The journal with what `steps` write into it or drop from it."""
    entries = dict(journal.entries)
    for name, step in steps.items():
        if step.act in (Act.JOURNAL, Act.CONFIRM) and step.entry is not None:
            entries[name] = step.entry
        elif step.act is Act.DROP or (step.act is Act.KEEP and step.entry is None):
            entries.pop(name, None)
    return journal.model_copy(update={"entries": entries})


def due(journal: Journal, now: str) -> list[str]:
    """The scopes whose time is over at `now` (RFC 3339, UTC with Z), as a worker asks."""
    return [name for name, claim in journal.claims.items() if claim.until is not None and claim.until <= now]
