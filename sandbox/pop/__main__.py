"""`python -m sandbox.pop --run FOLDER --code FRA56-P1 --cdn cloudfront|cloudflare [--port P]`.

Prints `ready <port>` when it serves (TLS; with --http-port that port follows); ends on SIGTERM within a second.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

import uvloop

from sandbox import delays
from sandbox.pop.process import Settings, serve
from sandbox.run import Run


def main() -> None:
    """Read the command line and serve until told to end."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.pop", description="One POP of the sandbox.")
    parser.add_argument("--run", type=Path, required=True, help="the run folder")
    parser.add_argument("--code", required=True, help="the POP's code, for example FRA56-P1 or FRA")
    parser.add_argument("--cdn", choices=("cloudfront", "cloudflare"), required=True)
    parser.add_argument("--port", type=int, default=0, help="TLS port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--http-port", type=int, help="serve plain HTTP here too (0: a free port)")
    parser.add_argument("--api", help="base URL of the vendor emulator (default: its endpoint in run.json)")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="KNOB", help="counter-experiment: be deaf to it"
    )
    given = parser.parse_args()
    if delays.place(given.code) == given.code:
        known = ", ".join(delays.NEAREST_REGION)
        parser.error(f"no city for POP {given.code}: the delay table knows {known} (first three letters of a code)")
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    settings = Settings(
        run=Run(given.run),
        code=given.code,
        cdn=given.cdn,
        port=given.port,
        http_port=given.http_port,
        api=given.api,
        ignored=frozenset(given.ignore),
    )
    uvloop.run(_until_told(settings))


async def _until_told(settings: Settings) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with serve(settings) as ports:
        told = " ".join(str(port) for port in (ports.tls, ports.http) if port is not None)
        print(f"ready {told}", flush=True)  # noqa: T201 - the line that whoever started this process waits for
        await ended.wait()


if __name__ == "__main__":
    main()
