"""Single rules of a ruleset: add, change, delete, and their position."""

from __future__ import annotations

from typing import Any

from sandbox.cloudflare.answers import Answer, Json, VendorRefusal
from sandbox.cloudflare.asks import Ask
from sandbox.cloudflare.phases import PHASES
from sandbox.cloudflare.rule_checks import UNKNOWN_FIELD, check_rules
from sandbox.cloudflare.rulesets import NOT_FOUND, found, save
from sandbox.cloudflare.world import World


def create(world: World, ask: Ask) -> Answer:
    """POST .../rulesets/{ruleset_id}/rules: the rule goes last, or where `position` says."""
    zone = world.zone(ask.names["zone_id"])
    ruleset = found(zone, ask.names["ruleset_id"])
    body = dict(ask.fields)
    position = body.pop("position", None)
    rules = [*ruleset["rules"]]
    rules.insert(_place(position, rules, len(rules)), body)
    return save(world, ask, zone, ruleset, check_rules(rules, PHASES[ruleset["phase"]], world.plan))


def edit(world: World, ask: Ask) -> Answer:
    """PATCH .../rules/{rule_id}: the whole new definition, or only a `position`."""
    zone = world.zone(ask.names["zone_id"])
    ruleset = found(zone, ask.names["ruleset_id"])
    old = _rule(ruleset, ask.names["rule_id"])
    body = dict(ask.fields)
    position = body.pop("position", None)
    rules = [rule for rule in ruleset["rules"] if rule["id"] != old["id"]]
    fresh = (body or old) | {"id": old["id"]}
    rules.insert(_place(position, rules, ruleset["rules"].index(old)), fresh)
    return save(world, ask, zone, ruleset, check_rules(rules, PHASES[ruleset["phase"]], world.plan))


def delete(world: World, ask: Ask) -> Answer:
    """DELETE .../rules/{rule_id}; answers the ruleset that remains."""
    zone = world.zone(ask.names["zone_id"])
    ruleset = found(zone, ask.names["ruleset_id"])
    gone = _rule(ruleset, ask.names["rule_id"])
    rules = [rule for rule in ruleset["rules"] if rule["id"] != gone["id"]]
    return save(world, ask, zone, ruleset, check_rules(rules, PHASES[ruleset["phase"]], world.plan))


def _rule(ruleset: Json, rule_id: str) -> Json:
    for rule in ruleset["rules"]:
        if rule["id"] == rule_id:
            return dict(rule)
    raise VendorRefusal(404, NOT_FOUND, f"could not find rule {rule_id}")


def _place(position: Any, others: list[Json], default: int) -> int:
    """Where the rule goes among the others. `position` is {"index": n from 1}, {"before": id} or {"after": id}."""
    if position is None:
        return default
    ids = [rule["id"] for rule in others]
    word, told = next(iter(position.items())) if isinstance(position, dict) and len(position) == 1 else ("", None)
    if word == "index" and isinstance(told, int) and 1 <= told <= len(others) + 1:
        return told - 1
    if word == "before" and (told == "" or told in ids):
        return ids.index(told) if told else 0
    if word == "after" and (told == "" or told in ids):
        return ids.index(told) + 1 if told else len(others)
    raise VendorRefusal(
        400, UNKNOWN_FIELD, "position: give index, before or after of this ruleset", pointer="/position"
    )
