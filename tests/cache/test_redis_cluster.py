"""The lane and the tier on a real Cluster: slots, MOVED, ASK, a node that stops, dies and comes back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.crc import key_slot

from controlplane.adapters.redis import address
from controlplane.adapters.redis.answers import SILENT
from controlplane.adapters.redis.cluster import SLOTS, ClusterLane, slot_map, slot_of
from controlplane.adapters.redis.tier import RedisTier
from controlplane.domain.purge_log import Kind, Position
from controlplane.errors import Unavailable
from controlplane.ports.second_tier import Stored
from sandbox import valkey
from tests.cache import redis_cluster
from tests.cache.redis_cluster import Nodes, ask, shares
from tests.cache.scene import in_loop, until

E = "00000000000000aa"


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A Cluster that nobody harms for good."""
    with redis_cluster.running(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def owner(nodes: Nodes, key: str) -> int:
    """Which node had the key's slot at the start."""
    return next(n for n, (first, last) in enumerate(shares(len(nodes))) if first <= slot_of(key) <= last)


def key_of(nodes: Nodes, number: int, prefix: str) -> str:
    """A key that the given node has."""
    return next(key for key in (f"{prefix}{n}" for n in range(10_000)) if owner(nodes, key) == number)


async def opened(url: str, limit: float = 2.0) -> ClusterLane:
    """A lane that knows every slot."""
    lane = ClusterLane(address.parse(url), timeout=limit)
    await lane.open()
    assert lane.is_open, lane.trouble
    return lane


@pytest.mark.parametrize("key", ["k", "", "a{b}c", "{}x", "{a", "a}{b}{c}", "{{b}}", "wc:main:v:main:guests:7", "é"])
def test_slots_are_those_of_the_specification(key: str) -> None:
    """Ours is redis-py's slot for every shape of hash tag."""
    assert slot_of(key) == key_slot(key.encode(), SLOTS)


@pytest.mark.parametrize(
    "answer", [None, b"ERR", [], [[0, 1]], [[0, 1, [b"h"]]], [["x", 1, [b"h", 1]]], 7, [[0, SLOTS, [b"h", 1]]]]
)
def test_a_map_that_is_none_is_not_used(answer: object) -> None:
    """Whatever stands where the slots should be, nothing is raised and nothing is believed."""
    assert not slot_map(answer, "h")


def test_a_node_without_a_name_is_the_one_that_was_asked() -> None:
    """Valkey leaves its host empty while it does not know it."""
    assert slot_map([[0, 5, [b"", 7001, b"id"], [b"replica", 7002, b"id"]]], "asked") == [(0, 5, ("asked", 7001))]


@in_loop
async def test_reads_find_their_nodes(nodes: Nodes, scope: str) -> None:
    """1,000 keys over all nodes, from one seed: each its own value, in one write a node."""
    lane = await opened(redis_cluster.url(nodes[:1]))
    for number in range(0, 1000, 10):
        ask(nodes[owner(nodes, f"{scope}:{number}")], "SET", f"{scope}:{number}", str(number))
    answers = await asyncio.gather(*(lane.get(f"{scope}:{number}") for number in range(1000)))
    assert answers == [str(number).encode() if number % 10 == 0 else None for number in range(1000)]
    assert lane.stats.flushes == 3
    assert lane.stats.redirects == 0
    ask(nodes[0], "LPUSH", key_of(nodes, 0, f"{scope}:list"), "x")
    assert await lane.get(key_of(nodes, 0, f"{scope}:list")) is None
    await lane.aclose()


@in_loop
async def test_a_moved_slot_is_followed_and_learnt(nodes: Nodes, scope: str) -> None:
    """MOVED: the read that hits it is answered by the right node, later ones go there at once."""
    lane = await opened(redis_cluster.url(nodes))
    key = key_of(nodes, 1, scope)
    ask(nodes[1], "SET", key, "v")
    lane._slots[slot_of(key)] = lane._nodes["127.0.0.1", nodes[0].port]
    assert await lane.get(key) == b"v"
    assert lane.stats.redirects == 1
    assert await lane.get(key) == b"v"
    assert lane.stats.redirects == 1
    await lane.aclose()


@in_loop
async def test_a_slot_under_way_is_asked_where_its_keys_are(nodes: Nodes, scope: str) -> None:
    """ASK: while a slot migrates, keys of both sides are found; when it is over, the map is as it was."""
    lane = await opened(redis_cluster.url(nodes))
    here = key_of(nodes, 0, f"{scope}a")
    there = f"{{{here}}}there"
    ask(nodes[0], "SET", here, "here")
    ask(nodes[0], "SET", there, "there")
    slot = slot_of(here)
    ask(nodes[1], "CLUSTER SETSLOT", slot, "IMPORTING", redis_cluster.node_id(nodes[0]))
    ask(nodes[0], "CLUSTER SETSLOT", slot, "MIGRATING", redis_cluster.node_id(nodes[1]))
    try:
        ask(nodes[0], "MIGRATE", "127.0.0.1", nodes[1].port, there, 0, 5000)
        assert await asyncio.gather(*(lane.get(key) for key in (here, there))) == [b"here", b"there"]
        assert lane.stats.redirects == 1
        ask(nodes[0], "MIGRATE", "127.0.0.1", nodes[1].port, here, 0, 5000)
        ask(nodes[0], "CLUSTER SETSLOT", slot, "NODE", redis_cluster.node_id(nodes[1]))
        ask(nodes[1], "CLUSTER SETSLOT", slot, "NODE", redis_cluster.node_id(nodes[1]))
        assert await lane.get(there) == b"there"
        assert lane._slots[slot] is lane._nodes["127.0.0.1", nodes[1].port]
    finally:
        ask(nodes[1], "DEL", here, there)
        ask(nodes[1], "CLUSTER SETSLOT", slot, "NODE", redis_cluster.node_id(nodes[0]))
        ask(nodes[0], "CLUSTER SETSLOT", slot, "NODE", redis_cluster.node_id(nodes[0]))
        await lane.aclose()


@in_loop
async def test_a_stopped_node_silences_only_its_own_keys(nodes: Nodes, scope: str) -> None:
    """With one of three under SIGSTOP the others' keys are found, its own are silent in time; awake, all are found."""
    lane = await opened(redis_cluster.url(nodes), limit=1.0)
    keys = [key_of(nodes, number, scope) for number in range(3)]
    for number, key in enumerate(keys):
        ask(nodes[number], "SET", key, str(number))
    nodes[1].pause()
    try:
        assert await asyncio.gather(*(lane.get(key) for key in keys)) == [b"0", SILENT, b"2"]
        assert lane.stats.timeouts >= 1
        await until(lambda: not lane.is_open)
        assert await asyncio.gather(*(lane.get(key) for key in keys)) == [b"0", SILENT, b"2"]
    finally:
        nodes[1].wake()
    await until(lambda: lane.is_open)
    assert await asyncio.gather(*(lane.get(key) for key in keys)) == [b"0", b"1", b"2"]
    await lane.aclose()


@in_loop
async def test_a_node_that_dies_gives_its_slots_to_a_new_one(tmp_path: Path) -> None:
    """A primary killed and its slots taken over elsewhere: the map is learnt anew without a restart."""
    with redis_cluster.running(tmp_path) as nodes:
        lane = await opened(redis_cluster.url(nodes))
        key = key_of(nodes, 2, "k")
        nodes[2].stop()
        await until(lambda: not lane.is_open)
        assert await lane.get(key) is SILENT
        first, last = shares(3)[2]
        for node in nodes[:2]:
            redis_cluster.forget(node, nodes[2])
        ask(nodes[0], "CLUSTER ADDSLOTSRANGE", first, last)
        ask(nodes[0], "SET", key, "again")
        await until(lambda: lane.is_open)
        assert await lane.get(key) == b"again"
        await lane.aclose()


@in_loop
async def test_the_tier_keeps_its_promises_on_a_cluster(nodes: Nodes, scope: str) -> None:
    """Fills, refused fills, tombstones and reads work whatever node a key is on; 300 fills at once find their turn."""
    tier = RedisTier(redis_cluster.url(nodes), scope=scope, read_timeout=2.0, write_timeout=5.0)
    await tier.open()
    try:
        keys = [f"guest:{number}" for number in range(300)]
        value = Stored(b"value", Position(E, 5), 100.0)
        assert all(await asyncio.gather(*(tier.fill(key, value, 60) for key in keys)))
        assert await asyncio.gather(*(tier.fetch(key) for key in keys)) == [value] * 300
        await tier.bury(keys[:100], Position(E, 6), 101.0, 60)
        assert await asyncio.gather(*(tier.fetch(key) for key in keys)) == [None] * 100 + [value] * 200
        assert not any(await asyncio.gather(*(tier.fill(key, value, 60) for key in keys[:100])))
        assert tier.stats.refused == 100
    finally:
        await tier.aclose()


def reads(nodes: Nodes) -> int:
    """How many times the nodes read from a socket."""
    return sum(int(ask(node, "INFO")["total_reads_processed"]) for node in nodes)


@in_loop
async def test_fills_share_round_trips_to_each_node(nodes: Nodes, scope: str) -> None:
    """300 fills at once cost each node a few reads, also when it has forgotten the script; each has its own answer."""
    tier = RedisTier(redis_cluster.url(nodes), scope=scope, read_timeout=2.0, write_timeout=5.0)
    await tier.open()
    try:
        old, new = (Stored(b"value", Position(E, n), 100.0) for n in (5, 6))
        keys = [f"guest {number}" for number in range(300)]
        assert await tier.fill("first", new, 60)
        for node in nodes:
            ask(node, "SCRIPT FLUSH")
        before = reads(nodes)
        assert all(await asyncio.gather(*(tier.fill(key, new, 60) for key in keys[::2])))
        taken = await asyncio.gather(*(tier.fill(key, old, 60) for key in keys))
        assert reads(nodes) - before < 100
        assert taken == [number % 2 == 1 for number in range(300)]
    finally:
        await tier.aclose()


@in_loop
async def test_a_node_that_hangs_delays_no_other_nodes_fills(tmp_path: Path) -> None:
    """With one node stopped the others take their fills in the meantime; when it goes on, it takes its own."""
    with redis_cluster.running(tmp_path) as nodes:
        tier = RedisTier(redis_cluster.url(nodes), read_timeout=2.0, write_timeout=10.0)
        await tier.open()
        try:
            value = Stored(b"value", Position(E, 5), 100.0)
            by_node = [[f"k{n}" for n in range(300) if owner(nodes, tier.name(f"k{n}")) == node] for node in range(3)]
            await asyncio.gather(*(tier.fill(keys[0], value, 60) for keys in by_node))
            nodes[2].pause()
            try:
                stuck = [asyncio.create_task(tier.fill(key, value, 60)) for key in by_node[2]]
                await asyncio.sleep(0.01)
                others = [tier.fill(key, value, 60) for key in by_node[0] + by_node[1]]
                assert all(await asyncio.gather(*others))
                assert not any(task.done() for task in stuck)
            finally:
                nodes[2].wake()
            # One that was missed for too long has to be found again first.
            late = await asyncio.gather(*stuck, return_exceptions=True)
            assert all(answer is True or isinstance(answer, Unavailable) for answer in late)
            await taken_in_time(tier, by_node[2][-1], value)
        finally:
            await tier.aclose()


async def taken_in_time(tier: RedisTier, key: str, value: Stored) -> None:
    """Until a fill is taken, as the tier finds its way again."""
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(Unavailable):
                if await tier.fill(key, value, 60):
                    return
            await asyncio.sleep(0.05)


@in_loop
async def test_fills_find_the_node_that_has_the_slot_now(tmp_path: Path) -> None:
    """A node dies and another one gets its slots: fills are taken there without a restart."""
    with redis_cluster.running(tmp_path) as nodes:
        tier = RedisTier(redis_cluster.url(nodes), read_timeout=2.0, write_timeout=2.0)
        await tier.open()
        try:
            value = Stored(b"value", Position(E, 5), 100.0)
            key = next(name for name in map("k{}".format, range(300)) if owner(nodes, tier.name(name)) == 2)
            assert await tier.fill(key, value, 60)
            nodes[2].stop()
            with pytest.raises(Unavailable):
                await tier.fill(key, value, 60)
            first, last = shares(3)[2]
            for node in nodes[:2]:
                redis_cluster.forget(node, nodes[2])
            ask(nodes[0], "CLUSTER ADDSLOTSRANGE", first, last)
            await taken_in_time(tier, key, value)
        finally:
            await tier.aclose()


@in_loop
async def test_the_purge_log_works_on_a_cluster(nodes: Nodes, scope: str) -> None:
    """All its keys are in one slot: append, beat, listen, roll and barriers on the node that has it."""
    from controlplane.adapters.redis.purge_log import RedisPurgeLog

    log = RedisPurgeLog(redis_cluster.url(nodes), scope=scope, timeout=2.0)
    try:
        purge = await log.append(["wedding:como"], Kind.HARD)
        beat = await log.beat("me", purge.position)
        assert (beat.epoch, beat.n) == (purge.position.epoch, 1)
        assert list(await log.listen(Position(purge.position.epoch, 0), 0.2)) == [purge]
        assert [member.name for member in (await log.roll()).members] == ["me"]
        assert [barrier.tag for barrier in await log.barriers()] == ["wedding:como"]
    finally:
        await log.aclose()


@in_loop
async def test_a_cluster_that_is_none_says_so(server: valkey.Server) -> None:
    """A single server under a Cluster's URL: not open, and the trouble names it; nothing is raised."""
    lane = ClusterLane(address.parse(f"redis+cluster://127.0.0.1:{server.port}"), timeout=10.0)
    await lane.open()
    assert not lane.is_open
    assert "is it a Cluster" in lane.trouble
    assert await lane.get("k") is SILENT
    await lane.aclose()
