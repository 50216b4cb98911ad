"""The command: parse, dispatch, and end with the CLI's exit codes. stdout is data, stderr is talk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sandbox.engine import protocol
from sandbox.engine.arguments import VERBS, parse
from sandbox.engine.checkpoint import VERSION
from sandbox.engine.stop import FAILED, Stop
from sandbox.engine.workspace import Workspace

NOTICE = "this is wedcache's stand-in for the Pulumi CLI, for the sandbox only; ENGINE=pulumi uses the real one"
Say = Callable[[str], None]


def run(arguments: Sequence[str], environ: Mapping[str, str], folder: Path) -> int:
    """Carry out one command line; the exit code."""
    try:
        command = parse(arguments)
        if command.has("--help"):
            _say(f"{NOTICE}\n\nUsage: pulumi <command> [flags]\n\nCommands: {', '.join(sorted(VERBS))}")
            return 0
        if command.verb == "version":
            _talk(NOTICE)
            _say(f"{VERSION}+standin")
            return 0
        return _dispatch(Workspace(command, environ, folder))
    except Stop as stop:
        if stop.text:
            _talk(f"error: {stop.text}")
        return stop.code
    except OSError as error:
        _talk(f"error: {error}")
        return FAILED
    except KeyboardInterrupt:
        _talk("error: interrupted")
        return FAILED


def _dispatch(place: Workspace) -> int:
    verb = place.command.verb
    if verb in ("preview", "up", "destroy"):
        protocol.without_sdk()
        from sandbox.engine import updating

        verbs = {"preview": updating.preview, "up": updating.up, "destroy": updating.destroy}
        return verbs[verb](place, _say, _talk, now)
    from sandbox.engine import managing

    return managing.VERBS[verb](place, _say, _talk, now)


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _talk(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
