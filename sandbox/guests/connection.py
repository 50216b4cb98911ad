"""A kept connection that speaks just enough HTTP/1.1 (RFC 9112), so that sixty guests cost little."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

LIMIT = 8 * 1024 * 1024


class BadAnswer(OSError):
    """What came back is not HTTP, or too large."""


@dataclass(frozen=True)
class Reply:
    """Status, headers by lower-case name (the last of equal names), whole body, and whether the connection stays."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    kept: bool


class Connection:
    """One TLS connection to a POP under a host's real name; opened at the first request and after a failure."""

    def __init__(self, address: tuple[str, int], host: str, context: ssl.SSLContext) -> None:
        self._address = address
        self._host = host
        self._context = context
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """One request and its whole answer. Raises OSError (BadAnswer included), also for a connection that ends early.

        A kept connection that the other side closed meanwhile is opened again once, before anything was answered.
        """
        fresh = self._streams is None
        try:
            return await self._ask(method, path, headers, body)
        except (ConnectionResetError, BrokenPipeError, asyncio.IncompleteReadError) as ended:
            self.close()
            if fresh or (isinstance(ended, asyncio.IncompleteReadError) and ended.partial):
                raise ConnectionResetError("the connection ended before the whole answer had come") from ended
        try:
            return await self._ask(method, path, headers, body)
        except asyncio.IncompleteReadError as ended:
            raise ConnectionResetError("the connection ended before the whole answer had come") from ended

    def close(self) -> None:
        """Drop the connection at once."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address, ssl=self._context, server_hostname=self._host)
        reader, writer = self._streams
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", *(f"{name}: {v}" for name, v in headers.items())]
        if body or method in ("POST", "PUT"):
            lines.append(f"Content-Length: {len(body)}")
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            reply = await _read(reader, head, method)
        except (asyncio.LimitOverrunError, ValueError) as wrong:
            self.close()
            raise BadAnswer(f"not an HTTP answer: {wrong}") from wrong
        if not reply.kept:
            self.close()
        return reply


async def _read(reader: asyncio.StreamReader, head: bytes, method: str) -> Reply:
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    version, _, rest = first.partition(" ")
    status = int(rest[:3])
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    kept = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    if method == "HEAD" or status in (204, 304):
        return Reply(status, headers, b"", kept)
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Reply(status, headers, await _chunks(reader), kept)
    if "content-length" in headers:
        length = int(headers["content-length"])
        if not 0 <= length <= LIMIT:
            raise ValueError(f"a body of {length} bytes")
        return Reply(status, headers, await reader.readexactly(length), kept)
    return Reply(status, headers, await reader.read(LIMIT), kept=False)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while True:
        size = int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16)
        if size > LIMIT or sum(map(len, parts)) > LIMIT:
            raise ValueError("a body of more than 8 MiB")
        if size == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return b"".join(parts)
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
