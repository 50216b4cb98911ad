"""G15: which loads are trusted only for as long as a database replica may lag."""

from __future__ import annotations

from pathlib import Path

from controlplane.adapters.system.debts import DebtsFolder
from controlplane.cache import Cache, Load, Read, Settings
from tests.cache.scene import Source, in_loop, world

LAG = Settings(source_lag=10.0)


@in_loop
async def test_a_load_counts_from_when_it_began() -> None:
    """One that begins a second after a purge and takes twenty may have read what the purge was about."""
    scene = world()
    async with scene.cache(source_lag=10.0, blind_after=40.0, blind_max_erasable=60.0) as cache:
        await cache.remove(tags=["wedding:como"])
        scene.clock.pass_by(1)

        async def slow(context: Load) -> str:
            scene.clock.pass_by(20)
            return "value"

        await cache.get_or_load("k", slow, tags=["wedding:como"], fresh="1h")
        assert cache.peek("k") is None, "it was fresh for ten seconds, and took twenty"
        await cache.get_or_load("other", slow, tags=["wedding:bari"], fresh="1h")
        assert cache.peek("other") == "value"


@in_loop
async def test_a_purge_that_is_only_owed_counts_too(tmp_path: Path) -> None:
    """It was committed here, whether the log has it or not."""
    scene = world()
    cache = Cache(LAG, second=scene.tier, log=scene.log, clock=scene.clock, debts=DebtsFolder(tmp_path))
    async with cache:
        scene.log.is_cut = True
        assert (await cache.remove(tags=["wedding:como"])).owed
        read: Read[str] = await cache.read("k", Source(), tags=["wedding:como"], fresh="1h")
        assert read.ttl == 10.0
        read = await cache.read("other", Source(), tags=["wedding:bari"], fresh="1h")
        assert read.ttl == 3600.0
        scene.log.is_cut = False
