"""The `wedcache` command: registers the sub-commands, imports only the called one, and ends with its exit code."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Sequence
from contextvars import copy_context

import cyclopts

from controlplane.cli import session
from controlplane.errors import BadInput, Incomplete, Refused, Unavailable, WedcacheError

app = cyclopts.App(
    name="wedcache",
    help="Keeps a wedding platform fast and available worldwide, above all on the Saturday of the wedding.",
    version=lambda: importlib.metadata.version("wedcache"),
    suppress_keyboard_interrupt=False,
)
app.command("controlplane.cli.freeze:app", name="freeze", help="Freeze windows: what holds, when and why.")
app.command("controlplane.cli.break_glass:app", name="break-glass", help="Past a freeze, once: two persons sign.")
app.command("controlplane.cli.gate:gate", name="gate", help="May this change start now? Ends with 0, 10 or 16.")

app.command("controlplane.cli.status:status", name="status", help="Home, regions, agents, calendar, open operations.")
app.command("controlplane.cli.doctor:doctor", name="doctor", help="Check everything that a bad night would need.")
app.command("controlplane.cli.warming:plan", name="plan", help="Make a warm plan: URL x POP in tier order.")
app.command("controlplane.cli.warming:warm", name="warm", help="Warm the edge; each target is proven by a HIT.")
app.command("controlplane.cli.purging:purge", name="purge", help="Purge by cache tag in every tier.")
app.command("controlplane.cli.tracing:trace", name="trace", help="Who answers a URL, where and why; or a cache key.")
app.command("controlplane.cli.routing:route", name="route", help="Where a wedding's or a host's guests go now.")
app.command("controlplane.cli.takedown:takedown", name="takedown", help="Make something vanish, and stay gone.")
app.command("controlplane.cli.failing_over:failover", name="failover", help="Leave a region that is lost.")
app.command("controlplane.cli.failing_over:failback", name="failback", help="Return to a region.")
app.command("controlplane.cli.ops:app", name="ops", help="Operations: list, show, resume, cancel, story.")
app.command("controlplane.cli.ledger:app", name="ledger", help="Check the ledger: one hash chain per operation.")
app.command("controlplane.cli.kit:app", name="kit", help="Pack or open the kit: on call on a second laptop.")
app.command("controlplane.cli.emergency:app", name="emergency", help="Emergency mode: on, off, status.")
app.command("controlplane.cli.runbook:runbook", name="runbook", help="What to do in a known bad situation.")
app.command("controlplane.cli.explain:explain", name="explain", help="What an exit code means, and what to do.")
app.command("controlplane.cli.worker:worker", name="worker", help="Run a region's agent.")
app.command("controlplane.cli.reporting:report", name="report", help="The last rehearsal's report in short.")

_USAGE = 2
_INTERRUPTED = 130
_SILENT = (BadInput,)
"""A command line or a file that cannot be read is answered on standard error alone."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (default: the process's own) and give its exit code.

    Codes: `wedcache explain CODE`, `controlplane/domain/exit_codes.py`.
    """
    return copy_context().run(_run, sys.argv[1:] if arguments is None else list(arguments))


def _run(arguments: Sequence[str]) -> int:
    try:
        profile, rest = session.split_profile(arguments)
        if profile is not None:
            session.PROFILE.set(profile)
        code = app(
            rest,
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
        sys.stdout.flush()
    except WedcacheError as error:
        if session.wants_json(arguments) and not session.SHOWN.get() and not isinstance(error, _SILENT):
            session.show_json(_object(error))
        return _told(error)
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`): nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except cyclopts.CycloptsError as error:
        sys.stderr.write(f"{error}\nnothing was changed\nnext: wedcache --help, or --help after the command\n")
        return _USAGE
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return _INTERRUPTED
    return code if isinstance(code, int) else 0


def _object(error: WedcacheError) -> dict[str, object]:
    """The error for programs, `wedcache.error/1`."""
    return {
        "schema": "wedcache.error/1",
        "error": type(error).__name__,
        "exit_code": error.exit_code,
        "message": str(error),
        "next_step": error.next_step,
        "report": error.report if isinstance(error, Incomplete) else {},
    }


def _told(error: WedcacheError) -> int:
    """Print what happened, what was not touched and what to do next; give the exit code."""
    lines = [str(error)]
    if isinstance(error, Refused):
        lines.append("nothing was changed")
    elif isinstance(error, Unavailable):
        lines.append("safe to retry" if error.safe_to_retry else "the outcome is unknown: read back before you retry")
    elif isinstance(error, Incomplete):
        lines += [f"  {target}: {became}" for target, became in error.report.items()]
    if error.next_step:
        lines.append(f"next: {error.next_step}")
    sys.stderr.write("\n".join(lines) + "\n")
    return error.exit_code


if __name__ == "__main__":
    sys.exit(run())
