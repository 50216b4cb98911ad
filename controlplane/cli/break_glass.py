"""`wedcache break-glass`: ask for a grant, sign it, answer with no. What travels is text of at most a kilobyte."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import cyclopts

from controlplane.cli import glass_door, questions, session
from controlplane.errors import BadInput, BreakGlassInvalid, Refused

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.break_glass import Grant, Wanted
    from controlplane.domain.operation import Operation

app = cyclopts.App(name="break-glass", help="Past a freeze, once: two persons sign what exactly will be done.")
Output = Literal["text", "json"]
_NO_REASON = "(none given)"


@app.command
def request(  # noqa: PLR0913  # each is an option of the command line
    *,
    op: Annotated[str, cyclopts.Parameter(name="--op")],
    scope: tuple[str, ...] = (),
    what: tuple[str, ...] = (),
    rule: tuple[str, ...] = (),
    plan: Path | None = None,
    reason: str | None = None,
    for_: Annotated[str, cyclopts.Parameter(name="--for")] = "30m",
    key: Path | None = None,
    output: Output = "text",
) -> int:
    """Print the text of a grant for one operation, past every rule that stands against it now.

    Parameters
    ----------
    op
        The operation, as the refusal names it.
    scope
        What it touches: wedding:ID, vendor:ID, region:NAME, platform or resource:URN. Again for more.
    what
        What it is about where that is not the scope itself: a cache tag, a region. Again for more.
    rule
        A rule that it shall pass. All that stand against it are named in the text, whether given or not.
    plan
        For changes of a stack: the engine's saved plan (pulumi preview --save-plan FILE).
    reason
        Why it cannot wait, in a line; asked for on a terminal.
    for_
        For how long it may be started, as 30m; 60m at most.
    key
        Sign it at once with this private key.
    output
        text or json (wedcache.break-glass/1).
    """
    from controlplane.operations import break_glass

    length = questions.duration_of(for_, "--for") or timedelta(0)
    operation = questions.operation_of(op)
    plant = session.plant()
    now = plant.clock.now().replace(microsecond=0)
    wanted = _wanted_of(plant, operation, scope, what, plan, now)
    _check_rules(rule, wanted)
    grant = _unsigned(plant.operation_id("bg"), wanted, now, length, _reason(reason))
    means = plant.glass(session.say)
    if key is not None:
        grant = break_glass.signed(means, grant, _signature(plant, grant, key))
    break_glass.ask(means, grant.request)
    _show(grant, break_glass.signers_of(means, grant), output)
    return 0


@app.command
def approve(
    text: Path,
    /,
    *,
    key: Path | None = None,
    signature: Path | None = None,
    yes: bool = False,
    output: Output = "text",
) -> int:
    """Sign a request and print the text with the signature added.

    Parameters
    ----------
    text
        The request's text: a file, or - for standard input.
    key
        A private key of OpenSSH without a passphrase.
    signature
        Or what `ssh-keygen -Y sign -n wedcache-break-glass@1 -f KEY REQUEST` wrote: REQUEST.sig.
    yes
        Do not ask.
    output
        text or json (wedcache.break-glass/1).
    """
    from controlplane.adapters.ssh import wire
    from controlplane.operations import break_glass
    from controlplane.ports.signatures import BadSignature

    if (key is None) == (signature is None):
        raise BadInput("say what to sign with: --key FILE or --signature FILE.sig, one of them")
    plant = session.plant()
    grant, means = _read(text), plant.glass(session.say)
    if key is not None:
        made = _signature(plant, grant, key)
    else:
        try:
            made = wire.unarmoured(glass_door.text_of(signature or Path()))
        except BadSignature as why:
            raise BadInput(f"--signature {signature}: {why}") from why
    more = break_glass.signed(means, grant, made)
    session.say(grant.request.text.rstrip())
    session.confirm("sign this?", yes=yes)
    _show(more, break_glass.signers_of(means, more), output)
    return 0


@app.command
def check(text: Path, /, *, plan: Path) -> int:
    """Say whether a grant lets a saved plan pass now, without using it up. Ends with 0, or as the door itself would.

    Parameters
    ----------
    text
        The grant's text: a file, or - for standard input.
    plan
        The engine's saved plan.
    """
    from controlplane.operations import admit

    whole, plant = read_plan(plan), session.plant()
    calendar, _ = admit.known_calendar(plant.store, plant.last_good_calendar)
    answers = admit.verdicts_of_plan(whole, plant.clock.now(), calendar)
    door = glass_door.judged(plant, answers, admit.wanted_of_plan(whole, answers), text, door="check")
    session.show([f"{door.verdict}{f' {door.grant}' if door.grant else ''}"])
    return 0


@app.command
def deny(text: Path, /) -> int:
    """Answer a request with no: it is never valid from now on, signed or not.

    Parameters
    ----------
    text
        The request's text: a file, or - for standard input.
    """
    from controlplane.operations import break_glass

    plant, grant = session.plant(), _read(text)
    break_glass.deny(plant.glass(session.say), grant)
    session.show([f"{grant.request.id} is answered with no"])
    return 0


def _unsigned(identity: str, wanted: Wanted, now: datetime, length: timedelta, reason: str) -> Grant:
    """The text to be signed. Raises BadInput for one that no door would take."""
    from controlplane.domain.break_glass import Grant, NotValid, Request, checked_reason, checked_size
    from controlplane.domain.scope import parse_scope

    try:
        made = Request(
            id=identity,
            operation=wanted.operation,
            scopes=tuple(parse_scope(one) for one in wanted.scopes),
            plan=wanted.plan,
            rules=tuple(sorted(wanted.rules)),
            asked_at=now,
            not_after=now + length,
            reason=checked_reason(reason),
        )
        made.check(wanted, now)
        return checked_size(Grant(made))
    except NotValid as why:
        raise BadInput(f"no grant can be asked for like this: {why}") from why


def _wanted_of(
    plant: Plant, operation: Operation, scope: tuple[str, ...], what: tuple[str, ...], plan: Path | None, now: datetime
) -> Wanted:
    """What shall be done and which rules stand against it now. Raises Refused where none does."""
    from controlplane.domain.freeze import Facts
    from controlplane.domain.operation import STACK_CHANGES
    from controlplane.domain.verdict import Outcome
    from controlplane.operations import admit

    calendar, _ = admit.known_calendar(plant.store, plant.last_good_calendar)
    if plan is not None:
        whole = read_plan(plan)
        verdicts = admit.verdicts_of_plan(whole, now, calendar)
        wanted = admit.wanted_of_plan(whole, verdicts)
    elif operation in STACK_CHANGES:
        raise BadInput(
            f"a grant for {operation.value} is for one saved plan: --plan FILE is missing",
            next_step="WEDCACHE_PLANNING=1 pulumi preview --save-plan plan.json",
        )
    else:
        if not scope:
            raise BadInput("say what it touches: --scope wedding:como")
        facts = Facts(shortens=True)  # what does not shorten a window needs no grant
        scopes = dict.fromkeys(questions.scope_of(one) for one in scope)
        verdicts = [admit.verdict(operation, one, now, calendar, facts) for one in scopes]
        wanted = admit.wanted_of_command(verdicts, what)
    for answer in verdicts:
        if answer.outcome is Outcome.UNKNOWN:
            session.admit(answer)
    if not wanted.rules:
        raise Refused(f"nothing stands against {operation.value} now", next_step="run it: it needs no grant")
    return wanted


def read_plan(path: Path) -> object:
    """The saved plan in a file, which changes something. Raises BadInput."""
    from controlplane.domain import stack_plan

    try:
        whole: object = json.loads(path.read_text(encoding="utf-8"))
        if not stack_plan.planned_changes(whole):
            raise BadInput(f"--plan {path}: it changes nothing")
    except (OSError, ValueError) as why:
        raise BadInput(
            f"--plan {path}: {why}", next_step=f"WEDCACHE_PLANNING=1 pulumi preview --save-plan {path}"
        ) from why
    return whole


def _check_rules(given: tuple[str, ...], wanted: Wanted) -> None:
    others = sorted(set(given) - wanted.rules)
    if others:
        raise BadInput(
            f"{', '.join(others)} does not stand against it now; {', '.join(sorted(wanted.rules))} does",
            next_step="leave --rule out: the text names every rule",
        )


def _reason(given: str | None) -> str:
    if given is not None:
        return given
    if sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty():
        return _NO_REASON
    sys.stderr.write("why can it not wait? ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() or _NO_REASON


def _signature(plant: Plant, grant: Grant, key: Path) -> str:
    from controlplane.domain.break_glass import NAMESPACE

    return plant.glass(session.say).signatures.sign(grant.request.text.encode(), key, NAMESPACE)


def _read(text: Path) -> Grant:
    from controlplane.domain.break_glass import NotValid, read_grant

    try:
        return read_grant(glass_door.text_of(text))
    except NotValid as why:
        raise BreakGlassInvalid(str(why), next_step="copy the whole text, from its first line to its last") from why


def _show(grant: Grant, people: tuple[str, ...], output: Output) -> None:
    from controlplane.domain.instant import zulu

    request = grant.request
    if output == "json":
        session.show_json(
            {
                "schema": "wedcache.break-glass/1",
                "id": request.id,
                "operation": request.operation.value,
                "scopes": [scope.text for scope in request.scopes],
                "plan": request.plan,
                "rules": list(request.rules),
                "not_after": zulu(request.not_after),
                "signed_by": list(people),
                "text": grant.text,
            }
        )
    else:
        session.show([grant.text.rstrip("\n")])
    if len(people) >= 2:
        session.say(f"signed by {' and '.join(people)}; give it to the command: --break-glass FILE")
    else:
        by = f"signed by {people[0]}; " if people else ""
        session.say(f"{by}a person signs with: wedcache break-glass approve FILE --key KEY")
        if request.is_of_one_wedding:
            session.say("if nobody answers for 10 minutes, one signature is enough; it is announced upwards")
