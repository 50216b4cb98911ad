"""A region's health path, asked directly: what an agent probes once a second."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping

from controlplane.adapters.http.edge_probe import resolve
from controlplane.domain.inventory import RegionEntry
from controlplane.errors import BadInput

TIMEOUT_SECONDS = 1.0
MOST_BYTES = 256


class RegionProbe:
    """Asks `https://<origin><health path>`; healthy is a status of 200, the whole of it within the time-out.

    The limit is for name, connection, TLS and status line together: a region that answers a byte now and then is down.
    """

    def __init__(self, connect: Mapping[str, str], ca: str | None) -> None:
        self._connect = dict(connect)
        try:
            self._context = ssl.create_default_context(cafile=ca)
        except OSError as error:
            raise BadInput(f"the inventory's certificate authority {ca} cannot be read: {error}") from error

    def is_healthy(self, region: RegionEntry, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Whether the region answers healthy now. Never raises for a region that does not answer."""
        deadline = time.monotonic() + timeout
        address = resolve(region.origin, self._connect) or f"{region.origin}:443"
        host, _, port = address.rpartition(":")
        try:
            with (
                socket.create_connection((host, int(port)), timeout=_left(deadline)) as plain,
                self._context.wrap_socket(plain, server_hostname=region.origin, do_handshake_on_connect=False) as tls,
            ):
                tls.settimeout(_left(deadline))
                tls.do_handshake()
                tls.sendall(_request(region))
                return _status_line(tls, deadline)[9:12] == b"200"
        except (OSError, ValueError):
            return False


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _request(region: RegionEntry) -> bytes:
    lines = (f"GET {region.health_path} HTTP/1.1", f"Host: {region.origin}", "User-Agent: wedcache-agent")
    return ("\r\n".join((*lines, "Connection: close")) + "\r\n\r\n").encode()


def _status_line(tls: ssl.SSLSocket, deadline: float) -> bytes:
    said = b""
    while b"\r\n" not in said and len(said) < MOST_BYTES:
        tls.settimeout(_left(deadline))
        more = tls.recv(MOST_BYTES)
        if not more:
            break
        said += more
    return said if said.startswith(b"HTTP/1.") else b""
