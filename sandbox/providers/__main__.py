"""`python -m sandbox.providers --run FOLDER`: serve both packages until SIGTERM.

Prints `ready aws:PORT,cloudflare:PORT`, the value that PULUMI_DEBUG_PROVIDERS takes.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from sandbox.providers.server import Servers, import_ahead
from sandbox.run import DEFAULT_FOLDER, Run


def main(arguments: list[str]) -> None:
    """Serve, register the endpoint `providers`, and leave within a second of SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.providers", description=__doc__)
    parser.add_argument("--run", type=Path, default=DEFAULT_FOLDER, help="the sandbox's run folder")
    parser.add_argument("--forget-delete", action="append", default=[], help="a type whose deletes are not carried out")
    said = parser.parse_args(arguments)
    run = Run(said.run)
    asked_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_stop.set())
    servers = Servers(frozenset(said.forget_delete))
    import_ahead()
    with run.edit() as registry:
        registry.setdefault("endpoints", {})["providers"] = servers.attach
    sys.stdout.write(f"ready {servers.attach}\n")
    sys.stdout.flush()
    asked_to_stop.wait()
    servers.stop()
    # A call that waits for a vendor may sit in a worker thread for minutes; it must not hold the process.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
