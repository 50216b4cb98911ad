"""Cloudflare rulesets: one a phase and zone, replaced whole on every change.

Source of facts: the API reference of rulesets; force-new from terraform-provider-cloudflare's schema file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.providers.check import Failure
from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties
from sandbox.providers.types.cloudflare_api import Collection

RULESET = "cloudflare:index/ruleset:Ruleset"


def _home(inputs: Mapping[str, Any]) -> str:
    if inputs.get("zoneId"):
        return f"/zones/{inputs['zoneId']}/rulesets"
    return f"/accounts/{inputs['accountId']}/rulesets"


def _check(properties: Properties) -> Iterable[Failure]:
    given = [name for name in ("accountId", "zoneId") if name in properties]
    if len(given) != 1:
        yield Failure("zoneId", "exactly one of 'zoneId' and 'accountId' is needed")
    rules = properties.get("rules", [])
    declared = [rule.get("ref") for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
    refs = [ref for ref in declared if isinstance(ref, str)]
    for ref in sorted({ref for ref in refs if refs.count(ref) > 1}):
        yield Failure("rules", f"two rules have the ref '{ref}'")


def _without_own_ids(properties: Properties, ask: Ask) -> Properties:
    """The API gives every rule an id; a ref that nobody declared is that id."""
    for rule in properties.get("rules", []):
        if rule.get("ref") == rule.get("id"):
            rule.pop("ref", None)
        rule.pop("id", None)
    return properties


ROWS = (
    Collection(
        RULESET,
        home=_home,
        unique=("phase", "kind", "name"),
        lasting=("accountId", "zoneId"),
        after=_without_own_ids,
    ).row(
        force_new=("accountId", "zoneId", "kind", "phase"),
        fill={"description": ""},
        check=_check,
        rules=Rules(
            sets=frozenset({"categories", "products", "phases", "characteristics"}),
            defaults={"rules.enabled": True, "rules.actionParameters.browserTtl.mode": "respect_origin"},
            computed=frozenset({"rules.logging", "rules.ref", "rules.id"}),
        ),
        volatile=("lastUpdated", "version"),
    ),
)
