"""A guest of one origin, past every CDN, who asks for what no cache may answer: how long do they wait?"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from types import TracebackType

from sandbox import certificates
from sandbox.run import Run

PATH = "/guests?guest=1"
HOST = "como.weddings.example"
PAUSE_SECONDS = 0.02
TIMEOUT_SECONDS = 10.0
AGENT = "pace-witness"


class Sampler:
    """Asks a region's origin in a thread for as long as the context lasts. `waits`: (monotonic, milliseconds)."""

    def __init__(self, run: Run, region: str) -> None:
        self.waits: list[tuple[float, float]] = []
        self.failed = 0
        self._run = run
        self._region = region
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="sampler", daemon=True)

    def p95(self, since: float, until: float) -> tuple[float, int]:
        """The wait that 95 of 100 stayed below in [since, until), in milliseconds, and of how many (0.0 of none)."""
        waits = sorted(wait for at, wait in self.waits if since <= at < until)
        return (waits[min(len(waits) - 1, int(len(waits) * 0.95))], len(waits)) if waits else (0.0, 0)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(2 * TIMEOUT_SECONDS)

    def _ask(self) -> None:
        server, _, port = self._run.endpoint(f"origin-{self._region}").rpartition(":")
        name = f"{self._region}.origin.weddings.example"
        context = certificates.client_context(self._run)
        connection = http.client.HTTPConnection(HOST, timeout=TIMEOUT_SECONDS)
        with socket.create_connection((server, int(port)), timeout=TIMEOUT_SECONDS) as plain:
            connection.sock = context.wrap_socket(plain, server_hostname=name)
            connection.auto_open = 0
            while not self._stop.wait(PAUSE_SECONDS):
                began = time.monotonic()
                connection.request("GET", PATH, headers={"Host": HOST, "User-Agent": AGENT})
                answer = connection.getresponse()
                answer.read()
                self.failed += answer.status != 200
                self.waits.append((began, round((time.monotonic() - began) * 1000, 3)))
            connection.close()
