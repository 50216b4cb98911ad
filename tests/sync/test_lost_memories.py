"""S4 over stores: founding, and a voter that lost its memory and comes back; on fakes and on real servers."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

import pytest

from controlplane.adapters.redis.region_store import RedisRegionStore
from controlplane.domain.record import Change, Record, Reply, Stamp, Standing, State, Verb, partition_of
from controlplane.errors import Refused, Unavailable
from controlplane.ports.region_store import RegionStore
from controlplane.sync import LOCAL, STRONG
from sandbox import valkey
from tests.cache import redis_cluster
from tests.cache.scene import in_loop, until
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


@in_loop
async def test_who_was_a_replica_for_a_while_has_lost_its_memory(tmp_path: Path) -> None:
    """S4: a promoted replica, a primary that became a replica, and the same primary promoted again (the same process,
    with another's data) do not vote; whoever never was a replica does."""
    pair = await asyncio.to_thread(valkey.start_pair, tmp_path, valkey.free_port(), valkey.free_port())
    scope = secrets.token_hex(4)
    primary, replica = (RedisRegionStore(server.url, scope=scope, timeout=20) for server in pair)
    key = Record(Stamp(5, HOME, "w"), b"v")
    try:
        slot = partition_of(KEY)
        told = await primary.stand(slot, Change(Verb.FOUND, view={HOME: 1}))
        await primary.stand(slot, Change(Verb.OPEN, token=told.token))
        assert (await primary.apply(KEY, key, now())).standing.state is State.VOTING
        assert (await replica.look(KEY)).standing.state is State.LOST
        await _follow(pair[1].port, None)
        assert (await replica.look(KEY)).standing.state is State.LOST
        assert (await primary.look(KEY)) == Reply(Standing(State.VOTING, 1, {HOME: 1}), key)
        await _follow(pair[0].port, pair[1].port)
        assert (await primary.look(KEY)).standing.state is State.LOST
        await _follow(pair[0].port, None)
        assert (await primary.look(KEY)).standing.state is State.LOST
        begun = await primary.stand(slot, Change(Verb.BEGIN, 2))
        assert begun.standing.state is State.CATCHING
        finish = Change(Verb.FINISH, 2, token=begun.token)
        assert (await primary.stand(slot, finish)).standing.state is State.VOTING
    finally:
        for store in (primary, replica):
            await store.aclose()
        for server in pair:
            server.stop()


async def _follow(port: int, other: int | None) -> None:
    """Make a server the replica of another, in sync, or (None) a primary."""
    words = ("127.0.0.1", str(other)) if other is not None else ("NO", "ONE")
    await asyncio.to_thread(valkey.ask, port, "REPLICAOF", *words, timeout=20)
    wanted = "master_link_status:up" if other is not None else "role:master"
    await until(lambda: wanted in valkey.ask(port, "INFO", "replication", timeout=20))


@in_loop
async def test_deleted_or_evicted_records_are_a_loss(server: valkey.Server) -> None:
    """S4: a voter whose records are gone, though its process and its head are there, does not vote."""
    async with founded(server.url) as made, records(made) as ours:
        await ours.put(KEY, 1, level=STRONG)
        await ours.aclose()
        names = valkey.ask(server.port, "KEYS", f"{{wc:*{NEAR}:p{partition_of(KEY):02}}}:records", timeout=20)
        for name in [line for line in names.split("\r\n") if line.startswith("{wc:")]:
            valkey.ask(server.port, "DEL", name, timeout=20)
        assert (await made[NEAR].look(KEY)).standing.state is State.LOST
        assert await ours.get(KEY, level=STRONG) == 1
        assert await mending(made).mend(NEAR) == 1
        assert (await made[NEAR].look(KEY)).standing.state is State.VOTING


@in_loop
async def test_a_region_may_be_a_cluster_that_loses_a_part(server: valkey.Server, tmp_path: Path) -> None:
    """A region whose Redis is a Cluster votes; where one of its nodes is emptied, its partitions alone catch up."""
    with redis_cluster.running(tmp_path) as nodes:
        async with stores(server.url) as made:
            await made[HOME].aclose()
            made[HOME] = RedisRegionStore(redis_cluster.url(nodes), timeout=20)
            await mending(made).found()
            keys = [f"vendor:{n}" for n in range(100)]
            async with records(made) as ours:
                for n, key in enumerate(keys):
                    await ours.put(key, n, level=STRONG)
                await ours.aclose()
                redis_cluster.ask(nodes[1], "FLUSHALL")
                lost = {key for key in keys if (await made[HOME].look(key)).standing.state is State.LOST}
                assert 0 < len(lost) < len(keys)
                assert [await ours.get(key, level=STRONG) for key in keys] == list(range(100))
                assert 0 < await mending(made).mend(HOME) < 64
                assert [await ours.get(key, level=LOCAL) for key in keys] == list(range(100))


@in_loop
async def test_a_server_that_may_evict_records_is_not_made_to_vote(tmp_path: Path) -> None:
    """A store whose policy is `allkeys-*` refuses to be founded or to catch up, says why, and changes nothing."""
    running = await asyncio.to_thread(
        valkey.start, valkey.free_port(), tmp_path, options=("--maxmemory-policy", "allkeys-lru")
    )
    store = RedisRegionStore(running.url, timeout=20)
    try:
        for verb in (Verb.FOUND, Verb.BEGIN):
            with pytest.raises(Refused, match="evicts by 'allkeys-lru'"):
                await store.stand(0, Change(verb, 1))
        assert (await store.stand(0, Change(Verb.LOOK))).standing.state is State.LOST
        assert valkey.ask(running.port, "DBSIZE", timeout=20).strip() == ":0"
    finally:
        await store.aclose()
        running.stop()


async def _replaced(made: dict[str, RegionStore], region: str, url: str) -> None:
    """`region` gets a new and empty store."""
    await made[region].aclose()
    made[region] = (
        RedisRegionStore(url, scope=secrets.token_hex(4), timeout=20) if url else FakeRegionStore(region, now)
    )
