"""Everything ends; the process table and the ports say what was left behind."""

from __future__ import annotations

import contextlib
import os
import socket
import time

import psutil

from sandbox import processes
from sandbox.rehearsal.stage import Stage


def play(stage: Stage) -> None:
    """End all of this run's processes and look for survivors by pid, by command line and by port."""
    registry = stage.run.read()
    started = {name: int(row["pid"]) for name, row in registry.get("processes", {}).items()}
    spared = ["valkey-us-east-1-replica"] if stage.sabotage == "leave-process" else []
    processes.end(stage.run, [name for name in started if name not in spared])
    time.sleep(0.1)
    stage.record(
        "end",
        started=len(started),
        living={name: pid for name, pid in started.items() if _lives(pid)},
        related=_related(str(stage.run.folder.resolve())),
        ports={name: address for name, address in registry.get("endpoints", {}).items() if _listens(str(address))},
    )
    processes.end(stage.run)


def _lives(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def _related(folder: str) -> list[int]:
    """Processes that name the run folder in their command line, ours aside."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if process.pid != os.getpid() and any(folder in word for word in process.info["cmdline"] or ())
    ]


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    if not port.isdigit() or "," in address:
        return False
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((host.removeprefix("aws:") or "127.0.0.1", int(port))) == 0
