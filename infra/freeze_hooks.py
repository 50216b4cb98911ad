"""One stack transform: freeze hooks and protection on every resource of the clouds, so that no child is forgotten.

Creations pass; update, replacement and deletion of what is frozen are refused in the preview already. The hooks' names
stand in every stack's state: never rename them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pulumi

from controlplane.domain import freeze
from controlplane.domain.calendar import Calendar
from controlplane.domain.calendar_json import CalendarUnreadable, from_json
from controlplane.domain.operation import Operation
from controlplane.domain.scope import of_resource
from controlplane.domain.verdict import Outcome, Verdict
from infra import break_glass, clock

CLOUDS = ("aws:", "cloudflare:")
UPDATE = "freeze-update"
DELETE = "freeze-delete"


class FreezeInForce(Exception):
    """A freeze window, or an unknown calendar, refuses the change of a resource."""


def install(calendar_file: Path, clock_endpoint: str | None, *, protect: bool) -> Moment:
    """Put both hooks (and `protect`) on every aws and cloudflare resource of the stack. Call inside the program.

    Gives what the verdicts are taken by.
    """
    passage = break_glass.Passage(os.environ, is_preview=pulumi.runtime.is_dry_run())
    moment = replace(taken(calendar_file, clock_endpoint), passage=passage)
    update = _hook(UPDATE, Operation.STACK_UPDATE, moment)
    delete = _hook(DELETE, Operation.STACK_DELETE, moment)

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if not args.custom or not args.type_.startswith(CLOUDS):
            return None
        ours = pulumi.ResourceOptions(
            protect=protect,
            hooks=pulumi.ResourceHookBinding(before_update=[update], before_delete=[delete]),
        )
        return pulumi.ResourceTransformResult(args.props, pulumi.ResourceOptions.merge(args.opts, ours))

    pulumi.runtime.register_resource_transform(transform)
    return moment


def _hook(name: str, operation: Operation, moment: Moment) -> pulumi.ResourceHook:
    def refuse_in_a_freeze(args: pulumi.ResourceHookArgs) -> None:
        moment.refuse(operation, args)

    return pulumi.ResourceHook(name, refuse_in_a_freeze, pulumi.ResourceHookOptions(on_dry_run=True))


@dataclass(frozen=True)
class Moment:
    """What every verdict of one update is taken by. `calendar` is None if the freeze is unknown; `unknown` says why.

    `passage` is what the environment lets pass nevertheless.
    """

    calendar: Calendar | None
    at: datetime
    unknown: str = ""
    passage: break_glass.Passage | None = None

    def refuse(self, operation: Operation, args: pulumi.ResourceHookArgs) -> None:
        """Let a change of one resource pass, or raise FreezeInForce with the words for the person who wanted it."""
        inputs = args.old_inputs or args.new_inputs or {}
        region = inputs.get("region")
        scope = of_resource(args.urn, region if isinstance(region, str) else None)
        verdict = freeze.verdict(operation, scope, self.at, self.calendar)
        if verdict.is_admitted or (self.passage is not None and self.passage.is_planning):
            return
        glass = None
        if self.passage is not None and verdict.outcome is Outcome.REFUSED:
            glass = self.passage.refusal(operation, args.urn, args.old_inputs, args.new_inputs)
        if glass != "":
            raise FreezeInForce(f"{refusal(verdict, args.urn, self.unknown)}{f'. {glass}' if glass else ''}")


def taken(calendar_file: Path, clock_endpoint: str | None) -> Moment:
    """Read the calendar's last good copy and ask the clock, once; whatever fails there means unknown, never open."""
    try:
        at = clock.now(clock_endpoint)
        return Moment(from_json(calendar_file.read_bytes()), at)
    except clock.ClockUnknown as why:
        return Moment(None, datetime.now(UTC), str(why))
    except OSError as why:
        return Moment(None, at, f"{calendar_file}: {why.strerror}")
    except CalendarUnreadable as why:
        return Moment(None, at, f"{calendar_file}: {why}")


def refusal(verdict: Verdict, urn: str, unknown: str = "") -> str:
    """What the engine prints: what is refused, by which rules, until when, and the legal way past."""
    name = urn.rsplit("::", 1)[-1]
    rules = ", ".join(f"{rule.id} until {rule.local_end}" for rule in verdict.rules)
    why = f"freeze {rules}" if rules else verdict.reason.value
    because = f" ({unknown})" if unknown else ""
    ways = "; or ".join(verdict.way_past)
    return f"{verdict.outcome.value} {verdict.operation.value} of {name}: {why}{because}. Nothing was changed. {ways}"
