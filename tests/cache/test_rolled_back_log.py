"""G9: a log that lost purges and goes on under the same numbers begins a new epoch, however it came to lose them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from controlplane.adapters.redis.connect import connect
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.cache.testing import FakePurgeLog, FakeRegion
from controlplane.domain.purge_log import Barrier, Kind, Position
from sandbox import valkey
from tests.cache.scene import Source, in_loop, until

KEYS = ("head", "log", "barriers", "members")


@in_loop
async def test_another_server_is_another_epoch_although_the_numbers_fit(tmp_path: Path) -> None:
    """A promoted replica that lacks purge 2 numbers another one 2: who has applied the first 2 must not take that for
    his own."""
    primary, replica = valkey.start_pair(tmp_path, valkey.free_port(), valkey.free_port())
    try:
        before, after = (
            RedisPurgeLog(primary.url, scope="s", timeout=5),
            RedisPurgeLog(replica.url, scope="s", timeout=5),
        )
        first = await before.append(["wedding:a"], Kind.HARD)
        await until(lambda: "wedding:a" in valkey.ask(replica.port, "HKEYS", "{wc:s}:barriers"))
        valkey.ask(replica.port, "REPLICAOF", "NO", "ONE")
        lost = await before.append(["wedding:lost"], Kind.HARD)
        assert (first.position.n, lost.position.n) == (1, 2)
        assert "wedding:lost" not in valkey.ask(replica.port, "HKEYS", "{wc:s}:barriers"), "the fault must have fired"
        other = await after.append(["wedding:b"], Kind.HARD)
        assert other.position.n == 2
        assert other.position.epoch != lost.position.epoch
        beat = await after.beat("m", lost.position)
        assert (beat.epoch, beat.base) == (other.position.epoch, 1)
        await before.aclose()
        await after.aclose()
    finally:
        primary.stop()
        replica.stop()


@in_loop
async def test_the_same_server_with_older_data_is_another_epoch(victim: valkey.Server) -> None:
    """A server whose keys were put back to what they were a purge ago is noticed by whoever has applied that purge."""
    log = RedisPurgeLog(victim.url, scope="s", timeout=5)
    redis = connect(victim.url, timeout=5, text=False)
    await log.beat("m", None)
    await log.append(["wedding:a"], Kind.HARD)
    saved = {key: await redis.dump(f"{{wc:s}}:{key}") for key in KEYS}
    lost = await log.append(["wedding:lost"], Kind.HARD)
    for key, value in saved.items():
        await redis.restore(f"{{wc:s}}:{key}", 0, value, replace=True)
    beat = await log.beat("m", lost.position)
    assert beat.epoch != lost.position.epoch
    assert (await log.append(["wedding:b"], Kind.HARD)).position.n > lost.position.n
    await redis.aclose(close_connection_pool=True)
    await log.aclose()


class LosesTwice(FakePurgeLog):
    """A log that begins anew once more when somebody puts removals back."""

    losses = 0

    async def restore(self, epoch: str, removed: Sequence[Barrier]) -> Position:
        if not self.losses:
            self.losses += 1
            self.restart_empty()
        return await super().restore(epoch, removed)


@in_loop
async def test_a_log_that_begins_anew_while_removals_are_put_back_gets_them_all() -> None:
    """The removal is in the log that remains, and a process that starts afterwards takes no older value from Redis."""
    region = FakeRegion()
    log = region.log = LosesTwice(region.clock)
    async with region.cache() as cache:
        await cache.get_or_load("k", Source(), tags=["wedding:lost"])
        await until(lambda: region.tier.values)
        await cache.remove(tags=["wedding:lost"])
        log.restart_empty()
        await until(lambda: log.losses == 1 and "wedding:lost" in log.known)
        async with region.cache() as other:
            assert await other.get("k", "gone") == "gone"


@in_loop
async def test_a_purge_is_numbered_above_what_its_caller_has_applied(victim: valkey.Server) -> None:
    """Also in an epoch that goes on: nobody who has applied the caller's purges takes the new one for one of them."""
    log = RedisPurgeLog(victim.url, scope="s", timeout=5)
    first = await log.append(["wedding:a"], Kind.HARD)
    second = await log.append(["wedding:b"], Kind.HARD, seen=40)
    assert (first.position.n, second.position.n) == (1, 41)
    assert first.position.epoch == second.position.epoch
    await log.aclose()
