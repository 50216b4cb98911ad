"""What was seen of a fault from outside while it was in force: a sentence, or nothing where nothing was seen."""

from __future__ import annotations

import socket
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from sandbox.calls import CallLog
from sandbox.clock import OffsetClock
from sandbox.faults import TABLE, Faults
from sandbox.origin.access import SLOW_SECONDS
from sandbox.probe import endpoint
from sandbox.rehearsal.evidence import read_log

if TYPE_CHECKING:
    from sandbox.rehearsal.stage import Stage

REFUSED = frozenset({400, 429, 503})
"""Throttled by AWS in its query and REST protocols, throttled elsewhere, out of service."""


def slow_answers(stage: Stage, since: float, offset: float) -> str:
    """From the origin's own log."""
    rows = read_log(stage.run.log(f"origin-{stage.world.home}"), since)
    count = sum(float(row["ms"]) >= 1000 * SLOW_SECONDS for row in rows)
    return f"{count} answers of its origin took {SLOW_SECONDS:g} s and more" if count else ""


def refused_calls(stage: Stage, since: float, offset: float) -> str:
    """From the emulators' own log of calls."""
    refused = Counter(
        f"{call.service} {call.status}"
        for call in CallLog(stage.run.calls).read()
        if call.monotonic >= since and call.status in REFUSED and not call.service.startswith("s3")
    )
    return ", ".join(f"{count} x {what}" for what, count in sorted(refused.items()))


def answers_lost(stage: Stage, since: float, offset: float) -> str:
    """The emulator takes this fault back itself, when it has struck."""
    left = [row["target"] for row in Faults(stage.run.faults).listed() if row["name"] == "answer-lost"]
    return "" if left else "a mutating call was carried out and its answer lost"


def silent_caches(stage: Stage, since: float, offset: float) -> str:
    """Both Redis servers of the region refuse connections."""
    names = [f"valkey-{stage.world.home}-{role}" for role in ("primary", "replica")]
    dead = [name for name in names if not _answers(stage.run.endpoint(name))]
    return f"nobody listens at {' and '.join(dead)}" if len(dead) == len(names) else ""


def silent_pop(stage: Stage, since: float, offset: float) -> str:
    """The POP takes a connection and says nothing."""
    code = stage.world.first("cloudfront")
    _, address = endpoint(code, stage.run)
    with socket.create_connection(address, timeout=2) as plain:
        plain.settimeout(1.0)
        plain.sendall(b"\x16\x03\x01\x00\x05hello")
        try:
            plain.recv(1)
        except TimeoutError:
            return f"{code} takes a connection and does not answer"
    return ""


def clock_jumped(stage: Stage, since: float, offset: float) -> str:
    """The calendar's distance to the machine's clock, against what it was."""
    jump = OffsetClock(stage.run.clock).offset - offset
    wanted = TABLE["clock-jump"].jump.total_seconds()
    return f"the calendar stood {timedelta(seconds=round(jump))} ahead of where it was" if jump >= wanted - 1 else ""


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            return True
    except OSError:
        return False
