"""A reception for programs, without the rest of a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox import processes, programs
from sandbox.run import Run, write_json

PATIENCE_SECONDS = 60.0


@contextmanager
def received(run: Run) -> Iterator[Run]:
    """A run in which only the reception lives; it listens."""
    write_json(run.registry, {"run": "0", "processes": {}, "endpoints": {}})
    process = processes.start_unattended(run, programs.NAME, programs.reception(run))
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while not programs.socket_of(run).exists():
            assert time.monotonic() < deadline, "the reception never listened"
            time.sleep(0.02)
        yield run
    finally:
        processes.end(run)
        process.wait()
