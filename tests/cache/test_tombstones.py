"""G7 for owed removals: once the log has taken them, their keys have tombstones like those of any removal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from controlplane.adapters.system.debts import DebtsFolder
from controlplane.cache import Cache, Settings
from controlplane.domain import keys
from controlplane.domain.purge_log import Kind
from controlplane.domain.tags import key_of_tag, key_tag
from controlplane.ports.second_tier import Stored
from tests.cache.scene import World, in_loop, until, world


def cache(scene: World, folder: Path, **settings: Any) -> Cache:
    """A process's cache that may owe purges."""
    return Cache(Settings(**settings), second=scene.tier, log=scene.log, clock=scene.clock, debts=DebtsFolder(folder))


@in_loop
async def test_a_removal_that_was_owed_leaves_tombstones(tmp_path: Path) -> None:
    """After delivery the removed key is a tombstone that refuses a late fill; an expired one is none."""
    scene = world()
    async with cache(scene, tmp_path) as here:
        for key in ("k", "ä key:%", "expired"):
            await here.put(key, 1)
        await until(lambda: len(scene.tier.values) == 3)
        before = here.position
        scene.log.is_cut = True
        assert (await here.remove("k", "ä key:%")).owed
        assert (await here.expire("expired")).owed
        assert scene.tier.stones == {}
        scene.log.is_cut = False
        await until(lambda: len(scene.tier.stones) == 2)
        assert set(scene.tier.stones) == {"main:k", keys.encode("main:ä key:%")}
        assert set(scene.tier.values) == {"main:expired"}
        late = Stored(b"late", before, scene.clock.monotonic())
        assert not await scene.tier.fill("main:k", late, 60)


@in_loop
async def test_the_removals_of_a_process_that_is_gone_leave_tombstones(tmp_path: Path) -> None:
    """Who takes over a debt buries the keys of its own namespace."""
    scene = world()
    gone = DebtsFolder(tmp_path)
    gone.owe(Kind.HARD, [key_tag("main", "k"), key_tag("other", "k"), "wedding:como"])
    gone.close()
    async with cache(scene, tmp_path) as heir:
        await until(lambda: heir.stats.purges_delivered == 1)
        await until(lambda: scene.tier.stones)
        assert set(scene.tier.stones) == {"main:k"}


@in_loop
async def test_a_tier_that_is_gone_keeps_nobody_from_the_log(tmp_path: Path) -> None:
    """Without Redis the removal is delivered all the same, and closing does not wait for it."""
    scene = world()
    async with cache(scene, tmp_path) as here:
        scene.log.is_cut = scene.tier.is_cut = True
        receipt = await here.remove(*(f"k{number}" for number in range(600)))
        scene.log.is_cut = False
        assert (await receipt.complete(10)).complete
        await until(lambda: here.stats.fills_dropped == 600)
        assert here.sees_log
    assert scene.tier.stones == {}


@given(namespace=st.text(max_size=8), other=st.text(max_size=8), key=st.text(max_size=30))
def test_a_keys_tag_tells_the_key(namespace: str, other: str, key: str) -> None:
    """Any key of a namespace, and no other namespace's."""
    tag = key_tag(namespace, key)
    assert key_of_tag(namespace, tag) == key
    assert other == namespace or key_of_tag(other, tag) is None


def test_what_is_no_keys_tag_tells_none() -> None:
    """Other tags, digests and texts that no key has become."""
    tags = ["*", "wedding:como", "ns:main", "key:main:a b", "key:main:%2d", "key:main:%FF", key_tag("main", "x" * 600)]
    assert [key_of_tag("main", tag) for tag in tags] == [None] * len(tags)
    assert keys.decode(keys.encode("a b%~ü\ud800")) == "a b%~ü\ud800"
