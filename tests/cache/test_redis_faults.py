"""G13, fault by fault, on real servers and on one that answers what it is told: no read raises or waits too long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from controlplane.adapters.redis.lane import MOST_BYTES
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Settings
from controlplane.cache.breaker import Phase
from controlplane.cache.shared import SharedTier
from controlplane.domain.keys import encode
from controlplane.domain.tier import Tier
from controlplane.ports.second_tier import Stored
from sandbox import valkey
from tests.cache.fakes import FakeClock, FakePurgeLog
from tests.cache.scene import Source, accepting, in_loop, until, world

_MEMORY = b"# Memory\r\nmaxmemory_policy:noeviction\r\n"
INFO = b"$%d\r\n%b\r\n" % (len(_MEMORY), _MEMORY)
LIMIT = 0.1
# A read may take its limit, and what a busy machine adds; beyond this it hangs.
HANGS = 60.0


def shared_of(cache: Cache) -> SharedTier:
    """The cache's own view of its second tier."""
    shared = cache._engine.shared
    assert shared is not None
    return shared


def over(url: str, limit: float = LIMIT) -> tuple[Cache, RedisTier]:
    """A cache whose values are in the Redis at `url`, and whose log is healthy."""
    tier = RedisTier(url, read_timeout=limit, write_timeout=limit)
    return Cache(Settings(blind_after=60), second=tier, log=FakePurgeLog(FakeClock()), clock=SystemClock()), tier


async def answered(cache: Cache, source: Source, reads: int = 20, name: str = "k") -> None:
    """Reads of new keys, a few at once, each answered by the loader in time."""
    async with asyncio.timeout(HANGS):
        for number in range(0, reads, 4):
            keys = [f"{name} {number + part}" for part in range(4)]
            assert await asyncio.gather(*(cache.get_or_load(key, source) for key in keys)) == ["v0"] * 4


async def recovered(cache: Cache, tier: RedisTier, source: Source) -> None:
    """Without a restart, a value comes into Redis again, and out of it."""
    number, found = 0, False
    async with asyncio.timeout(HANGS):
        while not found:
            number += 1
            await cache.get_or_load(f"after {number}", source)
            await asyncio.sleep(0.05)
            names = [encode(f"main:after {one}") for one in range(1, number + 1)]
            answers = await asyncio.gather(*map(tier.fetch, names), return_exceptions=True)
            found = any(isinstance(answer, Stored) for answer in answers)


@in_loop
async def test_stopped_and_awake_again(victim: valkey.Server) -> None:
    """SIGSTOP: the limit a few times, then nothing (the breaker is open); SIGCONT: used again."""
    cache, tier = over(victim.url)
    source = Source()
    async with cache:
        await answered(cache, source, name="before")
        victim.pause()
        await answered(cache, source)
        assert tier.lane.stats.timeouts >= 1, "the fault must have fired"
        assert cache.stats.redis_failures >= 3
        assert shared_of(cache).read_breaker.opened >= 1
        skipped = cache.stats.redis_skipped
        await answered(cache, source, name="open")
        assert cache.stats.redis_skipped > skipped
        victim.wake()
        await recovered(cache, tier, source)


@in_loop
async def test_killed_and_restarted_empty(victim: valkey.Server, tmp_path: Path) -> None:
    """kill -9: reads go to the loader; an empty server in its place is filled anew."""
    cache, tier = over(victim.url)
    source = Source()
    async with cache:
        await answered(cache, source, name="before")
        victim.stop()
        await until(lambda: not tier.lane.is_open)
        await answered(cache, source)
        assert cache.stats.redis_failures >= 1, "the fault must have fired"
        again = valkey.start(victim.port, tmp_path)
        try:
            await recovered(cache, tier, source)
        finally:
            await cache.aclose()
            again.stop()


@in_loop
async def test_out_of_memory_refuses_fills_and_answers_reads(tmp_path: Path) -> None:
    """OOM under noeviction: what is there is still read; the breaker of fills opens, that of reads does not."""
    options = ("--maxmemory-policy", "noeviction")
    server = valkey.start(valkey.free_port(), tmp_path, options=options)
    cache, tier = over(server.url, limit=10)
    source = Source()
    try:
        async with cache:
            await cache.get_or_load("kept", source, tier=Tier.HIGH)
            await until(lambda: tier.stats.fills == 1)
            valkey.ask(server.port, "CONFIG", "SET", "maxmemory", "1")
            async with asyncio.timeout(HANGS):
                while shared_of(cache).fill_breaker.opened == 0:
                    await cache.get_or_load(f"new {source.loads}", source, tier=Tier.HIGH)
                    await asyncio.sleep(0.02)
            assert tier.stats.failed >= 3, "the fault must have fired"
            assert cache.stats.redis_failures == 0
            assert await tier.fetch("main:kept") is not None
            valkey.ask(server.port, "CONFIG", "SET", "maxmemory", "0")
            await recovered(cache, tier, source)
    finally:
        server.stop()


@in_loop
async def test_a_replica_answers_reads_and_refuses_fills(victim: valkey.Server, tmp_path: Path) -> None:
    """READONLY (a demoted primary): reads are answered, fills fail and are counted; promoted, it is filled."""
    replica = valkey.start(valkey.free_port(), tmp_path, replica_of=victim.port)
    cache, tier = over(replica.url, limit=10)
    source = Source()
    try:
        async with cache:
            await answered(cache, source)
            await until(lambda: tier.stats.failed >= 1)
            assert cache.stats.redis_failures == 0
            valkey.ask(replica.port, "REPLICAOF", "NO", "ONE")
            await recovered(cache, tier, source)
    finally:
        replica.stop()


@pytest.mark.parametrize(("user", "secret"), [("default", "wrong"), ("nobody", "x"), ("mute", "pw")])
@in_loop
async def test_wrong_password_and_wrong_rights(tmp_path: Path, user: str, secret: str) -> None:
    """Not let in, or let in without the right to read: every read is answered by the loader, and it is counted."""
    users = ("default on >right ~* +@all", "mute on >pw ~other +ping +info +mget")
    options = [word for line in users for word in ("--user", *line.split(" "))]
    server = valkey.start(valkey.free_port(), tmp_path, options=tuple(options))
    cache, tier = over(f"redis://{user}:{secret}@127.0.0.1:{server.port}/0", limit=10)
    try:
        async with cache:
            await answered(cache, Source())
            assert cache.stats.redis_failures >= 1, "the fault must have fired"
            assert tier.lane.is_open == (user == "mute")
            assert tier.lane.stats.errors >= 1 or "WRONGPASS" in tier.lane.trouble
    finally:
        server.stop()


Answers = Callable[[bytes], bytes | None]


@asynccontextmanager
async def parrot(answer: Answers) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that greets like Redis and answers every MGET by `answer`; None cuts the connection there."""
    heard: list[bytes] = []
    writers: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            while words := await _words(reader):
                if words[0] == b"PING":
                    writer.write(b"+PONG\r\n")
                elif words[0] == b"INFO":
                    writer.write(INFO)
                elif words[0] == b"MGET":
                    heard.append(b" ".join(words))
                    said = answer(words[1])
                    if said is None:
                        break
                    writer.write(said)
                    if said.startswith(b"*1\r\n$9\r\ncut"):
                        await writer.drain()
                        break
                else:
                    writer.write(b"-ERR not here\r\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(accepting(talk), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


async def _words(reader: asyncio.StreamReader) -> list[bytes]:
    """One command, or nothing at the end."""
    head = await reader.readline()
    words = []
    for _ in range(int(head[1:] or b"0")):
        size = int((await reader.readline())[1:])
        words.append((await reader.readexactly(size + 2))[:-2])
    return words


def _endless(_: bytes) -> bytes:
    """The beginning of an answer of 512 MB, more of it than is kept."""
    return b"*1\r\n$512000000\r\n" + bytes(MOST_BYTES + 1024)


FAULTS: dict[str, Answers] = {
    "loading": lambda _: b"-LOADING Valkey is loading the dataset in memory\r\n",
    "readonly": lambda _: b"-READONLY You can't write against a read only replica.\r\n",
    "out of memory": lambda _: b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
    "no rights": lambda _: b"-NOPERM this user has no permissions\r\n",
    "cut before the answer": lambda _: None,
    "cut in the middle": lambda _: b"*1\r\n$9\r\ncut",
    "another length": lambda _: b"*2\r\n$1\r\na\r\n$1\r\nb\r\n",
    "a number": lambda _: b":7\r\n",
    "numbers in the list": lambda _: b"*1\r\n:7\r\n",
    "lists in the list": lambda _: b"*1\r\n*1\r\n$1\r\na\r\n",
    "no protocol": lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "more answers than questions": lambda _: b"*1\r\n$-1\r\n" * 3,
    "half an answer for ever": lambda _: b"*1\r\n$9\r\nhal",
    "an answer without end": _endless,
}


@pytest.mark.parametrize("fault", FAULTS)
@in_loop
async def test_whatever_a_server_answers_a_read_is_answered(fault: str) -> None:
    """Errors, nonsense, halves, excess and cuts: the loader answers in time, and the tier is not believed."""
    async with parrot(FAULTS[fault]) as (port, heard):
        cache, tier = over(f"redis://127.0.0.1:{port}/0", limit=1)
        async with cache:
            await answered(cache, Source(), reads=8)
            assert heard, "the fault must have fired"
            lane = tier.lane.stats
            seen = cache.stats.redis_failures + tier.stats.foreign
            assert seen >= 1 or fault == "more answers than questions"
            if fault == "an answer without end":
                await until(lambda: lane.oversized >= 1 or lane.timeouts >= 1)
            if fault == "more answers than questions":
                assert lane.connects >= 2 or not tier.lane.is_open


@in_loop
async def test_under_pressure_low_and_medium_are_shed_and_high_goes_on() -> None:
    """Breaker open: fills of low and medium are left out and counted, high and critical are tried when it rests."""
    scene, source = world(), Source()
    async with scene.cache() as cache:
        shared = shared_of(cache)
        scene.tier.is_cut = True
        for step in range(3):
            scene.clock.pass_by(0.02)
            await cache.get_or_load(f"fails {step}", source, fresh=timedelta(minutes=9))
        assert shared.read_breaker.phase(scene.clock.monotonic()) is Phase.OPEN
        before = cache.stats.fills_shed
        for tier in (Tier.LOW, Tier.MEDIUM):
            await cache.get_or_load(f"shed {tier}", source, tier=tier)
        assert cache.stats.fills_shed == before + 2
        for tier in (Tier.HIGH, Tier.CRITICAL):
            await cache.get_or_load(f"kept {tier}", source, tier=tier)
        assert cache.stats.fills_shed == before + 2
        scene.tier.is_cut = False
        scene.clock.pass_by(60)
        await cache.get_or_load("probe", source)
        assert shared.read_breaker.phase(scene.clock.monotonic()) is Phase.CLOSED
