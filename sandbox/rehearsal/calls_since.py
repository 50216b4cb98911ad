"""What reached the vendors in a span of time, from the emulators' own call log."""

from __future__ import annotations

from collections import Counter

from sandbox.calls import CallLog
from sandbox.run import Run


def mutating(run: Run, since: float, until: float, caller: str = "", spared: str | None = None) -> dict[str, int]:
    """`service operation` -> how many mutating calls arrived in [since, until), of one caller or of all.

    `spared` is one whose calls do not count: the agents', who write on while an operator is watched.
    """
    found: Counter[str] = Counter(
        f"{call.service} {call.operation}"
        for call in CallLog(run.calls).read()
        if call.mutating
        and since <= call.monotonic < until
        and call.caller.startswith(caller)
        and call.caller != spared
    )
    return dict(found)


def received(run: Run, since: float, until: float, caller: str = "") -> int:
    """How many vendor calls of any kind arrived in [since, until), of one caller or of all."""
    calls = CallLog(run.calls).read()
    return sum(since <= call.monotonic < until and call.caller.startswith(caller) for call in calls)
