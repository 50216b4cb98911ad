"""Running an edge function's real JavaScript (quickjs-ng) as CloudFront Functions does in a viewer request.

The function sees CloudFront's event, the pairs of its key value store, and a Date that stands still at the calendar's
instant. It has no timers, no network, no `eval`. CPU time and memory are bounded.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import quickjs

from sandbox.pop.cloudfront_policy import Function
from sandbox.pop.event import InvalidAnswer, event_of, request_of
from sandbox.pop.messages import Headers, Request, Response
from sandbox.pop.syntax import IMPORT, FunctionDoesNotCompile, check

CPU_SECONDS = 0.05
MEMORY_BYTES = 8 * 1024 * 1024


class FunctionFails(Exception):
    """The function threw, ran too long, or could not be compiled: CloudFront answers 503."""


@dataclass(frozen=True)
class Ran:
    """What a function did: gave back a request to go on with, or a response. `changes` speak of the origin."""

    request: Request
    response: Response | None = None
    changes: dict[str, Any] | None = None
    selected: str | None = None


class Runtime:
    """One function in its own context. Not for use from several threads."""

    def __init__(self, function: Function, origins: Iterable[str]) -> None:
        self._function = function
        self._origins = json.dumps(dict.fromkeys(origins, True))
        self._context: Any = None
        self._broken: str | None = None
        try:
            check(function.code)
        except FunctionDoesNotCompile as error:
            self._broken = str(error)

    def run(self, request: Request, now: float, context: dict[str, str]) -> Ran:
        """Handle one viewer request at calendar second `now`; `context` is the event's.

        Raises FunctionFails (503) or InvalidAnswer (502), each with what happened.
        """
        if self._broken is not None:
            raise FunctionFails(self._broken)
        event = event_of(request, context)
        outcome = json.loads(self._invoke(json.dumps(event), now))
        if "error" in outcome:
            raise FunctionFails(outcome["error"])
        value = outcome.get("value")
        if not isinstance(value, dict):
            raise InvalidAnswer("the function returned neither a request nor a response")
        if "statusCode" in value:
            return Ran(request, response=_response(value))
        changes = outcome.get("changes") or {}
        changed = request_of(value, event["request"], request)
        return Ran(changed, changes=changes.get("update"), selected=changes.get("select"))

    def _invoke(self, event: str, now: float) -> str:
        try:
            context = self._ready()
            context.get("__invoke")(event, float(int(now * 1000)))  # the binding cuts an int to 32 bits
            while context.execute_pending_job():
                pass
            outcome = context.get("__take")()
        except (quickjs.JSException, quickjs.StackOverflow) as error:
            self._context = None  # after an interruption nothing in it can be trusted
            raise FunctionFails(str(error).strip().splitlines()[0]) from error
        if not isinstance(outcome, str):
            raise FunctionFails("the function never settled: it awaits what cannot come")
        return outcome

    def _ready(self) -> Any:
        if self._context is None:
            context = quickjs.Context()
            context.set_memory_limit(MEMORY_BYTES)
            context.eval(runtime_source())
            code = IMPORT.sub(r"const \1 = __cf;", self._function.code)
            pairs = self._function.pairs
            context.get("__configure")("null" if pairs is None else json.dumps(dict(pairs)), self._origins)
            context.eval(f"__load(function (__cf) {{ 'use strict'; {code}\nreturn handler; }});")
            context.set_time_limit(CPU_SECONDS)
            self._context = context
        return self._context


@lru_cache(maxsize=1)
def runtime_source() -> str:
    """The JavaScript that turns QuickJS into CloudFront's runtime."""
    return Path(__file__).with_name("function_runtime.js").read_text()


def _response(value: dict[str, Any]) -> Response:
    """A generated response (event structure, response object)."""
    status = value["statusCode"]
    if not isinstance(status, int) or not 100 <= status <= 599:
        raise InvalidAnswer(f"statusCode {status!r} is not a status")
    rows: list[tuple[str, str]] = []
    for name, node in (value.get("headers") or {}).items():
        values = [item["value"] for item in node["multiValue"]] if "multiValue" in node else [node["value"]]
        rows += [(name, str(one)) for one in values]
    for name, node in (value.get("cookies") or {}).items():
        attributes = f"; {node['attributes']}" if node.get("attributes") else ""
        rows.append(("set-cookie", f"{name}={node['value']}{attributes}"))
    body = value.get("body", "")
    if isinstance(body, dict):
        data = str(body.get("data", ""))
        content = base64.b64decode(data) if body.get("encoding") == "base64" else data.encode()
    else:
        content = str(body).encode()
    return replace(Response(status, Headers.of(rows)), body=content)
