"""Whether the change of one resource is what a saved plan promised for it: the same step, the same inputs.

The engine holds `up --plan` to its plan by itself; this is for whoever sees single changes and is not told of a plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controlplane.domain import stack_plan
from controlplane.domain.operation import Operation

_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # the engine's text for a value that is not known yet
_STANDS_FOR = {
    Operation.STACK_UPDATE: {Operation.STACK_UPDATE, Operation.STACK_REPLACE},
    Operation.STACK_DELETE: {Operation.STACK_DELETE, Operation.STACK_REPLACE},
}
"""A step -> the planned operations that it may be part of."""


def departure(
    plan: object, urn: str, step: Operation, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> str:
    """How `step` on `urn`, from the inputs `before` to `after`, departs from `plan`; empty if it is what was planned.

    Secrets and values that were unknown in the plan may be anything. Raises stack_plan.PlanUnreadable.
    """
    planned = {change.urn: change.operation for change in stack_plan.planned_changes(plan)}
    if planned.get(urn) not in _STANDS_FOR[step]:
        return f"the plan says {planned[urn].value}" if urn in planned else "it is not in the plan"
    if step is Operation.STACK_DELETE:
        return ""
    promised = stack_plan.planned_inputs(plan, urn)
    set_values = {**promised.get("adds", {}), **promised.get("updates", {})}
    old, new = before or {}, after or {}
    changed = {key for key in {*old, *new} if old.get(key) != new.get(key)}
    for key in sorted(changed):
        if new.get(key) is None:
            if key not in promised.get("deletes", ()):
                return f"the plan does not remove {key}"
        elif key not in set_values or not _fits(new[key], set_values[key]):
            return f"the plan does not set {key} to that"
    return ""


def _fits(value: object, planned: object) -> bool:
    if planned == _UNKNOWN or (isinstance(planned, dict) and stack_plan.SPECIAL in planned):
        return True
    if isinstance(planned, dict):
        same = isinstance(value, Mapping) and value.keys() == planned.keys()
        return same and all(_fits(value[key], planned[key]) for key in planned)  # type: ignore[index]  # a mapping
    if isinstance(planned, list):
        same = isinstance(value, list) and len(value) == len(planned)
        return same and all(_fits(one, other) for one, other in zip(value, planned, strict=True))  # type: ignore[call-overload]  # a list
    return value == planned
