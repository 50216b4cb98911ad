"""The reader through the edge against a real TLS server: what it sends, what it refuses, when it gives up."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from controlplane.adapters.http.edge_reader import HttpEdgeReader
from controlplane.errors import BadInput, Refused, Unavailable
from tests.cache.scene import accepting, in_loop

HOST = "app.weddings.example"


@dataclass
class Edge:
    """A CDN's front as far as a reader can tell: answers each request with `answer`, remembers what was asked."""

    port: int
    ca: str
    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    asked: list[bytes] = field(default_factory=list)
    connections: int = 0
    is_silent: bool = False

    def reader(self, address: str = f"https://{HOST}/a", **terms: object) -> HttpEdgeReader:
        """A reader whose every key is at `address`, and that finds the host here."""
        return HttpEdgeReader(
            lambda key: address,
            hosts=[HOST],
            ca=self.ca,
            connect={HOST: f"127.0.0.1:{self.port}"},
            **terms,  # type: ignore[arg-type]  # a test's own keyword arguments
        )


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs the edge's certificate."""
    return trustme.CA()


@asynccontextmanager
async def edge(authority: trustme.CA, folder: Path, name: str = HOST) -> AsyncIterator[Edge]:
    """A TLS server with a certificate for `name`."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(tls)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    one = Edge(0, str(folder / "ca.pem"))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        one.connections += 1
        try:
            while True:
                one.asked.append(await reader.readuntil(b"\r\n\r\n"))
                if one.is_silent:
                    await reader.read()
                writer.write(one.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(accepting(serve), "127.0.0.1", 0, ssl=tls)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        await server.wait_closed()


@in_loop
async def test_it_says_who_it_is_and_keeps_the_connection(authority: trustme.CA, tmp_path: Path) -> None:
    """Every request carries `CDN-Loop: wedcache`, wants no compression and takes the former one's connection."""
    async with edge(authority, tmp_path) as far:
        reader = far.reader()
        for _ in range(3):
            answer = await reader.fetch("k")
            assert answer is not None
            assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"hi", "2")
        assert far.connections == 1
        for asked in far.asked:
            head = asked.decode().lower()
            assert head.startswith("get /a http/1.1\r\n")
            assert f"host: {HOST}" in head
            assert "cdn-loop: wedcache" in head
            assert "accept-encoding: identity" in head
            assert "cookie" not in head
            assert "authorization" not in head
        await reader.aclose()


@pytest.mark.parametrize(
    "address",
    [
        "http://app.weddings.example/a",
        "https://elsewhere.example/a",
        "https://127.0.0.1/a",
        "https://app.weddings.example@elsewhere.example/a",
        "https://user:secret@app.weddings.example/a",
        "https://app.weddings.example.elsewhere.example/a",
        "https://①②⑦.0.0.1/a",
        "//app.weddings.example/a",
        "file:///a",
        "https://[::1/a",
    ],
)
@in_loop
async def test_it_asks_no_other_host(authority: trustme.CA, tmp_path: Path, address: str) -> None:
    """An address that is not https to a host of the allow-list is refused before anything is sent, without secrets."""
    async with edge(authority, tmp_path) as far:
        reader = far.reader(address)
        with pytest.raises(Refused, match="nothing was requested") as refused:
            await reader.fetch("k")
        assert "secret" not in str(refused.value)
        assert far.connections == 0
        await reader.aclose()


@in_loop
async def test_a_redirect_is_an_answer_and_is_not_followed(authority: trustme.CA, tmp_path: Path) -> None:
    """Nobody can send the reader elsewhere."""
    async with edge(authority, tmp_path) as far:
        far.answer = b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"
        reader = far.reader()
        answer = await reader.fetch("k")
        assert answer is not None
        assert (answer.status, len(far.asked)) == (302, 1)
        await reader.aclose()


def too_long(far: Edge) -> None:
    far.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001


def endless(far: Edge) -> None:
    far.answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\ny\r\n"


def silent(far: Edge) -> None:
    far.is_silent = True


def broken(far: Edge) -> None:
    far.answer = b"not http at all\r\n\r\n"


@pytest.mark.parametrize("harm", [too_long, endless, silent, broken])
@in_loop
async def test_what_is_no_answer_is_unavailable(
    authority: trustme.CA, tmp_path: Path, harm: Callable[[Edge], None]
) -> None:
    """A body beyond the bound, one that never comes or never ends, and noise end within the time limit."""
    async with edge(authority, tmp_path) as far:
        harm(far)
        reader = far.reader(timeout=0.3, longest=1000)
        with pytest.raises(Unavailable, match=HOST):
            await reader.fetch("k")
        assert far.asked, "the fault fired"
        await reader.aclose()


@in_loop
async def test_another_certificate_is_no_edge(authority: trustme.CA, tmp_path: Path) -> None:
    """A server that cannot prove to be the host, and an authority that is not ours, are never asked."""
    async with edge(authority, tmp_path, "elsewhere.example") as far:
        reader = far.reader()
        with pytest.raises(Unavailable):
            await reader.fetch("k")
        assert not far.asked
        await reader.aclose()
    with pytest.raises(BadInput, match="certificate authority"):
        HttpEdgeReader(lambda key: None, hosts=[], ca=str(tmp_path / "absent.pem"))


@in_loop
async def test_a_key_without_an_address_is_not_asked_for() -> None:
    """Where the service knows no public address, there is nothing to read."""
    assert await HttpEdgeReader(lambda key: None, hosts=[HOST]).fetch("k") is None
