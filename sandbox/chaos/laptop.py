"""One laptop: a forked process with an empty disk that types `wedcache` commands, and may be struck while it does."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import pkgutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import controlplane
from controlplane import bootstrap
from controlplane.adapters.system.clock import SystemClock
from controlplane.bootstrap import Plant
from controlplane.cli.main import run as wedcache
from controlplane.domain.inventory import StoreBucket
from controlplane.settings import CloudflareSettings, Profile
from sandbox.chaos import estate
from sandbox.chaos.points import Points, Strike, Watched
from sandbox.chaos.wire import Api, Guests, Health, Session, Wire, warm_sdk

LOOK_SECONDS = 0.02
PLAIN = frozenset(
    {"me", "aws", "cloudflare", "inventory_copy", "inventory", "weddings", "clock", "edges", "pops"}
    | {"cdns", "probe", "prober", "origins"}
)
"""What a plant has beside ports, and what is watched by a row of its own or only looks."""
PORTS = frozenset(name for name, one in vars(Plant).items() if isinstance(one, cached_property)) - PLAIN
_PR_SET_PDEATHSIG = 1


class Calendar(SystemClock):
    """The machine's clock, `ahead` of it."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        """See `Clock.now`."""
        return super().now() + self._ahead


class LaptopPlant(Plant):
    """The plant of a laptop whose vendors are one world of chaos. Its ports are watched."""

    def __init__(self, world: Path, disk: Path, catalogue: Path, ahead: timedelta, strike: Strike | None) -> None:
        wire = Wire(world)
        self._wire, self._ahead = wire, ahead
        self.points = Points(strike, lambda left, mode: _armed(wire, left, mode))
        store = tuple(StoreBucket(bucket=one.bucket, region=one.region) for one in estate.STORE)
        settings = CloudflareSettings(token="env:NOBODY_READS_IT")
        super().__init__(Profile(catalogue=catalogue, store=store, state=disk, cloudflare=settings))

    @cached_property
    def aws(self) -> Any:
        """See `Plant.aws`."""
        return Session(self._wire)

    @cached_property
    def cloudflare(self) -> Any:
        """See `Plant.cloudflare`."""
        return Api(self._wire)

    @cached_property
    def clock(self) -> Any:
        """See `Plant.clock`."""
        return Calendar(self._ahead)

    @cached_property
    def probe(self) -> Any:
        """See `Plant.probe`."""
        return Watched(Guests(self._wire), "probe", self.points)

    @cached_property
    def prober(self) -> Any:
        """See `Plant.prober`."""
        return Health(self._wire)

    @cached_property
    def cdns(self) -> Any:
        """See `Plant.cdns`."""
        return tuple(Watched(cdn, f"cdn {cdn.edge}", self.points) for cdn in Plant.cdns.func(self))  # type: ignore[attr-defined]  # cached_property keeps the function

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name in PORTS and not isinstance(found, Watched):
            found = self.__dict__[name] = Watched(found, name, super().__getattribute__("points"))
        return found


def _armed(wire: Wire, left: int, mode: str) -> None:
    wire.ask("arm", left=left, mode=mode)


@dataclass
class Ended:
    """How a laptop's process ended: its exit code, or the signal that killed it; 'stopped' while it is stopped."""

    pid: int
    code: int | None
    signal: int | None
    stopped: bool = False


def prepare() -> None:
    """Import everything that a command may need, once for all laptops: each starts within milliseconds then."""
    for found in pkgutil.walk_packages(controlplane.__path__, "controlplane."):
        importlib.import_module(found.name)
    warm_sdk()


def fork(work: Callable[[], int], log: Path) -> int:
    """Run `work` in a child that dies with its parent, its words in `log`; gives the pid."""
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(98)
        words = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for target, source in ((0, nothing), (1, words), (2, words)):
            os.dup2(source, target)
        # The parent's own files must not be closed with the objects that are replaced here.
        sys.stdin = os.fdopen(0, closefd=False)
        sys.stdout, sys.stderr = (os.fdopen(target, "w", closefd=False) for target in (1, 2))
        code = work()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        with contextlib.suppress(OSError):
            os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def wait(pid: int, seconds: float) -> Ended | None:
    """Until the child ends or stops; None if it does neither in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
        if found:
            if os.WIFSTOPPED(status):
                return Ended(pid, None, None, stopped=True)
            if os.WIFSIGNALED(status):
                return Ended(pid, None, os.WTERMSIG(status))
            return Ended(pid, os.WEXITSTATUS(status), None)
        time.sleep(LOOK_SECONDS)
    return None


def end(pid: int) -> None:
    """End a child by its pid and let the kernel forget it."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def typed(plant: LaptopPlant, *commands: Sequence[str]) -> int:
    """Type commands one after the other; the first code that is not 0, or 0."""
    bootstrap.plant = cast(Any, lambda _: plant)
    for words in commands:
        code = wedcache([*words])
        if code:
            return code
    return 0


def steps_kept(plant: LaptopPlant, place: Path) -> None:
    """Write down which steps the process made, and die where no mark came before its end."""
    plant.points.end()
    place.write_text(json.dumps({"steps": plant.points.steps, "marked": sorted(plant.points.marked)}))
