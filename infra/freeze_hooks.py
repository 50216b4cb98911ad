"""One stack transform: freeze hooks and protection on every resource of the clouds, so that no child is forgotten.

Creations pass; update, replacement and deletion of what is frozen are refused in the preview already. The hooks' names
stand in every stack's state: never rename them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pulumi

from controlplane.domain import freeze
from controlplane.domain.calendar import Calendar
from controlplane.domain.calendar_json import CalendarUnreadable, from_json
from controlplane.domain.operation import Operation
from controlplane.domain.scope import parse_scope
from controlplane.domain.verdict import Verdict
from infra import clock

CLOUDS = ("aws:", "cloudflare:")
UPDATE = "freeze-update"
DELETE = "freeze-delete"


class FreezeInForce(Exception):
    """A freeze window, or an unknown calendar, refuses the change of a resource."""


def install(calendar_file: Path, clock_endpoint: str | None, *, protect: bool) -> None:
    """Put both hooks (and `protect`) on every aws and cloudflare resource of the stack. Call inside the program."""
    update = _hook(UPDATE, Operation.STACK_UPDATE, calendar_file, clock_endpoint)
    delete = _hook(DELETE, Operation.STACK_DELETE, calendar_file, clock_endpoint)

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if not args.custom or not args.type_.startswith(CLOUDS):
            return None
        ours = pulumi.ResourceOptions(
            protect=protect,
            hooks=pulumi.ResourceHookBinding(before_update=[update], before_delete=[delete]),
        )
        return pulumi.ResourceTransformResult(args.props, pulumi.ResourceOptions.merge(args.opts, ours))

    pulumi.runtime.register_resource_transform(transform)


def _hook(name: str, operation: Operation, calendar_file: Path, clock_endpoint: str | None) -> pulumi.ResourceHook:
    ask = _asker(operation, calendar_file, clock_endpoint)

    def refuse_in_a_freeze(args: pulumi.ResourceHookArgs) -> None:
        verdict = ask(args.urn)
        if not verdict.is_admitted:
            raise FreezeInForce(refusal(verdict, args.urn))

    return pulumi.ResourceHook(name, refuse_in_a_freeze, pulumi.ResourceHookOptions(on_dry_run=True))


def _asker(operation: Operation, calendar_file: Path, clock_endpoint: str | None) -> Callable[[str], Verdict]:
    """The verdict is taken once, when the update starts: the calendar is read and the clock asked at program start."""
    calendar = _read(calendar_file)
    at = clock.now(clock_endpoint)
    return lambda urn: freeze.verdict(operation, parse_scope(f"resource:{urn}"), at, calendar)


def _read(calendar_file: Path) -> Calendar | None:
    """The last good copy of the calendar; None (unknown, never open) if there is none that can be trusted."""
    try:
        return from_json(calendar_file.read_bytes())
    except (OSError, CalendarUnreadable):
        return None


def refusal(verdict: Verdict, urn: str) -> str:
    """What the engine prints: what is refused, by which rules, until when, and the legal way past."""
    name = urn.rsplit("::", 1)[-1]
    rules = ", ".join(f"{rule.id} until {rule.local_end}" for rule in verdict.rules)
    why = f"freeze {rules}" if rules else verdict.reason.value
    ways = "; or ".join(verdict.way_past)
    return f"{verdict.outcome.value} {verdict.operation.value} of {name}: {why}. Nothing was changed. {ways}"
