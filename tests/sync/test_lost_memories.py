"""S4 over stores: founding, and a voter that lost its memory and comes back; on fakes and on real servers."""

from __future__ import annotations

import secrets

import pytest

from controlplane.adapters.redis.region_store import RedisRegionStore
from controlplane.domain.record import Change, State, Verb, partition_of
from controlplane.errors import Refused, Unavailable
from controlplane.ports.region_store import RegionStore
from controlplane.sync import LOCAL, STRONG
from tests.cache.scene import in_loop
from tests.fakes.region_store import FakeRegionStore
from tests.sync.regions import FAR, HOME, NEAR, founded, mending, now, records, stores

KEY = "vendor:7:contract"


@in_loop
async def test_a_voter_without_memory_answers_no_local_read_and_comes_back(url: str) -> None:
    """S4: until its voter has caught up a region's local reads say so; mended, it holds everything and votes."""
    async with founded(url) as made, records(made, FAR) as ours:
        for n in range(150):
            await ours.put(f"key {n}", n, level=STRONG)
        await ours.aclose()
        await _replaced(made, FAR, url)
        async with records(made, FAR) as theirs:
            with pytest.raises(Unavailable, match="lost its memory"):
                await theirs.get("key 7", level=LOCAL)
            assert await theirs.get("key 7", level=STRONG) == 7
            assert await mending(made).mend(FAR) == 64
            assert await mending(made).mend(FAR) == 0
            assert [await theirs.get(f"key {n}", level=LOCAL) for n in range(150)] == list(range(150))
        reply = await made[FAR].look("key 7")
        assert reply.standing.state is State.VOTING
        assert reply.standing.incarnation == 2


@in_loop
async def test_mending_says_what_it_could_not_do(url: str) -> None:
    """S4: with too few memories left mending and founding refuse, name the count, and nobody is made to vote."""
    async with founded(url) as made, records(made) as ours:
        await ours.put(KEY, 1, level=STRONG)
        await ours.aclose()
        for region in (FAR, NEAR):
            await _replaced(made, region, url)
        with pytest.raises(Unavailable, match="64 of 64 partitions"):
            await mending(made).mend(FAR)
        with pytest.raises(Refused, match="some voters remember and most do not"):
            await mending(made).found()
        assert (await made[FAR].look(KEY)).standing.state is not State.VOTING


@in_loop
async def test_founding_needs_everybody_and_happens_once(url: str) -> None:
    """Founding with a region away is Unavailable; with all it makes them vote; again it changes nothing."""
    async with stores(url) as made:
        with pytest.raises(Unavailable):
            await records(made).put(KEY, 1, level=STRONG)
        await mending(made).found()
        await mending(made).found()
        async with records(made) as ours:
            await ours.put(KEY, 1, level=STRONG)
        told = await made[HOME].stand(partition_of(KEY), Change(Verb.LOOK))
        assert told.standing.incarnation == 1


async def _replaced(made: dict[str, RegionStore], region: str, url: str) -> None:
    """`region` gets a new and empty store."""
    await made[region].aclose()
    made[region] = (
        RedisRegionStore(url, scope=secrets.token_hex(4), timeout=20) if url else FakeRegionStore(region, now)
    )
