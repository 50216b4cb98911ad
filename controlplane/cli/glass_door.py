"""How a command passes a window: by its verdicts, or by a break-glass grant, used up just before the effect."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from controlplane.cli import session
from controlplane.errors import BadInput, FreezeInForce

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.break_glass import Wanted
    from controlplane.domain.verdict import Verdict
    from controlplane.operations.break_glass import Judged


class Door:
    """One command's passage. `verdict` is what it passes by; `enter` is called once, before the first effect."""

    def __init__(self, plant: Plant, door: str, judged: Judged | None = None) -> None:
        self._plant, self._door, self._judged = plant, door, judged

    @property
    def verdict(self) -> str:
        """ADMITTED, or ADMITTED_BY_BREAK_GLASS."""
        return "ADMITTED" if self._judged is None else "ADMITTED_BY_BREAK_GLASS"

    @property
    def grant(self) -> str | None:
        """The id of the grant that it passes by; None where nothing stands against it."""
        return None if self._judged is None else self._judged.grant.request.id

    def enter(self) -> None:
        """Use the grant up. Raises BreakGlassInvalid if somebody was faster, Unavailable without the store."""
        if self._judged is None:
            return
        from controlplane.operations.break_glass import spend

        spend(self._plant.glass(session.say), self._judged, self._door)
        request = self._judged.grant.request
        session.say(f"ADMITTED_BY_BREAK_GLASS {request.id}, signed by {' and '.join(self._judged.people)}")


def passage(
    plant: Plant, verdicts: Sequence[Verdict], grant: Path | None, *, door: str, what: Sequence[str] = ()
) -> Door:
    """The door of a command whose scopes have these `verdicts`; `what` is what it is about, as typed. Writes nothing.

    Raises FreezeInForce with the way past, FreezeUnknown, and for a grant that does not fit BreakGlassInvalid.
    """
    from controlplane.operations.admit import wanted_of_command

    return judged(plant, verdicts, wanted_of_command(verdicts, what), grant, door=door, what=what)


def judged(
    plant: Plant,
    verdicts: Sequence[Verdict],
    wanted: Wanted,
    grant: Path | None,
    *,
    door: str,
    what: Sequence[str] = (),
) -> Door:
    """`passage` for something that is `wanted` as a whole."""
    from controlplane.domain.break_glass import request_command
    from controlplane.domain.verdict import Outcome
    from controlplane.operations.break_glass import judge

    for answer in verdicts:
        if answer.outcome is Outcome.UNKNOWN:
            session.admit(answer)
    refused = [answer for answer in verdicts if not answer.is_admitted]
    if not refused:
        if grant is not None:
            session.say("nothing stands against it: the grant is not used")
        return Door(plant, door)
    if grant is not None:
        return Door(plant, door, judge(plant.glass(session.say), text_of(grant), wanted))
    try:
        session.admit(refused[0])
    except FreezeInForce as told:
        objects = [] if set(what) <= set(wanted.scopes) else what
        ask = request_command(wanted.operation, wanted.scopes, sorted(wanted.rules), objects)
        ways = [way for way in refused[0].way_past if not way.startswith("wedcache break-glass")]
        raise FreezeInForce(str(told), next_step="; or ".join([*ways, ask])) from None
    raise AssertionError("what is not admitted is refused")


def text_of(grant: Path) -> str:
    """The grant's text: a file, or `-` for standard input. Raises BadInput."""
    try:
        return sys.stdin.read() if str(grant) == "-" else grant.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as why:
        raise BadInput(
            f"the break-glass text {grant} cannot be read: {getattr(why, 'strerror', None) or 'no text'}"
        ) from why
