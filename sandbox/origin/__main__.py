"""`python -m sandbox.origin --run FOLDER --region R`: one region's origin; prints `ready <port>`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import uvloop

from controlplane.cache.options import TIERS, Options
from sandbox.delays import REGIONS
from sandbox.origin.seed import Seed, from_catalogue
from sandbox.origin.serve import Settings, serving
from sandbox.run import DEFAULT_FOLDER, Run

PAIR = ("eu-central-1", "us-east-1")


def settings(arguments: list[str]) -> Settings:
    """The command line; exits with 2 and the reason where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.origin", description=__doc__)
    parser.add_argument("--run", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--region", required=True, choices=REGIONS)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--home", default=PAIR[0], choices=REGIONS, help="until a role document was read")
    parser.add_argument(
        "--other", choices=REGIONS, help="the region that writes with this one; default: the other of the pair"
    )
    parser.add_argument(
        "--further", action="append", default=[], choices=REGIONS, help="a region that follows, or leads, the pair"
    )
    parser.add_argument("--catalogue", type=Path, help="seed from this catalogue; without it from one wedding, como")
    parser.add_argument("--without-caches", action="store_true", help="every read asks the database, to compare with")
    parser.add_argument("--unfenced", action="store_true", help="take any epoch for today's: a counter-experiment")
    parser.add_argument("--silent", action="store_true", help="tell nobody of owners' updates: a counter-experiment")
    said = parser.parse_args(arguments)
    other = said.other or next(region for region in PAIR if region != said.region)
    seed = from_catalogue(said.catalogue) if said.catalogue else Seed()
    reads = Options(skip=TIERS) if said.without_caches else Options()
    fenced, further = not said.unfenced, tuple(said.further)
    own = (Run(said.run), said.region, other, said.home, said.port)
    return Settings(*own, seed, further, reads, is_fenced=fenced, silent=said.silent)


async def main(chosen: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(chosen) as port:
        sys.stdout.write(f"ready {port}\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    uvloop.run(main(settings(sys.argv[1:])))
