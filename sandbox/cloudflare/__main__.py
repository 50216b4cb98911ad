"""`python -m sandbox.cloudflare --run FOLDER [--port P] [--plan PLAN]`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from sandbox.cloudflare.limits import PLANS
from sandbox.cloudflare.server import serve
from sandbox.run import DEFAULT_FOLDER, Run


def main() -> int:
    """Parse the arguments and serve until told to end; 2 where the port is taken or the registry names a wrong plan."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.cloudflare", description=__doc__)
    parser.add_argument("--run", type=Path, default=DEFAULT_FOLDER, help="the run's folder")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--plan", choices=sorted(PLANS), help="overrides the registry's cloudflare_plan")
    given = parser.parse_args()
    try:
        asyncio.run(serve(Run(given.run), given.port, given.plan, _say))
    except (OSError, KeyError) as problem:
        sys.stderr.write(f"the Cloudflare emulator did not start: {problem}\n")
        return 2
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    ended = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ended)  # everything is closed; taking the SDK's thousands of classes apart would cost another half second
