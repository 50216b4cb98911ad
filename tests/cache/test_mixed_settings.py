"""G8 among processes with different settings, as while a release rolls out."""

from __future__ import annotations

from controlplane.cache import Settings, Status
from controlplane.cache.testing import FakeRegion
from controlplane.domain.keys import in_namespace
from tests.cache.scene import Source, in_loop, until

HOUR = 3600.0


@in_loop
async def test_nobody_serves_what_is_older_than_he_remembers_purges_for() -> None:
    """A process that forgets purges after an hour takes no entry that is older than that, for however long the process
    that wrote it meant it to live."""
    region = FakeRegion()
    async with region.cache(Settings()) as long, region.cache(Settings(max_physical_ttl=HOUR)) as short:
        await long.get_or_load("k", Source(), fresh="3h", stale="3h")
        await until(lambda: in_namespace("main", "k") in region.tier.values)
        assert (await short.read("k")).status is Status.HIT, "in memory too, from here on"
        await region.pass_by(HOUR - 1)
        assert (await short.read("k")).status is Status.HIT
        await region.pass_by(2)
        assert (await short.read("k")).status is Status.MISS
        assert (await long.read("k")).status is Status.HIT
    async with region.cache(Settings(max_physical_ttl=HOUR)) as fresh_process:
        assert (await fresh_process.read("k")).status is Status.MISS
