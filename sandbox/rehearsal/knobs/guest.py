"""A guest of one POP: one kept connection, any host name, over TLS or plain HTTP."""

from __future__ import annotations

import http.client
import socket
from types import TracebackType

from sandbox import certificates
from sandbox.cloud import ZONE
from sandbox.probe import endpoint
from sandbox.rehearsal.knobs.row import Ask, Seen
from sandbox.run import Run

AGENT = "wedcache-knobs"
TIMEOUT_SECONDS = 10.0


class Guest:
    """Asks one POP, `code`. The connection is made under the platform's own name: scratch hosts have no certificate."""

    def __init__(self, run: Run, code: str) -> None:
        self._run = run
        self._code = code
        self._kept: dict[bool, http.client.HTTPConnection] = {}

    def ask(self, host: str, path: str, ask: Ask) -> Seen:
        """Send one request for `path` of `host` and read the whole answer. Raises OSError or HTTPException."""
        connection = self._kept.get(ask.secure) or self._connected(ask.secure)
        target = f"{path}?{ask.query}" if ask.query else path
        body = b"probe" if ask.method == "POST" else None
        try:
            connection.request(ask.method, target, body, {"Host": host, "User-Agent": AGENT, **ask.headers})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except BaseException:
            self._drop(ask.secure)
            raise
        if answer.will_close:
            self._drop(ask.secure)
        return Seen(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)

    def _connected(self, secure: bool) -> http.client.HTTPConnection:
        _, address = endpoint(self._code, self._run, secure=secure)
        connection = http.client.HTTPConnection(ZONE, timeout=TIMEOUT_SECONDS)
        connection.auto_open = 0  # a lost connection is an error here, and never a new one without TLS
        connection.sock = socket.create_connection(address, timeout=TIMEOUT_SECONDS)
        if secure:
            connection.sock = certificates.client_context(self._run).wrap_socket(connection.sock, server_hostname=ZONE)
        self._kept[secure] = connection
        return connection

    def _drop(self, secure: bool) -> None:
        kept = self._kept.pop(secure, None)
        if kept is not None:
            kept.close()

    def __enter__(self) -> Guest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for secure in list(self._kept):
            self._drop(secure)
