"""`python -m sandbox VERB`: a whole cloud on this machine, up until told otherwise."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from controlplane.domain.instant import NotAnInstant, parse_instant
from sandbox.run import DEFAULT_FOLDER, Run
from sandbox.verbs.words import CannotDo, is_disk_full, told, wrong_words
from sandbox.world import WORLDS

SEED = 20270612
INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Do one verb: 0 done, 1 not done, 2 wrong words, 130 interrupted."""
    said = _parser().parse_args(arguments)
    run = Run(said.run)
    try:
        return _do(said, run)
    except CannotDo as error:
        return told(str(error), error.next_step, error.code)
    except KeyboardInterrupt:
        return told("interrupted; nothing was left running", "", INTERRUPTED)
    except BrokenPipeError:  # whoever read our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if is_disk_full(run, error):
            return told(f"no space is left on the disk of {run.folder.resolve()}", "make room, then try again", 1)
        return told(f"{error.filename or run.folder}: {error.strerror or error}", "", 1)
    except Exception as error:  # known ones have words of their own, and classes that need heavy imports
        if type(error).__name__ not in ("NotStarted", "NotProvisioned", "PortsInUse", "NoSuchEngine"):
            raise
        return told(f"{error}\nnothing was left running", "", 1)


def _do(said: argparse.Namespace, run: Run) -> int:
    match said.verb:
        case "up":
            from sandbox.verbs.up import up

            return up(
                run,
                detach=said.detach,
                at=_instant(said.at),
                seed=said.seed,
                engine=said.engine,
                bare=said.bare,
                world=WORLDS[said.world],
            )
        case "down":
            from sandbox.verbs.up import down

            return down(run)
        case "status":
            from sandbox.verbs.status import status

            return status(run, as_json=said.json)
        case "clock":
            from sandbox.verbs.clock import clock

            return clock(run, said.what, getattr(said, "value", None))
        case "fault":
            return _fault(said, run)
        case "probe":
            from sandbox.verbs.probe import probe

            return probe(run, said.url, said.pop, said.header, as_json=said.json)
    from sandbox.verbs.calls import calls

    return calls(run, said.service, said.since, as_json=said.json)


def _fault(said: argparse.Namespace, run: Run) -> int:
    from sandbox.verbs import fault

    if said.what == "list":
        return fault.list_faults(run)
    act = fault.inject if said.what == "inject" else fault.heal
    return act(run, said.name, said.target)


def _instant(text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_instant(text)
    except NotAnInstant as why:
        raise wrong_words(f"--at {why}") from why


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--run", type=Path, default=DEFAULT_FOLDER, metavar="FOLDER", help="default: %(default)s")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    up = verbs.add_parser("up", help="start everything and provision it")
    up.add_argument("--detach", action="store_true", help="return when it is up, and leave it up")
    up.add_argument("--at", metavar="T", help="where the calendar starts (RFC 3339 with an offset); default: now")
    up.add_argument("--seed", type=int, default=SEED)
    up.add_argument("--engine", choices=("stand-in", "pulumi"), default="", help="default: pulumi where it is on PATH")
    up.add_argument("--bare", action="store_true", help="start the processes, provision nothing")
    up.add_argument("--world", choices=tuple(WORLDS), default="short", help="how wide; default: %(default)s")
    verbs.add_parser("down", help="end what is up in this folder, and nothing else")
    status = verbs.add_parser("status", help="process ids, ports, endpoints, run id")
    clock = verbs.add_parser("clock", help="the calendar").add_subparsers(dest="what", required=True, metavar="WHAT")
    clock.add_parser("show", help="the calendar's time")
    clock.add_parser("set", help="jump to T").add_argument("value", metavar="T")
    clock.add_parser("advance", help="jump ahead: 90m, 6h, 2d").add_argument("value", metavar="LENGTH")
    fault = verbs.add_parser("fault", help="break something, repeatably").add_subparsers(
        dest="what", required=True, metavar="WHAT"
    )
    fault.add_parser("list", help="every fault, and which are active")
    inject = fault.add_parser("inject", help="make one happen")
    inject.add_argument("name", metavar="NAME")
    heal = fault.add_parser("heal", help="take one back, or all")
    heal.add_argument("name", metavar="NAME", nargs="?")
    for one in (inject, heal):
        one.add_argument("--target", metavar="R", help="default: every possible one")
    probe = verbs.add_parser("probe", help="what a guest in a POP's city gets")
    probe.add_argument("url", metavar="URL")
    probe.add_argument("--pop", required=True, metavar="POP", help="FRA56 or FRA")
    probe.add_argument("--header", action="append", default=[], metavar="K:V")
    calls = verbs.add_parser("calls", help="every vendor API call received")
    calls.add_argument("--service", metavar="NAME", help="for example cloudfront")
    calls.add_argument("--since", metavar="T", help="calendar time, RFC 3339 with an offset")
    for one in (status, probe, calls):
        one.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
