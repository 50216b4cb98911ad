"""What the vendor refuses in a rule: unknown keys, wrong enums, actions outside their phase, limits of the plan."""

from __future__ import annotations

from typing import Any

from sandbox.cloudflare.action_checks import check_parameters
from sandbox.cloudflare.answers import Json, VendorRefusal
from sandbox.cloudflare.expressions import Reading, read_filter
from sandbox.cloudflare.limits import Plan
from sandbox.cloudflare.phases import Phase, rule_kinds
from sandbox.cloudflare.refusals import refuse
from sandbox.cloudflare.rule_tokens import Nonsense
from sandbox.cloudflare.shape import fields_of, object_problems

UNKNOWN_FIELD = 10014
BAD_ACTION = 20016
BAD_EXPRESSION = 20127
TOO_MANY_RULES = 20018
SAME_REF = 20022
READ_ONLY = frozenset({"version", "last_updated", "categories"})
KEPT = ("action", "action_parameters", "expression", "description", "logging", "ratelimit", "exposed_credential_check")


def check_rules(rules: Any, phase: Phase, plan: Plan) -> list[Json]:
    """The rules of a ruleset, each checked and normalised. Raises VendorRefusal pointing at the first wrong place."""
    if not isinstance(rules, list):
        raise VendorRefusal(400, UNKNOWN_FIELD, "invalid JSON: rules must be an array", pointer="/rules")
    if len(rules) > phase.rule_limit(plan):
        raise VendorRefusal(
            400,
            TOO_MANY_RULES,
            f"exceeded maximum number of rules in the phase {phase.name}: {phase.rule_limit(plan)} on {plan.label}",
            pointer="/rules",
        )
    checked = [check_rule(rule, phase, plan, f"/rules/{index}") for index, rule in enumerate(rules)]
    refs = [rule["ref"] for rule in checked if "ref" in rule]
    if len(refs) != len(set(refs)):
        raise VendorRefusal(400, SAME_REF, "two rules of a ruleset have the same ref", pointer="/rules")
    return checked


def check_rule(rule: Any, phase: Phase, plan: Plan, pointer: str) -> Json:
    """One rule, checked and normalised: `enabled` defaults to true; id and ref are kept when given."""
    if not isinstance(rule, dict):
        raise VendorRefusal(400, UNKNOWN_FIELD, "invalid JSON: a rule is an object", pointer=pointer)
    action = str(rule.get("action"))
    if action not in rule_kinds():
        raise VendorRefusal(400, BAD_ACTION, f"{action!r} is not a valid value for action", pointer=f"{pointer}/action")
    if action not in phase.actions:
        reason = f"it is not supported in the phase {phase.name}"
        raise VendorRefusal(
            400, BAD_ACTION, f"'{action}' is not a valid value for action because {reason}", pointer=f"{pointer}/action"
        )
    given = {key: value for key, value in rule.items() if key not in READ_ONLY and value is not None}
    refuse(object_problems(given, fields_of(rule_kinds()[action]), pointer), code=UNKNOWN_FIELD)
    check_expression(given.get("expression"), phase, plan, f"{pointer}/expression")
    check_parameters(str(action), given.get("action_parameters"), phase, plan, f"{pointer}/action_parameters")
    kept = {key: given[key] for key in KEPT if key in given}
    kept |= {key: given[key] for key in ("id", "ref") if given.get(key)}
    return kept | {"enabled": given.get("enabled", True)}


def check_expression(text: Any, phase: Phase, plan: Plan, pointer: str) -> Reading:
    """A rule's filter. Raises VendorRefusal (20127) where the language, the phase or the plan does not have it."""
    try:
        reading = read_filter(str(text or ""), response=phase.response)
    except Nonsense as problem:
        reason = f"Filter parsing error {problem}"
        raise VendorRefusal(
            400, BAD_EXPRESSION, f"the expression is not valid because: {reason}", pointer=pointer
        ) from None
    if not plan.regex and reading.operators & {"matches", "~"}:
        raise VendorRefusal(
            400,
            BAD_EXPRESSION,
            "the use of operator Matches is not allowed, a Business plan or above is required",
            pointer=pointer,
        )
    return reading
