"""`wedcache gate`: the door in CI. Ends with 0 (admitted), 10 (frozen) or 16 (the freeze state is unknown)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import cyclopts

from controlplane.cli import questions
from controlplane.errors import BadInput, FreezeUnknown

if TYPE_CHECKING:
    from controlplane.domain.calendar import Calendar
    from controlplane.domain.scope import Scope
    from controlplane.domain.verdict import Verdict

_FROZEN, _UNKNOWN = 10, 16


def gate(  # noqa: PLR0913  # each is an option of the command line
    *,
    catalogue: Path = Path("catalogue.yaml"),
    plan: Path | None = None,
    stack: str | None = None,
    scope: str | None = None,
    op: Annotated[str, cyclopts.Parameter(name="--op")] = "stack-update",
    at: str | None = None,
    lasts: str | None = None,
    tier: Literal["critical", "high", "medium", "low"] | None = None,
    break_glass: Path | None = None,
    output: Literal["text", "json"] = "text",
) -> int:
    """Say whether a change may start now, from a saved plan or from a scope and an operation.

    Parameters
    ----------
    catalogue
        The catalogue's YAML file, or a calendar compiled before (.json).
    plan
        The engine's saved plan (pulumi preview --save-plan FILE): every planned step is judged.
    stack
        PROJECT/STACK, or a wedding's id.
    scope
        wedding:ID, vendor:ID, region:NAME, platform or resource:URN.
    op
        The operation; stack-update by default. A plan says its own.
    at
        The instant (RFC 3339 with an offset); now by default.
    lasts
        The declared longest duration, as 90m; the operation's own by default.
    tier
        The tier of what an owner writes (content-update).
    break_glass
        The text of a grant that two persons signed. It is used up here, by the store and the clock of the profile;
        --plan and --stack are judged by the published calendar then.
    output
        text or json (wedcache.verdict/1).
    """
    from controlplane.domain import freeze
    from controlplane.domain.tier import Tier

    if break_glass is not None:
        if at is not None or lasts is not None or plan is None:
            raise BadInput("--break-glass goes with --plan FILE, and with neither --at nor --lasts: it starts now")
        return _break_glass(plan, break_glass, output)
    if sum(given is not None for given in (plan, stack, scope)) != 1:
        raise BadInput("say what is to change: --plan FILE, --stack PROJECT/STACK or --scope SCOPE, one of them")
    instant, longest = questions.instant_of(at), questions.duration_of(lasts)
    operation = questions.operation_of(op)
    calendar = _calendar(catalogue, instant)
    if plan is not None:
        return _judge_plan(plan, calendar, instant, longest, output)
    about = questions.scope_of(scope) if scope is not None else _stack_scope(stack or "", calendar)
    facts = freeze.Facts(tier=Tier(tier) if tier else None)
    answer = freeze.verdict(operation, about, instant, calendar, facts=facts, lasts=longest)
    return _answered(answer, output, {}, [])


def _calendar(path: Path, at: datetime) -> Calendar:
    """The calendar; whatever keeps it from being read makes the freeze state unknown, never open."""
    from controlplane.adapters.system import catalogue_file

    try:
        return catalogue_file.calendar(path, at)
    except BadInput as why:
        raise FreezeUnknown(f"the freeze state is unknown:\n{why}", next_step=why.next_step) from why


def _stack_scope(stack: str, calendar: Calendar) -> Scope:
    from controlplane.domain import scope

    parts = [part for part in stack.split("/") if part]
    if len(parts) == 1:
        return scope.wedding(parts[0])  # unknown to the calendar: the verdict says so
    if len(parts) not in (2, 3):
        raise BadInput(f"--stack {stack!r} is not a stack; write PROJECT/STACK, as wedcache/prod, or a wedding's id")
    return scope.of_stack(parts[-2], parts[-1])


def _judge_plan(
    path: Path, calendar: Calendar, at: datetime, lasts: timedelta | None, output: Literal["text", "json"]
) -> int:
    from controlplane.domain import freeze, scope, stack_plan
    from controlplane.domain.operation import Operation
    from controlplane.domain.verdict import Outcome, Reason
    from controlplane.operations import admit

    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        stacks = stack_plan.planned_stacks(whole)
        answers = admit.verdicts_of_plan(whole, at, calendar, lasts)
    except (OSError, ValueError) as why:
        raise FreezeUnknown(
            f"--plan {path}: {why}: what it would change is unknown",
            next_step=f"make it again: pulumi preview --save-plan {path}",
        ) from why
    if not answers:
        whose = scope.of_stack(*stacks[0]) if stacks else scope.parse_scope("platform")
        nothing = freeze.verdict(Operation.STACK_UPDATE, whose, at, calendar, lasts=lasts)
        return _answered(
            nothing._replace(outcome=Outcome.ADMITTED, reason=Reason.FREE),
            output,
            {"refused": []},
            ["the plan changes nothing"],
        )
    stopped = [answer for answer in answers if not answer.is_admitted]
    # What is refused says more than what is unknown; either stops the whole plan.
    deciding = min(stopped or answers, key=lambda answer: answer.outcome is not Outcome.REFUSED)
    refused = [{"operation": answer.operation.value, "scope": answer.scope.text} for answer in stopped]
    count = f"{len(answers)} planned changes, {len(stopped)} of them may not start"
    named = [f"  {answer.outcome.value} {answer.operation.value} {answer.scope.text}" for answer in stopped]
    return _answered(deciding, output, {"refused": refused}, [count, *named])


def _break_glass(plan: Path, grant: Path, output: Literal["text", "json"]) -> int:
    """Pass the saved plan by a grant, here and now, and use the grant up. Raises BreakGlassInvalid, Unavailable."""
    from controlplane.cli import glass_door, session
    from controlplane.cli.break_glass import read_plan
    from controlplane.domain.verdict import Outcome
    from controlplane.operations import admit

    whole, plant = read_plan(plan), session.plant()
    calendar, _ = admit.known_calendar(plant.store, plant.last_good_calendar)
    answers = admit.verdicts_of_plan(whole, plant.clock.now(), calendar)
    wanted = admit.wanted_of_plan(whole, answers)
    door = glass_door.judged(plant, answers, wanted, grant, door="wedcache gate")
    door.enter()
    deciding = min(answers, key=lambda answer: answer.outcome is not Outcome.REFUSED)
    passed = deciding._replace(outcome=Outcome(door.verdict))
    return _answered(passed, output, {"refused": [], "break_glass": door.grant}, [])


def _answered(answer: Verdict, output: Literal["text", "json"], more: dict[str, Any], more_lines: list[str]) -> int:
    from controlplane.cli.verdict_text import verdict_lines
    from controlplane.domain.verdict import Outcome

    if output == "json":
        questions.print_json({**answer.to_json(), **more})
    else:
        unchanged = [] if answer.is_admitted else ["nothing was changed"]
        questions.print_lines([*verdict_lines(answer), *more_lines, *unchanged])
    if answer.is_admitted:
        return 0
    return _FROZEN if answer.outcome is Outcome.REFUSED else _UNKNOWN
