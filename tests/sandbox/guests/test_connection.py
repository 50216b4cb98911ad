"""The guests' HTTP/1.1 against real sockets: framing, kept connections, and answers that break off."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sandbox.certificates import client_context, ensure_certificate, server_context
from sandbox.guests.connection import BadAnswer, Connection, Reply
from sandbox.run import Run

HOST = "como.weddings.example"


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    run = Run(tmp_path)
    return server_context(ensure_certificate(run, "server", [HOST])), client_context(run)


def against(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
    answers: list[bytes],
    visit: Callable[[Connection], Awaitable[None]],
    *,
    hang_up_after: int = 99,
) -> tuple[list[bytes], int]:
    """Serve `answers` in turn; gives the request heads and how many connections there were."""
    heads: list[bytes] = []
    opened = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        served = 0
        try:
            while answers and served < hang_up_after:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(answers.pop(0))
                await writer.drain()
                served += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def both() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=contexts[0])
        async with server:
            connection = Connection(server.sockets[0].getsockname()[:2], HOST, contexts[1])
            try:
                async with asyncio.timeout(60):
                    await visit(connection)
            finally:
                connection.close()
                await asyncio.sleep(0.02)

    asyncio.run(both())
    return heads, opened


def answer(body: bytes, *lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode() + body


def test_lengths_chunks_and_empty_answers_share_one_connection(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """Bodies by length and by chunks are read exactly, 304 and HEAD have none, and the connection is kept."""
    replies: list[Reply] = []

    async def visit(connection: Connection) -> None:
        methods = ("GET", "GET", "GET", "HEAD", "GET")
        replies.extend([await connection.ask(method, "/schedule", {"X-One": "1"}) for method in methods])

    chunked = b"4;note=x\r\nabcd\r\n2\r\nef\r\n0\r\nTrailer: x\r\n\r\n"
    heads, opened = against(
        contexts,
        [
            answer(b"hello", "Content-Length: 5", "Age: 3"),
            answer(chunked, "Transfer-Encoding: chunked"),
            b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
            answer(b"", "Content-Length: 500"),
            answer(b"last", "Content-Length: 4"),
        ],
        visit,
    )
    assert [reply.body for reply in replies] == [b"hello", b"abcdef", b"", b"", b"last"]
    assert replies[0].headers["age"] == "3"
    assert opened == 1
    assert heads[0].startswith(b"GET /schedule HTTP/1.1\r\nHost: como.weddings.example\r\nX-One: 1\r\n")


def test_a_connection_closed_meanwhile_is_opened_again(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """When the other side hung up between two requests, the second one goes over a new connection."""

    async def visit(connection: Connection) -> None:
        for _ in range(2):
            assert (await connection.ask("GET", "/", {})).status == 200
            await asyncio.sleep(0.05)

    _, opened = against(contexts, [answer(b"", "Content-Length: 0")] * 2, visit, hang_up_after=1)
    assert opened == 2


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (answer(b"hal", "Content-Length: 9"), ConnectionResetError),
        (b"SSH-2.0-x\r\n\r\n", BadAnswer),
        (answer(b"", "Content-Length: -4"), BadAnswer),
        (answer(b"zz\r\n", "Transfer-Encoding: chunked"), BadAnswer),
        (answer(b"", f"Content-Length: {10**10}"), BadAnswer),
    ],
)
def test_half_and_wrong_answers_are_errors(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], raw: bytes, error: type[OSError]
) -> None:
    """An answer that breaks off, or is none, is never taken for a whole one."""

    async def visit(connection: Connection) -> None:
        with pytest.raises(error):
            await connection.ask("GET", "/", {})

    against(contexts, [raw], visit, hang_up_after=1)


def test_a_wrong_name_is_refused_by_tls(tmp_path: Path) -> None:
    """A POP without a certificate for the host is not spoken to."""
    run = Run(tmp_path)
    served = server_context(ensure_certificate(run, "server", ["other.weddings.example"]))

    async def visit(connection: Connection) -> None:
        with pytest.raises(ssl.SSLCertVerificationError):
            await connection.ask("GET", "/", {})

    against((served, client_context(run)), [], visit)
