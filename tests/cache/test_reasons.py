"""G10, G11: a copy is served for a listed reason only, and no older than it may be, whoever asks and however."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from controlplane.cache import Read, Reason, Settings, Status, TagWindow
from controlplane.cache.testing import FakeRegion
from controlplane.domain.keys import in_namespace
from tests.cache.scene import Source, in_loop, until

NAME = in_namespace("main", "k")
TAG = ["wedding:como"]


@pytest.mark.parametrize(
    ("state", "alone", "failing"),
    [
        ("fresh", (Status.HIT, None), (Status.HIT, None)),
        ("past its time", (Status.MISS, None), (Status.STALE, Reason.LOAD_FAILED)),
        ("expired", (Status.STALE, Reason.SOFT_PURGED), (Status.STALE, Reason.LOAD_FAILED)),
        ("expired and past its time", (Status.STALE, Reason.SOFT_PURGED), (Status.STALE, Reason.LOAD_FAILED)),
        ("removed", (Status.MISS, None), None),
        ("blind", (Status.STALE, Reason.BLIND), (Status.STALE, Reason.BLIND)),
        ("too old", (Status.MISS, None), None),
        ("in a window", (Status.MISS, None), (Status.STALE, Reason.SATURDAY)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@in_loop
async def test_each_state_has_its_answer(
    state: str, alone: tuple[Status, Reason | None], failing: tuple[Status, Reason | None] | None
) -> None:
    """What a read without a loader is answered, and one whose loader fails (None: its error)."""
    region, source = FakeRegion(), Source()
    window = TagWindow(
        "wedding:como", region.clock.now() + timedelta(hours=1), region.clock.now() + timedelta(hours=30)
    )
    async with region.cache(Settings(throttle=0.001)) as cache:
        if state == "in a window":
            region.windows.replace([window])
        await cache.get_or_load("k", source, tags=TAG, fresh="60s", stale="10m")
        source.error = ValueError("down")
        if "expired" in state:
            await cache.expire("k")
        if "past" in state:
            await region.pass_by("61s")
        if state == "removed":
            await cache.remove(tags=TAG)
        if state == "too old":
            await region.pass_by("661s")
        if state == "in a window":
            await region.pass_by("2h")
        if state == "blind":
            region.log.is_cut = True
            region.clock.pass_by(3)
        read: Read[str] = await cache.read("k")
        assert (read.status, read.reason) == alone
        if failing is None:
            with pytest.raises(ValueError, match="down"):
                await cache.read("k", source, tags=TAG)
        else:
            read = await cache.read("k", source, tags=TAG)
            assert (read.status, read.reason) == failing


@in_loop
async def test_a_birth_in_the_future_makes_nothing_younger() -> None:
    """What a filler says was loaded an hour from now (its log server's clock stepped) is as old as its arrival here."""
    region = FakeRegion()
    async with region.cache() as cache:
        await cache.get_or_load("k", Source(), fresh="60s", stale="60s")
        await until(lambda: NAME in region.tier.values)
        stored, until_when = region.tier.values[NAME]
        region.tier.values[NAME] = (msgspec.structs.replace(stored, born=stored.born + 3600), until_when + 7200)
    async with region.cache() as other:
        read: Read[str] = await other.read("k")
        assert (read.status, read.age) == (Status.HIT, 0.0)
        await region.pass_by("59s")
        assert (await other.read("k")).status is Status.HIT
        region.tier.values.clear()
        await region.pass_by("2s")
        assert (await other.read("k")).status is Status.MISS
