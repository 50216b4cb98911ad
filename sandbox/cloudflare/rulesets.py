"""Rulesets of a zone: one per phase, versioned; rules keep their identity by id or ref."""

from __future__ import annotations

from cloudflare.types.rulesets import PhaseUpdateParams, RulesetCreateParams, RulesetUpdateParams

from sandbox.cloudflare.answers import Answer, Json, VendorRefusal, not_here
from sandbox.cloudflare.asks import Ask
from sandbox.cloudflare.phases import PHASES, VENDOR_PHASES, Phase
from sandbox.cloudflare.refusals import refuse
from sandbox.cloudflare.rule_checks import UNKNOWN_FIELD, check_rules
from sandbox.cloudflare.shape import Problem, fields_of
from sandbox.cloudflare.world import World, Zone

NOT_FOUND = 10003
ONE_PER_PHASE = 20217
_CHANGING = ("version", "last_updated")


def phase_named(told: object) -> Phase:
    """The phase's row. Raises VendorRefusal: 400 for a name that the vendor lacks, 501 for one that we lack."""
    name = str(told)
    if name in VENDOR_PHASES and name not in PHASES:
        raise not_here(f"the ruleset phase {name}")
    if name not in PHASES:
        raise VendorRefusal(400, UNKNOWN_FIELD, f"{name!r} is not a valid value for phase", pointer="/phase")
    return PHASES[name]


def create(world: World, ask: Ask) -> Answer:
    """POST /zones/{zone_id}/rulesets. Raises VendorRefusal 20217 where the phase already has its ruleset."""
    zone = world.zone(ask.names["zone_id"])
    _known_keys(ask.fields, RulesetCreateParams)
    phase = phase_named(ask.fields.get("phase"))
    if not ask.fields.get("name"):
        raise VendorRefusal(400, UNKNOWN_FIELD, "name is required", pointer="/name")
    if ask.fields.get("kind") != "zone":
        raise VendorRefusal(
            400, 20015, f"{ask.fields.get('kind')!r} is not a valid value for kind in a zone: use zone", pointer="/kind"
        )
    if entrypoint(zone, phase.name) is not None:
        reason = f"exceeded maximum number of zone rulesets for phase {phase.name}"
        raise VendorRefusal(
            400, ONE_PER_PHASE, f"'zone' is not a valid value for kind because {reason}", pointer="/kind"
        )
    return _put(world, ask, zone, _empty(world, ask, phase.name), ask.fields)


def update(world: World, ask: Ask) -> Answer:
    """PUT /zones/{zone_id}/rulesets/{ruleset_id}: a new version, with the rules given."""
    zone = world.zone(ask.names["zone_id"])
    _known_keys(ask.fields, RulesetUpdateParams)
    ruleset = found(zone, ask.names["ruleset_id"])
    for key in ("kind", "phase"):
        if ask.fields.get(key, ruleset[key]) != ruleset[key]:
            raise VendorRefusal(400, 20014, f"the {key} of a ruleset cannot be changed", pointer=f"/{key}")
    return _put(world, ask, zone, ruleset, ask.fields)


def update_phase(world: World, ask: Ask) -> Answer:
    """PUT /zones/{zone_id}/rulesets/phases/{phase}/entrypoint: made when it is not there yet."""
    zone = world.zone(ask.names["zone_id"])
    phase = phase_named(ask.names["phase"])
    _known_keys(ask.fields, PhaseUpdateParams, RulesetUpdateParams)
    return _put(world, ask, zone, entrypoint(zone, phase.name) or _empty(world, ask, phase.name), ask.fields)


def get_phase(world: World, ask: Ask) -> Answer:
    """GET /zones/{zone_id}/rulesets/phases/{phase}/entrypoint."""
    phase = phase_named(ask.names["phase"])
    ruleset = entrypoint(world.zone(ask.names["zone_id"]), phase.name)
    if ruleset is None:
        raise VendorRefusal(404, NOT_FOUND, f"could not find entrypoint ruleset in the {phase.name} phase")
    return Answer(ruleset)


def list_all(world: World, ask: Ask) -> Answer:
    """GET /zones/{zone_id}/rulesets, without their rules."""
    rows = [
        {key: value for key, value in ruleset.items() if key != "rules"}
        for ruleset in world.zone(ask.names["zone_id"]).rulesets.values()
    ]
    return Answer(rows, result_info={"cursors": {}, "count": len(rows)})


def get(world: World, ask: Ask) -> Answer:
    """GET /zones/{zone_id}/rulesets/{ruleset_id}."""
    return Answer(found(world.zone(ask.names["zone_id"]), ask.names["ruleset_id"]))


def delete(world: World, ask: Ask) -> Answer:
    """DELETE /zones/{zone_id}/rulesets/{ruleset_id}: 204."""
    zone = world.zone(ask.names["zone_id"])
    ruleset = found(zone, ask.names["ruleset_id"])
    if not ask.dry_run:
        del zone.rulesets[ruleset["id"]]
    return Answer(None, status=204)


def entrypoint(zone: Zone, phase: str) -> Json | None:
    """The zone's ruleset of a phase, or None."""
    return next((row for row in zone.rulesets.values() if row["phase"] == phase), None)


def found(zone: Zone, ruleset_id: str) -> Json:
    """The zone's ruleset. Raises VendorRefusal (404)."""
    if ruleset_id not in zone.rulesets:
        raise VendorRefusal(404, NOT_FOUND, f"could not find ruleset {ruleset_id}")
    return zone.rulesets[ruleset_id]


def save(world: World, ask: Ask, zone: Zone, ruleset: Json, rules: list[Json]) -> Answer:
    """Store a new version of `ruleset` with checked `rules`; on a dry run change nothing and answer null."""
    fresh = ruleset | {
        "rules": [_identified(world, ask, rule, ruleset["rules"]) for rule in rules],
        "version": str(int(ruleset["version"]) + 1),
        "last_updated": ask.stamp,
    }
    if ask.dry_run:
        return Answer(None)
    zone.rulesets[ruleset["id"]] = fresh
    return Answer(fresh)


def _put(world: World, ask: Ask, zone: Zone, ruleset: Json, body: Json) -> Answer:
    rules = check_rules(body.get("rules", []), PHASES[ruleset["phase"]], world.plan)
    told = {key: str(body[key]) for key in ("name", "description") if body.get(key) is not None}
    return save(world, ask, zone, ruleset | told, rules)


def _empty(world: World, ask: Ask, phase: str) -> Json:
    return {
        "id": world.new_id(),
        "name": "default",
        "description": "",
        "kind": "zone",
        "phase": phase,
        "version": "0",
        "last_updated": ask.stamp,
        "rules": [],
    }


def _identified(world: World, ask: Ask, rule: Json, before: list[Json]) -> Json:
    """The rule with id, ref, version and time: those of the old rule with the same id or ref, if there is one."""
    old = next((row for row in before if row["id"] == rule.get("id")), None)
    old = old or next((row for row in before if row["ref"] == rule.get("ref")), None)
    rule_id = old["id"] if old else world.new_id()
    content = rule | {"id": rule_id, "ref": rule.get("ref") or (old["ref"] if old else rule_id)}
    if old and {key: value for key, value in old.items() if key not in _CHANGING} == content:
        return old
    version = int(old["version"]) + 1 if old else 1
    return content | {"version": str(version), "last_updated": ask.stamp}


def _known_keys(body: Json, *kinds: type) -> None:
    known = {name for kind in kinds for name in fields_of(kind)} - {"zone_id", "account_id", "dry_run"} | {"id"}
    refuse(
        [Problem(f"/{key}", "unknown", f'unknown field "{key}"') for key in body if key not in known],
        code=UNKNOWN_FIELD,
    )
