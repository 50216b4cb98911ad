"""The read lane on real servers: joined reads, time limits, reconnecting, passwords, answers that come too late."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from controlplane.adapters.redis import address
from controlplane.adapters.redis.answers import SILENT, Answer
from controlplane.adapters.redis.lane import MOST_KEYS, Lane
from sandbox import valkey
from tests.cache.scene import in_loop, until


async def opened(url: str, limit: float = 10.0) -> Lane:
    """A lane that is up."""
    lane = Lane(address.parse(url), timeout=limit)
    await lane.open()
    assert lane.is_open
    return lane


async def reading(lane: Lane, key: str) -> Answer:
    """A read as a task of its own."""
    answer: Answer = await lane.get(key)
    return answer


@in_loop
async def test_reads_of_one_tick_share_commands_and_keep_their_answers(server: valkey.Server, scope: str) -> None:
    """1,000 reads at once are eight commands in one flush, and each gets its own value or None."""
    lane = await opened(server.url, limit=5)
    for number in range(0, 1000, 2):
        valkey.ask(server.port, "SET", f"{scope}:{number}", str(number))
    before = int(valkey.ask(server.port, "INFO", "commandstats").partition("cmdstat_mget:calls=")[2].split(",")[0] or 0)
    answers = await asyncio.gather(*(lane.get(f"{scope}:{number}") for number in range(1000)))
    after = int(valkey.ask(server.port, "INFO", "commandstats").partition("cmdstat_mget:calls=")[2].split(",")[0])
    assert answers == [str(number).encode() if number % 2 == 0 else None for number in range(1000)]
    assert after - before == -(-1000 // MOST_KEYS)
    assert lane.stats.flushes == 1
    await lane.aclose()


@in_loop
async def test_cancelled_readers_leave_the_others_their_answers(server: valkey.Server, scope: str) -> None:
    """Of 20,000 reads every third is cancelled at a random point; not one of the others gets a wrong value."""
    lane = await opened(server.url, limit=5)
    for number in range(50):
        valkey.ask(server.port, "SET", f"{scope}:{number}", str(number))
    wrong = 0
    for _ in range(200):
        readers = [asyncio.create_task(reading(lane, f"{scope}:{number % 50}")) for number in range(100)]
        for pause, reader in enumerate(readers[::3]):
            if pause % 11 == 0:
                await asyncio.sleep(0)
            reader.cancel()
        answers = await asyncio.gather(*readers, return_exceptions=True)
        for number, answer in enumerate(answers):
            if not isinstance(answer, BaseException):
                wrong += answer != str(number % 50).encode()
    assert wrong == 0
    await lane.aclose()


@in_loop
async def test_a_stopped_server_costs_the_limit_and_then_nothing(victim: valkey.Server) -> None:
    """Three limits in a row, then silence at once; awake, the lane is back by itself and late answers harm nobody."""
    lane = await opened(victim.url, limit=1.0)
    valkey.ask(victim.port, "SET", "k", "v")
    assert await lane.get("k") == b"v"
    victim.pause()
    began = time.monotonic()
    while lane.is_open:
        assert await lane.get("k") is SILENT
    assert time.monotonic() - began > 2.8
    timeouts = lane.stats.timeouts
    assert 2 <= timeouts <= 3, "the third may end with the connection, a moment before its own limit"
    for _ in range(1000):
        assert await lane.get("k") is SILENT
    assert lane.stats.timeouts == timeouts
    assert lane.stats.refused >= 999, "all but one that found the connection just closing"
    victim.wake()
    await until(lambda: lane.is_open)
    assert await lane.get("k") == b"v"
    await lane.aclose()


@in_loop
async def test_late_answers_are_dropped_and_order_is_kept(victim: valkey.Server) -> None:
    """After one limit the connection stays; the answer that comes late is not given to the next reader."""
    lane = await opened(victim.url, limit=1.0)
    valkey.ask(victim.port, "MSET", "one", "1", "two", "2")
    victim.pause()
    assert await lane.get("one") is SILENT
    victim.wake()
    assert await lane.get("two") == b"2"
    assert lane.stats.connects == 1, "it must have been the same connection"
    await lane.aclose()


@in_loop
async def test_a_killed_server_is_silence_at_once(victim: valkey.Server, tmp_path: Path) -> None:
    """A closed connection is noticed without waiting; a server started in its place is used."""
    lane = await opened(victim.url, limit=1.0)
    victim.stop()
    await until(lambda: not lane.is_open)
    assert await lane.get("k") is SILENT
    again = valkey.start(victim.port, tmp_path)
    try:
        await until(lambda: lane.is_open)
        assert lane.stats.timeouts == 0
    finally:
        await lane.aclose()
        again.stop()


@in_loop
async def test_passwords_and_databases(tmp_path: Path) -> None:
    """A password and a database in the URL are used; with a wrong password the lane is not up, and reads are silent."""
    guarded = valkey.start(valkey.free_port(), tmp_path, options=("--requirepass", "a:b@c", "--protected-mode", "no"))
    try:
        lane = await opened(f"redis://:a%3Ab%40c@127.0.0.1:{guarded.port}/3")
        assert await lane.get("k") is None
        assert lane.stats.errors == 0
        wrong = Lane(address.parse(f"redis://:wrong@127.0.0.1:{guarded.port}/3"), timeout=10.0)
        await wrong.open()
        assert not wrong.is_open
        assert await wrong.get("k") is SILENT
        assert "WRONGPASS" in wrong.trouble
        assert "wrong" not in wrong.trouble.replace("WRONGPASS", "")
        await wrong.aclose()
        await lane.aclose()
    finally:
        guarded.stop()


@in_loop
async def test_reads_over_the_bound_are_silent_at_once(victim: valkey.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the bound of waiting reads reached, further ones are refused without a question; the others are answered."""
    monkeypatch.setattr("controlplane.adapters.redis.lane.MOST_WAITING", 100)
    lane = await opened(victim.url, limit=5)
    answers = await asyncio.gather(*(lane.get(f"{number}") for number in range(150)))
    assert answers == [None] * 100 + [SILENT] * 50
    assert lane.stats.refused == 50
    assert await lane.get("again") is None
    await lane.aclose()
