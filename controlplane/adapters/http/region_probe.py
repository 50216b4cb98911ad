"""A region's health path, asked directly: what an agent probes once a second."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping

from controlplane.adapters.http.edge_probe import resolve
from controlplane.domain.inventory import RegionEntry

TIMEOUT_SECONDS = 1.0


class RegionProbe:
    """Asks `https://<origin><health path>`; healthy is a 200 within the time-out."""

    def __init__(self, connect: Mapping[str, str], ca: str | None) -> None:
        self._connect = dict(connect)
        self._context = ssl.create_default_context(cafile=ca)

    def is_healthy(self, region: RegionEntry, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Whether the region answers healthy now. Never raises for a region that does not answer."""
        address = resolve(region.origin, self._connect) or f"{region.origin}:443"
        host, _, port = address.rpartition(":")
        connection = _Direct(region.origin, host, int(port), timeout, self._context)
        try:
            connection.request("GET", region.health_path, headers={"User-Agent": "wedcache-agent"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class _Direct(http.client.HTTPSConnection):
    """TLS to an address, with another name in SNI, certificate check and Host."""

    def __init__(self, name: str, address: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(name, 443, timeout=timeout, context=context)
        self._peer = (address, port)
        self._tls = context

    def connect(self) -> None:
        import socket

        plain = socket.create_connection(self._peer, self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
