"""A real emulator process for the tests, and the official SDK as its client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from cloudflare import APIStatusError, Cloudflare, DefaultHttpxClient

from sandbox.calls import Call, CallLog
from sandbox.clock import OffsetClock
from sandbox.faults import Faults
from sandbox.run import Run

ROOT = Path(__file__).resolve().parents[3]
TRUST = httpx.create_ssl_context()
"""Read once: each client of its own would cost a tenth of a second."""


@dataclass
class Emulator:
    """One running emulator: its folder, its port, and clients that end with it."""

    run: Run
    port: int
    process: subprocess.Popen[str]
    clients: list[Cloudflare] = field(default_factory=list)
    zones: int = 0

    @property
    def account(self) -> str:
        return str(self.run.read()["cloudflare_account"])

    def secret(self, name: str = "cloudflare-operator") -> str:
        return str(self.run.read()["tokens"][name])

    def client(self, secret: str | None = None, *, retries: int = 0) -> Cloudflare:
        made = Cloudflare(
            api_token=secret or self.secret(),
            base_url=f"http://127.0.0.1:{self.port}/client/v4",
            max_retries=retries,
            timeout=20,
            http_client=DefaultHttpxClient(verify=TRUST),
        )
        self.clients.append(made)
        return made

    def zone(self, client: Cloudflare) -> str:
        """A new zone under a name of its own; returns its id."""
        self.zones += 1
        made = client.zones.create(account={"id": self.account}, name=f"w{self.zones}.weddings.example")
        assert made is not None
        return made.id

    def edge(self, after: int = 0, wait: float = 0) -> dict[str, Any] | None:
        """The snapshot, or None for 204."""
        url = f"http://127.0.0.1:{self.port}/_sandbox/edge?after={after}&wait={wait}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            body = answer.read()
        return None if answer.status == 204 else dict(json.loads(body))

    def calls(self) -> list[Call]:
        return list(CallLog(self.run.calls).read())

    @property
    def clock(self) -> OffsetClock:
        return OffsetClock(self.run.clock)

    @property
    def faults(self) -> Faults:
        return Faults(self.run.faults)


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Emulator]:
    """Start `python -m sandbox.cloudflare`, wait for its line, and end it."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.cloudflare", "--run", str(folder), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        emulator = Emulator(Run(folder), int(line.removeprefix("ready ")), process)
        yield emulator
        for client in emulator.clients:
            client.close()
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


def code(refused: APIStatusError) -> int:
    """The vendor's numeric code in a refusal."""
    body: Any = refused.body
    return int(body["errors"][0]["code"])


def pointer(refused: APIStatusError) -> str:
    """Where in the body a refusal points."""
    body: Any = refused.body
    return str(body["errors"][0]["source"]["pointer"])
