"""`EdgeReader` on aiohttp: https only, to hosts of an allow-list, over connections that are kept."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
from collections.abc import Callable, Collection, Mapping

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from controlplane.adapters.http.edge_probe import AGENT, resolve
from controlplane.domain.http_caching import LOOP, LOOP_NAME
from controlplane.errors import BadInput, Refused, Unavailable
from controlplane.ports.edge_reader import EdgeAnswer

_CHUNK = 64 * 1024
_KEEP_ALIVE = 30.0
_MOST_CONNECTIONS = 32


class HttpEdgeReader:
    """Reads `address(key)` if its host is one of `hosts`; each call ends within `timeout` seconds.

    `longest` bounds a body in bytes. `ca` is a certificate authority's file in place of the system's. `connect` gives a
    host's address (`127.0.0.1:8443`) where DNS should not be asked; the certificate is checked against the host.
    """

    def __init__(
        self,
        address: Callable[[str], str | None],
        *,
        hosts: Collection[str],
        timeout: float = 0.5,
        longest: int = 1024 * 1024,
        ca: str | None = None,
        connect: Mapping[str, str] | None = None,
    ) -> None:
        self._again = functools.partial(
            HttpEdgeReader, address, hosts=hosts, timeout=timeout, longest=longest, ca=ca, connect=connect
        )
        self._address = address
        self._hosts = frozenset(host.lower() for host in hosts)
        self._timeout = timeout
        self._longest = longest
        self._connect = dict(connect or {})
        self._session: aiohttp.ClientSession | None = None
        try:
            self._tls = ssl.create_default_context(cafile=ca)
        except OSError as error:
            raise BadInput(f"the certificate authority {ca} of the edge cannot be read: {error}") from error

    def renewed(self) -> HttpEdgeReader:
        """The same reader with connections of its own."""
        return self._again()

    async def fetch(self, key: str) -> EdgeAnswer | None:
        """See `EdgeReader.fetch`. Raises Refused, before anything is sent, for an address outside the allow-list."""
        text = self._address(key)
        if text is None:
            return None
        url = self._allowed(text)
        try:
            async with asyncio.timeout(self._timeout):
                return await self._get(url)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise Unavailable(
                f"the edge did not answer for {url.host} within {self._timeout:g} s ({type(error).__name__})",
                next_step="Nothing to do: the value is loaded from its source.",
            ) from error

    async def aclose(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _allowed(self, text: str) -> URL:
        """The address as aiohttp will take it, so that no second reading of it can lead elsewhere."""
        try:
            url = URL(text)
        except ValueError as error:
            raise Refused("an address of the edge cannot be read; nothing was requested") from error
        if url.scheme != "https" or url.user is not None or url.password is not None:
            raise Refused(f"the edge is read by https and without credentials, not {url.scheme}; nothing was requested")
        if (url.host or "").lower() not in self._hosts:
            raise Refused(
                f"{url.host} is not a host that may be read through the edge; nothing was requested",
                next_step=f"Allowed are: {', '.join(sorted(self._hosts)) or 'none'}.",
            )
        return url.with_fragment(None)

    async def _get(self, url: URL) -> EdgeAnswer:
        """One GET, as any visitor would send it, its body up to the bound."""
        async with self._opened().get(url, allow_redirects=False) as response:
            if (response.content_length or 0) > self._longest:
                raise ValueError("too large")
            body = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > self._longest:
                    raise ValueError("too large")
            headers = {name.lower(): ", ".join(response.headers.getall(name)) for name in response.headers}
            return EdgeAnswer(response.status, headers, bytes(body))

    def _opened(self) -> aiohttp.ClientSession:
        """The session, made in the loop that uses it; it keeps no cookies and asks no environment for a proxy."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                ssl=self._tls,
                limit=_MOST_CONNECTIONS,
                keepalive_timeout=_KEEP_ALIVE,
                resolver=_Names(self._connect),
                use_dns_cache=True,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                # Unpacked by nobody: a body that is compressed all the same is refused by its reader.
                headers={LOOP: LOOP_NAME, "User-Agent": AGENT, "Accept-Encoding": "identity"},
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


class _Names(AbstractResolver):
    """DNS, but for the hosts whose address is given."""

    def __init__(self, connect: Mapping[str, str]) -> None:
        self._connect = connect
        self._dns = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        known = resolve(host, self._connect)
        if known is None:
            return await self._dns.resolve(host, port, family)
        address, _, own_port = known.rpartition(":")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=int(own_port),
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        await self._dns.close()
