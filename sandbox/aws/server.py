"""The process: bind, serve until SIGTERM, keep moto's noise in the run's log."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from types import FrameType

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from sandbox.aws.front import Front
from sandbox.aws.moto_side import Moto, MotoStores
from sandbox.aws.world import ACCOUNT, Names, World
from sandbox.calls import CallLog
from sandbox.clock import OffsetClock
from sandbox.faults import Faults
from sandbox.run import Run


def server_on(run: Run, port: int) -> BaseWSGIServer:
    """A bound server over a new, empty account."""
    endpoints, now = Endpoints(run), OffsetClock(run.clock).now
    world = World(
        now=now,
        names=Names(random.SystemRandom()),
        moto=MotoStores(ACCOUNT),
        endpoint=endpoints.find,
    )
    front = Front(world, Moto(now), CallLog(run.calls), Faults(run.faults))
    return make_server("127.0.0.1", port, front, threaded=True, request_handler=dated(now))


def dated(now: Callable[[], datetime]) -> type[MotoRequestHandler]:
    """A handler whose answers carry the calendar's Date."""

    class Dated(MotoRequestHandler):  # type: ignore[misc]  # moto ships no types
        def date_time_string(self, timestamp: float | None = None) -> str:
            at = now() if timestamp is None else datetime.fromtimestamp(timestamp, UTC)
            return format_datetime(at, usegmt=True)

    return Dated


class Endpoints:
    """The addresses that the run's registry holds at the moment of asking."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def find(self, name: str) -> str | None:
        """ "host:port" of a registered endpoint, or None."""
        try:
            return self._run.endpoint(name)
        except KeyError:
            return None


def serve(run: Run, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C; prints `ready <port>` once connections are accepted."""
    signal.signal(signal.SIGTERM, _leave)
    announce = os.dup(sys.stdout.fileno())
    with noise_in(run.folder / "logs" / "aws.log"):
        server = server_on(run, port)
        os.write(announce, f"ready {server.port}\n".encode())
        os.close(announce)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
        server.server_close()
        logging.shutdown()
        # Long polls are still open in threads, and taking down moto's modules one by one takes seconds.
        os._exit(0)


@contextlib.contextmanager
def noise_in(path: Path) -> Iterator[None]:
    """Send everything that this process says on stdout and stderr to a log file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        yield


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
