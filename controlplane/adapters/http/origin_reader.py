"""A region's origin, asked past every CDN: the Host is the guest's, the name the origin's."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping

from controlplane.adapters.http.edge_probe import AGENT, resolve
from controlplane.domain.inventory import RegionEntry
from controlplane.domain.warming import is_path
from controlplane.errors import BadInput, Refused
from controlplane.ports.edge_probe import Answer, Ask

MOST_BYTES = 64 * 1024 * 1024


class OriginReader:
    """GETs of one path from regions' origins. `connect` replaces names by addresses, `ca` is an authority's file."""

    def __init__(self, connect: Mapping[str, str], ca: str | None) -> None:
        self._connect = dict(connect)
        try:
            self._context = ssl.create_default_context(cafile=ca)
        except OSError as error:
            raise BadInput(f"the inventory's certificate authority {ca} cannot be read: {error}") from error

    def fetch(self, region: RegionEntry, host: str, path: str, timeout: float = 5.0) -> Answer:
        """The answer of that region's origin; one that did not come has status 0. Raises Refused for no path."""
        if not is_path(path):
            raise Refused(f"{path!r} is not a path: it could lead to another host; nothing was requested")
        ask = Ask(host, path, "origin", region.name)
        begun = time.monotonic()
        try:
            status, headers, body = self._asked(region, host, path, timeout)
        except (OSError, ValueError, http.client.HTTPException) as error:
            return Answer(ask, 0, seconds=time.monotonic() - begun, error=str(error) or type(error).__name__)
        return Answer(ask, status, headers, body, time.monotonic() - begun)

    def _asked(self, region: RegionEntry, host: str, path: str, timeout: float) -> tuple[int, dict[str, str], bytes]:
        address = resolve(region.origin, self._connect) or f"{region.origin}:443"
        name, _, port = address.rpartition(":")
        with (
            socket.create_connection((name, int(port)), timeout=timeout) as plain,
            self._context.wrap_socket(plain, server_hostname=region.origin) as tls,
        ):
            connection = http.client.HTTPConnection(region.origin, timeout=timeout)
            connection.sock = tls
            try:
                connection.request("GET", path, headers={"Host": host, "User-Agent": AGENT, "Connection": "close"})
                answer = connection.getresponse()
                headers = {key.lower(): value for key, value in answer.getheaders()}
                return answer.status, headers, answer.read(MOST_BYTES)
            finally:
                connection.close()
