"""The engine's saved plan (`pulumi preview --save-plan FILE`): which operation each planned step is.

Step names are the engine's own (pulumi/sdk/go/common/apitype, `OpType`). What we do not know we do not let through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controlplane.domain.break_glass import digest_of
from controlplane.domain.operation import Operation
from controlplane.domain.scope import NotAScope, urn_type

SPECIAL = "4dabf18193072939515e22adb298388d"  # the engine's mark of a special value (sdk/go/common/resource/sig)
INVENTORY_TYPE, INVENTORY_NAME = "aws:s3/bucketObjectv2:BucketObjectv2", "inventory-"
_NO_CHANGE = frozenset({"same", "read", "refresh", "discard", "remove-pending-replace"})
_OPERATIONS = {
    "create": Operation.STACK_CREATE,
    "import": Operation.STACK_CREATE,
    "update": Operation.STACK_UPDATE,
    "delete": Operation.STACK_DELETE,
    "replace": Operation.STACK_REPLACE,
    "create-replacement": Operation.STACK_REPLACE,
    "delete-replaced": Operation.STACK_REPLACE,
    "import-replacement": Operation.STACK_REPLACE,
    "read-replacement": Operation.STACK_REPLACE,
    "discard-replaced": Operation.STACK_REPLACE,
}
_GRAVEST_FIRST = (
    Operation.STACK_REPLACE,
    Operation.STACK_DELETE,
    Operation.STACK_UPDATE,
    Operation.STACK_CREATE,
)


class PlanUnreadable(ValueError):
    """The plan cannot be judged; the message says why."""


@dataclass(frozen=True)
class PlannedChange:
    """What the plan does to one resource of a vendor: the gravest of its steps."""

    urn: str
    operation: Operation


def planned_changes(plan: object) -> list[PlannedChange]:
    """Every vendor resource that `plan` (the file's JSON) changes, in the plan's order. Raises PlanUnreadable."""
    return [change for urn, entry in _resource_plans(plan).items() if (change := _change(urn, entry))]


def gravest(planned: Iterable[PlannedChange]) -> Operation | None:
    """The gravest operation of a plan: what a grant for the whole of it is called by. None for no change."""
    found = {change.operation for change in planned}
    return next((operation for operation in _GRAVEST_FIRST if operation in found), None)


def planned_stacks(plan: object) -> list[tuple[str, str]]:
    """`(project, stack)` of every URN in `plan`, once each. Raises PlanUnreadable."""
    stacks: dict[tuple[str, str], None] = {}
    for urn in _resource_plans(plan):
        stack, project = (*urn.split("::"), "")[:2]
        stacks[project, stack.removeprefix("urn:pulumi:")] = None
    return list(stacks)


def unfinished(plan: object) -> set[tuple[str, str]]:
    """`(project, stack)` of every stack that was never finished: what `plan` does to it would finish it.

    A stack's inventory objects depend on all else in it, so they come last: where every one of them is still to be
    created, no `up` ever came to its end. A plan that also takes something away finishes nothing. Raises
    PlanUnreadable.
    """
    kept: dict[tuple[str, str], bool] = {}
    takes: set[tuple[str, str]] = set()
    for urn, entry in _resource_plans(plan).items():
        stack, project = (*urn.split("::"), "")[:2]
        place, steps = (project, stack.removeprefix("urn:pulumi:")), set(entry.get("steps") or ())
        if urn_type(urn) == INVENTORY_TYPE and urn.rpartition("::")[2].startswith(INVENTORY_NAME):
            kept[place] = kept.get(place, True) and steps == {"create"}
        if steps - _NO_CHANGE - {"create", "update"}:
            takes.add(place)
    return {place for place, is_new in kept.items() if is_new} - takes


def planned_inputs(plan: object, urn: str) -> Mapping[str, Any]:
    """`{adds, updates, deletes}` of a resource's inputs in `plan`; empty where nothing is. Raises PlanUnreadable."""
    goal = _resource_plans(plan).get(urn, {}).get("goal")
    found = goal.get("inputDiff") if isinstance(goal, dict) else None
    return found if isinstance(found, dict) else {}


def plan_digest(plan: object) -> str:
    """The digest of what `plan` promises: its resourcePlans without seeds and ciphertexts, which differ in two plans of
    the same change (as the manifest's time does). Raises PlanUnreadable.
    """
    return digest_of({urn: _canonical(entry, is_entry=True) for urn, entry in _resource_plans(plan).items()})


def _canonical(value: Any, *, is_entry: bool = False) -> Any:
    if isinstance(value, dict):
        dropped = {"seed"} if is_entry else {"ciphertext"} if SPECIAL in value else set()
        return {key: _canonical(inner) for key, inner in value.items() if key not in dropped}
    return [_canonical(inner) for inner in value] if isinstance(value, list) else value


def _resource_plans(plan: object) -> Mapping[str, Any]:
    plans = plan.get("resourcePlans") if isinstance(plan, dict) else None
    if not isinstance(plans, dict):
        raise PlanUnreadable("no resourcePlans in it; it is not what `pulumi preview --save-plan FILE` writes")
    return plans


def _change(urn: str, entry: object) -> PlannedChange | None:
    steps = entry.get("steps") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(steps, list):
        raise PlanUnreadable(f"no steps for {urn}")
    try:
        token = urn_type(urn)
    except NotAScope as why:
        raise PlanUnreadable(str(why)) from why
    goal = entry.get("goal")
    is_component = isinstance(goal, dict) and goal.get("custom") is False
    if token.startswith("pulumi:") or is_component:
        return None  # stacks, providers and components have no vendor behind them
    unknown = [step for step in map(str, steps) if step not in _NO_CHANGE and step not in _OPERATIONS]
    if unknown:
        raise PlanUnreadable(f"unknown step {unknown[0]!r} for {urn}")
    planned = {_OPERATIONS[step] for step in steps if step in _OPERATIONS}
    gravest = next((operation for operation in _GRAVEST_FIRST if operation in planned), None)
    return PlannedChange(urn, gravest) if gravest else None
