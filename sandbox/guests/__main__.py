"""`python -m sandbox.guests --run FOLDER`: prints `ready 0`, visits, and prints the totals as JSON when it ends."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import uvloop

from sandbox.guests.crowd import Crowd, Settings
from sandbox.origin.seed import Seed, from_catalogue
from sandbox.run import DEFAULT_FOLDER, Run


def settings(arguments: list[str]) -> tuple[Settings, bool]:
    """The command line, and whether all arrive at once; exits with 2 and the reason where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.guests", description=__doc__)
    parser.add_argument("--run", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=90.0, help="requests a second, all guests together")
    parser.add_argument("--label", default="guests", help="keeps the write keys of two crowds apart")
    parser.add_argument("--diary", default="guests", help="the log's name in the run folder")
    parser.add_argument("--catalogue", type=Path, help="who is invited; without it one wedding's list")
    parser.add_argument("--tracked", action="store_true", help="every link has a tag of its own, in every cache key")
    parser.add_argument("--at-once", action="store_true", help="everybody opens the first page at once, and leaves")
    said = parser.parse_args(arguments)
    if said.count < 1 or said.rate <= 0 or said.seconds <= 0:
        parser.error("--count, --rate and --seconds must be above zero")
    if not Run(said.run).ca.exists():
        parser.error(f"{said.run} has no ca.pem: no sandbox was started there")
    lists = from_catalogue(said.catalogue) if said.catalogue else Seed()
    chosen = Settings(
        Run(said.run), said.count, said.seconds, said.seed, said.rate, said.label, lists, said.tracked, said.diary
    )
    return chosen, bool(said.at_once)


async def main(chosen: Settings, at_once: bool) -> None:
    """Visit until the time is over, SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    crowd = Crowd(chosen)
    sys.stdout.write("ready 0\n")
    sys.stdout.flush()
    totals: dict[str, float] = dict(await crowd.visit(stop)) if not at_once else {"seconds": await crowd.arrive()}
    try:
        sys.stdout.write(json.dumps(totals) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:  # whoever started us reads `ready` and no further; the diary holds everything
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    uvloop.run(main(*settings(sys.argv[1:])))
