"""`calls [--service cloudfront] [--since T] [--json]`: every vendor API call that was received."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from controlplane.domain.instant import NotAnInstant, parse_instant
from sandbox.calls import Call, CallLog
from sandbox.run import Run
from sandbox.verbs.words import CannotDo, show, show_json, wrong_words

SCHEMA = "wedcache.calls/1"
SHOWN_CHARACTERS = 100


def calls(run: Run, service: str | None, since: str | None, *, as_json: bool) -> int:
    """Show the calls, oldest first; `since` is the sandbox's calendar. Raises CannotDo."""
    from_instant = _instant(since)
    if not run.folder.is_dir():
        raise CannotDo(f"no sandbox was ever up in {run.folder}", "make sandbox")
    every = list(CallLog(run.calls).read())
    services = sorted({call.service for call in every})
    if service is not None and every and service not in services:
        raise wrong_words(f"no call of a service {service!r} was received; services: {', '.join(services)}")
    found = [call for call in every if service in (None, call.service) and _at(call) >= from_instant]
    if as_json:
        show_json(SCHEMA, {"calls": [asdict(call) for call in found]})
    else:
        show(*map(_line, found))
    return 0


def _instant(text: str | None) -> datetime:
    try:
        return parse_instant(text or "1970-01-01T00:00:00Z")
    except NotAnInstant as why:
        raise wrong_words(f"--since {why}") from why


def _at(call: Call) -> datetime:
    return datetime.fromisoformat(call.at)


def _line(call: Call) -> str:
    parameters = json.dumps(call.parameters, default=str)
    if len(parameters) > SHOWN_CHARACTERS:
        parameters = parameters[: SHOWN_CHARACTERS - 1] + "…"
    return f"{call.at}  {call.status}  {call.service}:{call.operation}  by {call.caller}  {parameters}"
