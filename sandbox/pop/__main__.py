"""`python -m sandbox.pop --run FOLDER --code FRA56-P1 --cdn cloudfront|cloudflare [--port P]`.

Prints `ready <port>` when it serves (TLS; with --http-port that port follows; then the next POP's). Ends on SIGTERM
within a second.
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
    parser.add_argument(
        "--code", action="append", required=True, help="a POP's code, for example FRA56-P1 or FRA; again for more POPs"
    )
    parser.add_argument("--cdn", choices=("cloudfront", "cloudflare"), required=True)
    parser.add_argument("--port", type=int, default=0, help="TLS port on 127.0.0.1 (default: free ones)")
    parser.add_argument("--http-port", type=int, help="serve plain HTTP here too (0: a free port)")
    parser.add_argument("--api", help="base URL of the vendor emulator (default: its endpoint in run.json)")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="KNOB", help="counter-experiment: be deaf to it"
    )
    given = parser.parse_args()
    for code in given.code:
        if code[:3] not in delays.CITIES:
            known = ", ".join(delays.CITIES)
            parser.error(f"no city for POP {code}: the delay table knows {known} (first three letters of a code)")
    if len(given.code) > 1 and (given.port or given.http_port):
        parser.error("several POPs take free ports: leave --port out, and --http-port 0")
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    settings = Settings(
        run=Run(given.run),
        codes=tuple(given.code),
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
    async with serve(settings) as serving:
        both = [port for ports in serving.pops.values() for port in (ports.tls, ports.http)]
        told = " ".join(str(port) for port in both if port is not None)
        print(f"ready {told}", flush=True)  # noqa: T201 - the line that whoever started this process waits for
        await ended.wait()


if __name__ == "__main__":
    main()
