"""G2, G5: purges of very many tags hold nobody up, and are one purge to who waits for them."""

from __future__ import annotations

from typing import Any

from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.domain.purge_log import Kind, Position
from sandbox import valkey
from tests.cache.scene import in_loop, real_cache, until

GUESTS = [f"guest:{number}" for number in range(1_200)]


@in_loop
async def test_it_is_appended_in_parts_and_its_number_is_the_last(server: valkey.Server, scope: str) -> None:
    """G2: no part names more than 500 tags, together they name all; the purge's number is that of the last part."""
    log = RedisPurgeLog(server.url, scope=scope, timeout=5)
    purge = await log.append(GUESTS, Kind.HARD, seen=40)
    heard = await log.listen(Position(purge.position.epoch, 0), 1.0)
    assert [len(part.tags) for part in heard] == [500, 500, 200]
    assert [tag for part in heard for tag in part.tags] == GUESTS
    assert [part.position.n for part in heard] == [41, 42, 43]
    assert purge.position == heard[-1].position
    assert list(purge.tags) == GUESTS
    await log.aclose()


@in_loop
async def test_every_part_acts_and_completes(server: valkey.Server, scope: str) -> None:
    """G5: keys of the first, the middle and the last part are gone in another process once the receipt is complete."""
    keys = [f"k{number}" for number in range(1_200)]
    async with real_cache(server.url, scope) as cache, real_cache(server.url, scope) as other:
        assert await cache.put_many(dict.fromkeys(keys, "value")) == len(keys)
        await until(lambda: other.position == cache.position)
        await cache._engine.shared.filled()  # type: ignore[union-attr]  # it has a second tier
        for key in (keys[0], keys[700], keys[-1]):
            assert (await other.read(key)).value == "value"
        receipt = await cache.remove(*keys)
        assert cache.peek(keys[0]) is None, "it acts at once where it was asked for"
        assert (await receipt.complete(timeout=30)).complete
        for key in (keys[0], keys[700], keys[-1]):
            assert (await other.get(key, "gone"), await cache.get(key, "gone")) == ("gone", "gone")


@in_loop
async def test_a_log_that_begins_anew_in_between_gets_all_parts(server: valkey.Server, scope: str) -> None:
    """G9: where the log loses its epoch between two parts, the new epoch holds every tag's barrier."""
    log = RedisPurgeLog(server.url, scope=scope, timeout=5)
    script, calls = log._purge, 0

    async def loses(**given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            for name in ("head", "log", "barriers"):
                valkey.ask(server.port, "DEL", f"{{wc:{scope}}}:{name}")
        return await script(**given)

    log._purge = loses
    purge = await log.append(GUESTS, Kind.HARD)
    assert calls == 6, "the fault must have fired: three parts, then all three again"
    assert {barrier.tag for barrier in await log.barriers()} == set(GUESTS)
    assert (await log.beat("m", None)).epoch == purge.position.epoch
    await log.aclose()
