"""G3, G9 on a real server: a log that is cut, trimmed, emptied, or replaced by a lagging replica."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.cache import Cache, Read, Reason, Settings, Status
from controlplane.cache.barriers import Standing
from controlplane.domain.purge_log import Kind
from controlplane.errors import Incomplete, Unavailable
from sandbox import valkey
from tests.cache.scene import Source, in_loop, real_cache, until, world
from tests.cache.switchboard import Switchboard

# Where blindness is not what is tested, a busy machine that starves the loop for a while must not cause it.
PATIENT: dict[str, Any] = {"blind_after": 30.0, "start_timeout": 20.0}


async def read(cache: Cache, source: Source, key: str = "k", tag: str = "wedding:como") -> Read[str]:
    """One read with the durations of a page."""
    return await cache.read(key, source, tags=[tag], fresh=timedelta(hours=1), stale=timedelta(hours=10))


@in_loop
async def test_a_restarted_empty_log_makes_what_was_cached_doubtful(victim: valkey.Server, tmp_path: Path) -> None:
    """G9: after an empty restart no old entry is a hit; personal data is gone; the others are stale until refreshed."""
    source = Source()
    async with real_cache(victim.url, "s", **PATIENT) as cache:
        await read(cache, source)
        await read(cache, source, "g", "guest:9")
        victim.stop()
        again = valkey.start(victim.port, tmp_path)
        try:
            await until(lambda: cache.stats.epochs == 1 and cache.sees_log)
            source.error = ValueError("database down")
            answer = await read(cache, source)
            assert (answer.value, answer.status) == ("v0", Status.STALE)
            with pytest.raises(ValueError, match="database down"):
                await read(cache, source, "g", "guest:9")
            source.error, source.value = None, 1
            assert (await read(cache, source, "new")).value == "v1"
        finally:
            again.stop()


@pytest.mark.parametrize("first", ["who knows", "who does not"])
@in_loop
async def test_a_removal_that_a_member_never_heard_is_put_back(
    victim: valkey.Server, tmp_path: Path, first: str
) -> None:
    """G9, G5: the log restarts empty while a member is cut off that has not heard of a removal. Whoever begins the new
    epoch, the removal is in it again: that member's copy ends, what was kept after the removal is only doubted, and the
    receipt is complete once that member has confirmed."""
    source = Source()
    async with (
        Switchboard(victim.port) as near,
        Switchboard(victim.port) as far,
        real_cache(near.url, "s", **PATIENT) as knows,
        real_cache(far.url, "s", **PATIENT) as deaf,
    ):
        await read(deaf, source, "x", "wedding:x")
        await far.cut()
        receipt = await knows.remove(tags=["wedding:x"])
        await read(knows, source, "x", "wedding:x")
        with pytest.raises(Incomplete, match=deaf.member):
            await receipt.complete(0.01)
        await near.cut()
        victim.stop()
        again = valkey.start(victim.port, tmp_path)
        try:
            boards = [near, far] if first == "who knows" else [far, near]
            boards[0].connect(victim.port)
            await until(lambda: (knows if boards[0] is near else deaf).stats.epochs == 1)
            if first == "who knows":
                with pytest.raises(Incomplete, match=deaf.member):
                    await receipt.complete(0.1)
            boards[1].connect(victim.port)
            done = await receipt.complete(30)
            assert set(done.confirmed) == {knows.member, deaf.member}
            source.error = ValueError("database down")
            with pytest.raises(ValueError, match="database down"):
                await read(deaf, source, "x", "wedding:x")
            if first == "who knows":
                assert (await knows.read("x")).status is Status.STALE, "kept after the removal: doubted, not removed"
        finally:
            again.stop()


@in_loop
async def test_a_gap_is_noticed_within_a_beat(server: valkey.Server, scope: str) -> None:
    """G9: purges that were trimmed before we heard them make what was cached doubtful, and still hold."""
    source = Source()
    log = RedisPurgeLog(server.url, scope=scope, timeout=5)
    async with Switchboard(server.port) as board, real_cache(board.url, scope, **PATIENT) as cache:
        await read(cache, source)
        await read(cache, source, "x", "wedding:x")
        await board.cut()
        for _ in range(3):
            await log.append(["wedding:x"], Kind.HARD)
        valkey.ask(server.port, "XTRIM", f"{{wc:{scope}}}:log", "MAXLEN", "0")
        board.connect(server.port)
        await until(lambda: cache.stats.gaps == 1)
        await until(lambda: cache.sees_log)
        assert (await cache.read("k")).reason is Reason.SOFT_PURGED
        assert (await cache.read("x")).status is Status.MISS
        await read(cache, source, "new")
        assert cache.peek("new") == "v0", "what is loaded now is trusted again"
    await log.aclose()


@in_loop
async def test_a_promoted_lagging_replica_is_a_new_epoch(tmp_path: Path) -> None:
    """G9, G5: a removal that the promoted replica never had is put back; its receipt is complete again, and a process
    that starts afterwards knows of it."""
    primary, replica = valkey.start_pair(tmp_path, valkey.free_port(), valkey.free_port())
    source = Source()
    try:
        async with Switchboard(primary.port) as board, real_cache(board.url, "s", **PATIENT) as cache:
            await read(cache, source)
            await read(cache, source, "x", "wedding:x")
            await until(lambda: "keys=" in valkey.ask(replica.port, "INFO", "keyspace"))
            valkey.ask(replica.port, "REPLICAOF", "NO", "ONE")
            before = cache.position
            receipt = await cache.remove(tags=["wedding:x"])
            await receipt.complete(20)
            await board.cut()
            board.connect(replica.port)
            await until(lambda: cache.stats.epochs == 1 and not cache._follower.holds_fills)
            assert (await cache.read("x")).status is Status.MISS
            assert (await cache.read("k")).reason is Reason.SOFT_PURGED
            assert (await receipt.complete(20)).confirmed == (cache.member,)
            assert receipt.purge.position == cache.position
            async with real_cache(board.url, "s", **PATIENT) as other:
                held = other._engine.barriers.standing(("wedding:x",), before)
                assert held is Standing.HARD
            assert (await cache.remove(tags=["wedding:x"])).purge.position.n >= 2
    finally:
        primary.stop()
        replica.stop()


@in_loop
async def test_blind_memory_gives_no_hit(server: valkey.Server, scope: str) -> None:
    """G3: some seconds after the last answered beat memory gives only stale, reason `blind`, until it hears again."""
    source = Source()
    log = RedisPurgeLog(server.url, scope=scope, timeout=5)
    async with Switchboard(server.port) as board:
        log_cache = Cache(
            Settings(blind_after=4.0),
            log=RedisPurgeLog(board.url, scope=scope),
            clock=real_cache(server.url, scope)._engine.ports.clock,
        )
        async with log_cache as cache:
            await until(lambda: cache.sees_log)
            await read(cache, source)
            await board.cut()
            cut_at = time.monotonic()
            assert (await read(cache, source)).status is Status.HIT
            await until(lambda: not cache.sees_log, 20)
            assert time.monotonic() - cut_at > 2.0
            answer = await read(cache, source)
            assert (answer.value, answer.status, answer.reason) == ("v0", Status.STALE, Reason.BLIND)
            assert cache.peek("k") is None
            await log.append(["wedding:como"], Kind.HARD)
            assert (await read(cache, source)).reason is Reason.BLIND, "the removal cannot have been heard"
            with pytest.raises(Unavailable):
                await cache.remove(tags=["wedding:como"])
            source.value = 1
            board.connect(server.port)
            await until(lambda: cache.sees_log)
            assert (await read(cache, source)).value == "v1", "sight comes back only with the removal applied"
    await log.aclose()


@in_loop
async def test_blind_personal_data_ends_after_a_minute() -> None:
    """G5: what names a guest is served blind for 60 s from the later of its load and the last beat, not longer."""
    source, scene = Source(), world()
    async with scene.cache() as cache:
        await read(cache, source)
        await read(cache, source, "g", "guest:9")
        scene.log.is_cut = scene.tier.is_cut = True
        await until(lambda: cache.stats.log_failures)
        source.error = ValueError("database down")
        scene.clock.pass_by(59)
        assert (await read(cache, source, "g", "guest:9")).reason is Reason.BLIND
        scene.clock.pass_by(3)
        with pytest.raises(ValueError, match="database down"):
            await read(cache, source, "g", "guest:9")
        assert (await read(cache, source)).reason is Reason.BLIND


@in_loop
async def test_a_blind_process_refreshes_behind_once_per_throttle() -> None:
    """G11: blind copies are refreshed behind the reads, once per throttle and key, and never all at once."""
    source, scene = Source(), world()
    async with scene.cache(refresh_cap=3, throttle=5) as cache:
        for number in range(10):
            await read(cache, source, f"k{number}")
        scene.log.is_cut = scene.tier.is_cut = True
        await until(lambda: cache.stats.log_failures)
        scene.clock.pass_by(3)
        for _ in range(20):
            for number in range(10):
                assert (await read(cache, source, f"k{number}")).reason is Reason.BLIND
            await asyncio.sleep(0)
        assert source.loads == 13
        assert cache.stats.capped == 7


@in_loop
async def test_a_receipt_that_asked_nobody_before_the_loss_waits_out_the_blind() -> None:
    """G5, G9: the roll is lost with its log; who was on it is not known, so completion waits until blind memory would
    be silent, and then comes."""
    scene = world()
    async with scene.cache() as cache:
        receipt = await cache.remove(tags=["guest:9"])
        scene.log.restart_empty()
        await until(lambda: cache.stats.epochs == 1 and cache.sees_log)
        asking = asyncio.create_task(receipt.complete(5))
        await asyncio.sleep(0.05)
        scene.clock.pass_by(6)
        with pytest.raises(Incomplete, match="whoever was on the roll of the lost log"):
            await asking
        scene.clock.pass_by(55)
        await until(lambda: cache.sees_log)
        assert (await receipt.complete(5)).confirmed == (cache.member,)


@in_loop
async def test_a_lost_log_refreshes_under_the_cap() -> None:
    """G9: after a new epoch the loads per second stay under the cap, and the others get the copy."""
    source, scene = Source(), world()
    async with scene.cache(refresh_cap=5) as cache:
        for number in range(50):
            await read(cache, source, f"k{number}")
        scene.log.restart_empty()
        scene.tier.values.clear()
        await until(lambda: cache.stats.epochs == 1)
        answers = [await read(cache, source, f"k{number}") for number in range(50)]
        assert source.loads == 55
        assert [answer.reason for answer in answers].count(Reason.SOFT_PURGED) == 45
