"""What a world must look like at the end, whoever died on the way: the same facts as without a death."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from controlplane.domain import ledger
from controlplane.domain.ledger import ANCHORS, LEDGERS
from controlplane.domain.register import Acceptor
from controlplane.operations.intents import INTENTS
from sandbox.chaos.cloud import State

REGISTERS = "registers/"
BOOKKEEPING = ("lease/", LEDGERS, ANCHORS)
"""Registers that tell of an operation instead of being it: repeated by every performer, and judged by themselves."""
_ID = re.compile(r"(-of-\w+)*-\d{8}T\d{6}-[0-9a-f]{6}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_WHO = re.compile(r"[\w.-]+@[\w.-]+:\d+:[0-9a-f]{6}")
COUNTED = frozenset(
    {"wedcache.calendar/1", "wedcache.emergency/1", "wedcache.emergency-intent/1", "wedcache.takedown-intent/1"}
)
"""What has the next epoch when a command without a card is typed once more; roles are none of these."""
_TOLD = frozenset({"by", "at", "begun_at", "seconds", "digest", "made", "epoch_at", "compiled_at", "valid_until"})
"""Keys that say who did something and when."""


def registers(state: State) -> dict[str, Acceptor]:
    """Every register as last accepted by a majority, or, where none agrees, under the highest ballot."""
    found: dict[str, list[Acceptor]] = {}
    for bucket in state.buckets.values():
        for key, (text, *_) in bucket.items():
            if key.startswith(REGISTERS):
                found.setdefault(key.removeprefix(REGISTERS), []).append(Acceptor.from_json(text))
    return {key: max(held, key=lambda one: one.accepted) for key, held in found.items()}


def facts(state: State) -> dict[str, Any]:
    """All that lasts, without who and when."""
    held = registers(state)
    cards = sorted(
        {_scrubbed(one.state.value) for key, one in held.items() if key.startswith(INTENTS) and one.state.value}
    )
    plain = {key: text for bucket in state.buckets.values() for key, (text, *_) in bucket.items()}
    return {
        "registers": {
            key: _scrubbed(one.state.value)
            for key, one in sorted(held.items())
            if not key.startswith((INTENTS, *BOOKKEEPING))
        },
        "cards": cards,
        "objects": sorted(
            {_scrubbed(text) for key, text in plain.items() if not key.startswith((REGISTERS, "agents/"))}
        ),
        "keys": {key: _scrubbed(value) for key, value in sorted(state.keys.items())},
        "pools": state.pools,
        "switches": state.switches,
        "policies": {role: _scrubbed(text) for role, text in state.policies.items()},
        "purges": sorted({json.dumps(one) for one in state.purges}),
        "warmed": sorted(state.warmed),
        "lists": state.lists,
    }


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What was lost, or is there that should not be."""
    wrong = []
    for kind, value in wanted.items():
        if value == found[kind]:
            continue
        if isinstance(value, dict):
            wrong += [
                f"{kind} {key}: {found[kind].get(key)} instead of {value.get(key)}"
                for key in sorted({*value, *found[kind]})
                if value.get(key) != found[kind].get(key)
            ]
        else:
            wrong.append(f"{kind}: {found[kind]} instead of {value}")
    return wrong


def untold(state: State) -> list[str]:
    """Ledgers that do not hold, do not end, or tell of a step more than twice."""
    held = registers(state)
    anchors = {key: one.state.value for key, one in held.items() if key.startswith(ANCHORS)}
    wrong = []
    for key, one in held.items():
        if key.startswith(INTENTS) and one.state.value:
            identity = key.removeprefix(INTENTS)
            chain = held.get(f"{LEDGERS}{identity}")
            texts = [text for name, text in anchors.items() if name.startswith(f"{ANCHORS}{identity}/") and text]
            finding = ledger.check(chain.state.value if chain else None, identity, texts)
            wrong += [f"ledger of {identity}: {words}" for words in (*finding.broken, *finding.unsure)]
            state_of = json.loads(one.state.value or "{}").get("state")
            wrong += [f"the card {identity} is {state_of}"] if state_of == "open" else []
    return wrong


def effects(state: State, whose: int | None = None, since: int = 0) -> Counter[str]:
    """What was carried out, and how often; a register's change counts by its mark, however many buckets took it."""
    found: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for row in state.effects[since:]:
        if whose is not None and row["who"] != whose:
            continue
        if row["what"] != "s3 put_object":
            found[_ID.sub("", json.dumps({key: value for key, value in row.items() if key != "who"}))] += 1
            continue
        name = row["key"].removeprefix(REGISTERS)
        if row["key"].startswith(REGISTERS) and not name.startswith(BOOKKEEPING):
            _register(row, name, seen, found)
    return found


def _register(row: Mapping[str, Any], name: str, seen: set[tuple[str, str]], found: Counter[str]) -> None:
    new = Acceptor.from_json(row["new"])
    old = Acceptor.from_json(row["old"]) if row["old"] else Acceptor()
    mark = new.state.marks[-1] if new.state.marks else ""
    if new.accepted == old.accepted or new.state.value == old.state.value or (name, mark) in seen:
        return
    seen.add((name, mark))
    found[f"register {_ID.sub('', name)} = {_scrubbed(new.state.value)}"] += 1


def too_often(base: Counter[str], found: Counter[str], kills: int) -> list[str]:
    """Effects beyond those of an undisturbed run and one more for each death."""
    return [f"{count} times: {what}" for what, count in found.items() if count > base[what] + kills]


def _scrubbed(text: str | None) -> str:
    if text is None:
        return ""
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    return json.dumps(_told_apart(value), sort_keys=True)


def _told_apart(value: Any) -> Any:
    if isinstance(value, dict):
        untold = _TOLD | {"epoch", "epochs"} if value.get("schema") in COUNTED else _TOLD
        return {_plain(key): _told_apart(one) for key, one in value.items() if key not in untold}
    if isinstance(value, list):
        return [_told_apart(one) for one in value]
    return _plain(value) if isinstance(value, str) else value


def _plain(text: str) -> str:
    return _WHO.sub("WHO", _TIME.sub("TIME", _ID.sub("", text)))
