"""`python -m sandbox.aws --run FOLDER --port P`: serve AWS on 127.0.0.1 (port 0 takes a free one)."""

from __future__ import annotations

import argparse
from pathlib import Path

from sandbox.aws.server import serve
from sandbox.run import DEFAULT_FOLDER, Run


def main() -> None:
    """Parse the arguments and serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws", description=__doc__)
    parser.add_argument("--run", type=Path, default=DEFAULT_FOLDER, help="the run folder")
    parser.add_argument("--port", type=int, default=0, help="the port; 0 takes a free one")
    arguments = parser.parse_args()
    serve(Run(arguments.run), arguments.port)


main()
