"""The saved plan: what a preview promised, recorded (`preview --save-plan`) and held to (`up --plan`). Pure.

The file is the CLI's DeploymentPlanV1. Allowed deviations are the CLI's: an unknown may resolve to anything, a same
may stand for an update, an update for a replacement; everything else stops before its call.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.engine.questions import Complaint, Invalid
from sandbox.engine.resources import Goal, Resource, Snapshot, Step
from sandbox.engine.values import UNKNOWN, Properties, Secret, Value, freeze

_WEAKER = {
    "create": {"same", "create"},
    "update": {"same", "update"},
    "replace": {"same", "update", "replace"},
    "create-replacement": {"same", "update", "create-replacement"},
    "delete-replaced": {"same", "update", "delete-replaced"},
}


class Held:
    """Holds a run to `plan` (a file's `resourcePlans`, values thawed; None: free) and records its own plan."""

    def __init__(self, plan: Mapping[str, dict[str, Any]] | None = None) -> None:
        self._plan = plan
        self._left = {urn: list(entry.get("steps") or []) for urn, entry in (plan or {}).items()}
        self.made: dict[str, dict[str, Any]] = {}

    def seed(self, urn: str) -> bytes | None:
        """The random seed that the plan gives this resource's Check."""
        entry = (self._plan or {}).get(urn, {})
        return base64.b64decode(entry["seed"]) if entry.get("seed") else None

    def goal(
        self, urn: str, goal: Goal, known: Resource | None, old: Resource | None, inputs: Properties, seed: bytes
    ) -> None:
        """Check the goal against the plan, then record it. `known`: the state that a diff may start from."""
        entry = self.made.setdefault(urn, {"steps": []})
        entry["seed"] = base64.b64encode(seed).decode()
        entry["goal"] = _described(goal, difference(known.inputs if known else {}, inputs))
        if self._plan is None:
            return
        before = old.inputs if old else {}
        if urn in self._plan:
            wanted = self._plan[urn].get("goal")
        elif old is not None:
            wanted = _unchanged(old)
        else:
            return
        reason = _violation(wanted, goal, before, inputs)
        if reason:
            raise Invalid(urn, [f"resource {urn} violates plan: {reason}"])

    def steps(self, steps: Iterable[Step]) -> None:
        """Check every step against what is left of the plan, then record it."""
        for step in steps:
            if self._plan is not None:
                self._admit(step)
            entry = self.made.get(step.urn)
            if entry is None:
                if step.op == "same":
                    continue
                entry = self.made.setdefault(step.urn, {"steps": []})
            entry["steps"].append(step.op)

    def _admit(self, step: Step) -> None:
        if step.urn not in self._left:
            if step.op != "same":
                raise Invalid(
                    step.urn, [f"{step.op} is not allowed by the plan: no steps were expected for this resource"]
                )
            return
        left = self._left[step.urn]
        if not left:
            raise Invalid(
                step.urn, [f"{step.op} is not allowed by the plan: no more steps were expected for this resource"]
            )
        wanted = left.pop(0)
        if step.op not in _WEAKER.get(wanted, {wanted}):
            raise Invalid(step.urn, [f"{step.op} is not allowed by the plan: this resource is constrained to {wanted}"])

    def state(self, urn: str, outputs: Properties | None) -> None:
        """Record the outputs that a step gave."""
        if urn in self.made and outputs is not None:
            self.made[urn]["state"] = outputs

    def outputs(self, urn: str, before: Properties, after: Properties) -> None:
        """Check and record the outputs that a component or the stack registers."""
        if self._plan is not None:
            if urn not in self._plan:
                raise Invalid(urn, [f"no plan for resource {urn}"])
            reason = _difference_violation(self._plan[urn]["goal"].get("outputDiff") or {}, before, after)
            if reason:
                raise Invalid(urn, [f"resource violates plan: {reason}"])
        if urn in self.made and "goal" in self.made[urn]:
            self.made[urn]["goal"]["outputDiff"] = difference(before, after)
            self.made[urn]["state"] = after

    def leftovers(self, prior: Snapshot) -> list[Complaint]:
        """What the plan promised and nobody did."""
        there = {resource.urn for resource in prior.resources}
        return [
            Complaint(urn, f"expected resource operations for {urn} but none were seen")
            for urn, steps in self._left.items()
            if steps and not (steps == ["delete"] and urn not in there)
        ]

    def file(self, encrypt: Callable[[str], str] | None) -> dict[str, Any]:
        """The recorded `resourcePlans` as the file holds them."""
        return {urn: _frozen(entry, encrypt) for urn, entry in sorted(self.made.items())}


def difference(before: Mapping[str, Value], after: Mapping[str, Value]) -> dict[str, Any]:
    """Additions, deletions and updates between two property maps; null counts as absent."""
    adds = {key: value for key, value in after.items() if value is not None and before.get(key) is None}
    deletes = [key for key, value in before.items() if value is not None and after.get(key) is None]
    both = [key for key in after if after[key] is not None and before.get(key) is not None]
    updates = {key: after[key] for key in both if before[key] != after[key]}
    found = {"adds": adds, "deletes": sorted(deletes), "updates": updates}
    return {name: part for name, part in found.items() if part}


def _described(goal: Goal, inputs: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": goal.kind,
        "name": goal.name,
        "custom": goal.custom,
        "inputDiff": inputs,
        "outputDiff": {},
        "parent": goal.parent,
        "protect": bool(goal.protect),
        "dependencies": goal.dependencies,
        "provider": goal.provider,
        "propertyDependencies": goal.property_dependencies,
        "deleteBeforeReplace": goal.delete_before_replace,
        "ignoreChanges": goal.ignore_changes,
        "additionalSecretOutputs": goal.additional_secret_outputs,
        "structuredAliases": [{"URN": alias} for alias in goal.aliases],
        "customTimeouts": goal.custom_timeouts,
    }
    kept = ("inputDiff", "outputDiff", "customTimeouts", "protect", "custom")
    return {key: value for key, value in described.items() if key in kept or value not in (None, "", [], {})}


def _unchanged(old: Resource) -> dict[str, Any]:
    """The plan of a resource that the plan does not name: nothing about it may change."""
    return {
        "custom": old.custom,
        "parent": old.parent,
        "protect": old.protect,
        "dependencies": old.dependencies,
        "provider": old.provider,
        "propertyDependencies": old.property_dependencies,
        "additionalSecretOutputs": old.additional_secret_outputs,
        "structuredAliases": [{"URN": alias} for alias in old.aliases],
        "customTimeouts": old.custom_timeouts,
    }


def _violation(wanted: Mapping[str, Any] | None, goal: Goal, before: Properties, inputs: Properties) -> str:
    if wanted is None:
        return "resource unexpectedly not deleted"
    if bool(wanted["custom"]) != goal.custom:
        return f"resource kind changed (expected {'custom' if wanted['custom'] else 'component'})"
    provider = wanted.get("provider", "")
    if provider != goal.provider:
        urn, _, identifier = provider.rpartition("::")
        if urn != goal.provider.rpartition("::")[0] or identifier != "04da6b54-80e4-46f7-96ec-b56ff0331ba9":
            return f"provider changed (expected {provider})"
    if wanted.get("parent", "") != goal.parent:
        return f"parent changed (expected {wanted.get('parent', '')})"
    if bool(wanted.get("protect")) != bool(goal.protect):
        return f"protect changed (expected {str(bool(wanted.get('protect'))).lower()})"
    first = wanted.get("deleteBeforeReplace")
    if first != goal.delete_before_replace:
        return f"deleteBeforeReplace changed (expected {'no value' if first is None else str(first).lower()})"
    for name in ("create", "update", "delete", "read"):
        timeout = (wanted.get("customTimeouts") or {}).get(name, 0)
        if timeout != goal.custom_timeouts.get(name, 0):
            return f"{name} timeout changed (expected {timeout})"
    return _sets_violation(wanted, goal) or _difference_violation(wanted.get("inputDiff") or {}, before, inputs)


def _sets_violation(wanted: Mapping[str, Any], goal: Goal) -> str:
    for name, expected, actual in (
        ("ignoreChanges", wanted.get("ignoreChanges"), goal.ignore_changes),
        ("additionalSecretOutputs", wanted.get("additionalSecretOutputs"), goal.additional_secret_outputs),
        ("dependencies", wanted.get("dependencies"), goal.dependencies),
        ("aliases", [alias["URN"] for alias in wanted.get("structuredAliases") or []], goal.aliases),
    ):
        added, deleted = sorted({*actual} - {*(expected or [])}), sorted({*(expected or [])} - {*actual})
        if added or deleted:
            parts = [f"added {', '.join(added)}"] * bool(added) + [f"deleted {', '.join(deleted)}"] * bool(deleted)
            return f"{name} changed: {'; '.join(parts)}"
    return ""


def _same(expected: Value, actual: Value) -> bool:
    """Equal, where an unknown in the plan accepts anything."""
    if expected is UNKNOWN:
        return True
    if isinstance(expected, Secret) and isinstance(actual, Secret):
        return _same(expected.value, actual.value)
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return all(_same(expected.get(key), actual.get(key)) for key in {*expected, *actual})
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(_same(a, b) for a, b in zip(expected, actual, strict=True))
    return bool(expected == actual)


def _difference_violation(wanted: Mapping[str, Any], before: Properties, after: Properties) -> str:
    adds, updates = wanted.get("adds") or {}, wanted.get("updates") or {}
    deletes = wanted.get("deletes") or []
    actual = difference(before, after)
    changes = []
    for key in sorted({*adds, *updates, *deletes, *before, *after}):
        sign = _sign(key, actual)
        expected = adds.get(key, updates.get(key))
        value = after.get(key)
        if expected is None and key not in adds and key not in updates:
            ok = sign == "-" or value is None if key in deletes else sign == "="
        elif value is None:
            ok = expected is UNKNOWN
        else:
            ok = _same(expected, value) and not (sign == "+" and key in updates)
        if not ok:
            mark = "+" if key in adds else "~" if key in updates else "-" if key in deletes else "="
            changes.append(f"{mark}{sign}{key}{_compared(expected, value)}")
    return f"properties changed: {', '.join(sorted(changes))}" if changes else ""


def _sign(key: str, actual: Mapping[str, Any]) -> str:
    if key in actual.get("adds", {}):
        return "+"
    if key in actual.get("updates", {}):
        return "~"
    return "-" if key in actual.get("deletes", []) else "="


def _compared(expected: Value, value: Value) -> str:
    shown = [f"{{{freeze(item, lambda _: '[secret]')}}}" for item in (expected, value) if item is not None]
    return f"[{'!='.join(shown)}]" if shown else ""


def _frozen(entry: Mapping[str, Any], encrypt: Callable[[str], str] | None) -> dict[str, Any]:
    frozen = dict(entry)
    frozen["state"] = freeze(entry["state"], encrypt) if "state" in entry else None
    if "goal" in entry:
        goal = dict(entry["goal"])
        for name in ("inputDiff", "outputDiff"):
            goal[name] = {part: freeze(value, encrypt) for part, value in goal[name].items()}
        frozen["goal"] = goal
    return frozen
