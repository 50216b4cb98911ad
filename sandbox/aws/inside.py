"""The emulator's own endpoints for the sandbox: `/_sandbox/edge`, `/_sandbox/edge/ack`, `/_sandbox/health`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from sandbox.aws.refusal import Answer
from sandbox.aws.snapshot import snapshot
from sandbox.aws.world import World

LONGEST_WAIT = 60.0


def answer(world: World, method: str, path: str, query: str, body: bytes) -> Answer:
    """Answer one of the sandbox's own requests; 404 and 400 say which there are and what they take."""
    try:
        if (method, path) == ("GET", "/_sandbox/health"):
            return _json({"ok": True, "seq": world.edge.seq, "pops": world.edge.pops()})
        if (method, path) == ("GET", "/_sandbox/edge"):
            return _edge(world, query)
        if (method, path) == ("POST", "/_sandbox/edge/ack"):
            ack = json.loads(body)
            with world.lock:
                world.edge.acknowledge(str(ack["pop"]), int(ack["seq"]))
            return Answer(204)
    except (ValueError, KeyError, TypeError) as error:
        return _json({"error": f"not understood: {error}"}, status=400)
    known = "GET /_sandbox/health, GET /_sandbox/edge?after=N&wait=S, POST /_sandbox/edge/ack"
    return _json({"error": f"no {method} {path} here; known: {known}"}, status=404)


def _edge(world: World, query: str) -> Answer:
    asked = parse_qs(query)
    after = int(asked.get("after", ["-1"])[0])
    wait = min(float(asked.get("wait", ["0"])[0]), LONGEST_WAIT)
    if not world.edge.wait(after, wait):
        return Answer(204)
    with world.lock:
        shown = snapshot(world, after)
    return _json(shown)


def _json(value: dict[str, Any], status: int = 200) -> Answer:
    return Answer(status, [("Content-Type", "application/json")], json.dumps(value).encode())
