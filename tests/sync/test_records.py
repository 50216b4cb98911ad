"""Records as an application uses them: values, levels, receipts, errors; on fakes and on real servers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controlplane.cache.serializers import Json
from controlplane.domain.record import Record, Reply, Stamp
from controlplane.errors import BadInput, Unavailable, UnsafeClock
from controlplane.ports.region_store import RegionStore
from controlplane.sync import LOCAL, STRONG, Superseded
from tests.cache.scene import in_loop
from tests.fakes.region_store import FakeRegionStore
from tests.sync.regions import FAR, HOME, NEAR, REGIONS, founded, now, records

KEY = "vendor:7:contract"


@dataclass
class Skewed:
    """A clock that is off by so many seconds."""

    seconds: float

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return 0.0


@dataclass(frozen=True)
class Contract:
    """A typed value."""

    vendor: int
    text: str


@in_loop
async def test_what_was_put_is_read_everywhere(url: str) -> None:
    """S2, S3: a strong write is read strongly from every region at once, and locally where it was confirmed."""
    async with founded(url) as made, records(made) as ours:
        receipt = await ours.put(KEY, {"rev": 1}, level=STRONG)
        assert (receipt.key, receipt.stamp.region) == (KEY, HOME)
        assert len(receipt.confirmed) >= 2
        assert set(receipt.confirmed) <= set(REGIONS)
        for region in REGIONS:
            async with records(made, region) as theirs:
                assert await theirs.get(KEY, level=STRONG) == {"rev": 1}
        for region in receipt.confirmed:
            async with records(made, region) as theirs:
                assert await theirs.get(KEY, level=LOCAL) == {"rev": 1}
        assert await ours.get("never written", "nothing", level=STRONG) == "nothing"
        assert await ours.get("never written", "nothing", level=LOCAL) == "nothing"


@in_loop
async def test_values_come_back_as_their_type(url: str) -> None:
    """A typed value is decoded as the type that is asked for; None, empty bytes and large values are values."""
    async with founded(url) as made, records(made) as ours:
        await ours.put(KEY, Contract(7, "flowers"), level=STRONG)
        assert await ours.get(KEY, level=STRONG, as_type=Contract) == Contract(7, "flowers")
        for value in (None, b"", "", 0, ["x" * 500_000]):
            await ours.put(KEY, value, level=STRONG)
            assert await ours.get(KEY, "default", level=STRONG) == value


@in_loop
async def test_a_removed_record_is_gone_and_may_be_written_again(url: str) -> None:
    """S2: after a removal every region answers the default; a later write is the value again."""
    async with founded(url) as made, records(made) as ours:
        await ours.put(KEY, 1, level=STRONG)
        await ours.remove(KEY, level=STRONG)
        for region in REGIONS:
            async with records(made, region) as theirs:
                assert await theirs.get(KEY, "gone", level=STRONG) == "gone"
        await ours.put(KEY, 2, level=STRONG)
        assert await ours.get(KEY, level=STRONG) == 2


@in_loop
async def test_a_removal_that_is_everywhere_is_settled(url: str) -> None:
    """Once every voter has a removal all of them are told so, and may forget it in time."""
    async with founded(url) as made, records(made) as ours:
        await ours.put(KEY, 1, level=STRONG)
        await ours.remove(KEY, level=STRONG)
        await ours.aclose()
        for store in made.values():
            found = (await store.look(KEY)).record
            assert found is not None
            assert (found.payload, found.settled) == (None, True)


@in_loop
async def test_a_slow_clock_is_superseded_and_then_knows_better(url: str) -> None:
    """S1, S2: a write by a clock that is behind is told that it is superseded, changes nothing, and its retry is a new
    write that succeeds, because the clock has seen the newer stamp."""
    async with founded(url) as made, records(made) as ours, records(made, NEAR, clock=Skewed(-5)) as slow:
        first = await ours.put(KEY, "newer", level=STRONG)
        with pytest.raises(Superseded) as refused:
            await slow.put(KEY, "older", level=STRONG)
        assert refused.value.newest == first.stamp
        assert await ours.get(KEY, level=STRONG) == "newer"
        assert (await slow.put(KEY, "newest", level=STRONG)).stamp > first.stamp
        assert await ours.get(KEY, level=STRONG) == "newest"


@in_loop
async def test_a_fast_clock_is_refused_and_nothing_changes(url: str) -> None:
    """S1: a clock five seconds ahead is an unsafe clock; the record keeps its value and its next writers their say."""
    async with founded(url) as made, records(made) as ours, records(made, NEAR, clock=Skewed(5)) as fast:
        await ours.put(KEY, "before", level=STRONG)
        with pytest.raises(UnsafeClock, match="nothing was changed"):
            await fast.put(KEY, "from the future", level=STRONG)
        assert await ours.get(KEY, level=STRONG) == "before"
        await ours.put(KEY, "after", level=STRONG)
        assert await fast.get(KEY, level=STRONG) == "after"


@in_loop
async def test_bad_input_is_refused_before_anything_is_sent(url: str) -> None:
    """A value over 1 MiB, one that cannot be encoded, and a local write change nothing."""
    async with founded(url) as made, records(made) as ours:
        wrong: Any = LOCAL
        with pytest.raises(BadInput, match="1 MiB"):
            await ours.put(KEY, b"x" * (1024 * 1024 + 1), level=STRONG)
        with pytest.raises(BadInput, match="nothing was sent"):
            await ours.put(KEY, 1, level=wrong)
        with pytest.raises(BadInput, match="cannot be written"):
            await ours.put(KEY, object(), level=STRONG)
        assert ours.stats.asked == 0
        await ours.put(KEY, "text", level=STRONG)
        with pytest.raises(BadInput, match="not of the type"):
            await ours.get(KEY, level=STRONG, as_type=int)
        with pytest.raises(BadInput, match="no store for"):
            records(made, "ap-south-1")


@in_loop
async def test_without_a_majority_nothing_is_acknowledged_or_read() -> None:
    """S2, S3: with two of three regions cut off a write may have been applied, and says so; a strong read says no; a
    local read still answers."""
    async with founded("") as made, records(made) as ours:
        await ours.put(KEY, "before", level=STRONG)
        await ours.aclose()
        for region in (NEAR, FAR):
            _fake(made, region).is_cut = True
        with pytest.raises(Unavailable, match="may have been applied") as unknown:
            await ours.put(KEY, "perhaps", level=STRONG)
        assert not unknown.value.safe_to_retry
        assert f"{FAR} did not answer" in str(unknown.value)
        with pytest.raises(Unavailable) as unread:
            await ours.get(KEY, level=STRONG)
        assert unread.value.safe_to_retry
        assert await ours.get(KEY, level=LOCAL) == "perhaps"
        _fake(made, NEAR).is_cut = False
        assert await ours.get(KEY, level=STRONG) == "perhaps"


class Still(FakeRegionStore):
    """A store that stands still: nothing is answered before `gate`, and then nothing good."""

    def __init__(self, region: str, gate: asyncio.Event) -> None:
        super().__init__(region, now)
        self.gate = gate
        self.asked: list[str] = []

    async def look(self, key: str) -> Reply:
        self.asked.append(key)
        await self.gate.wait()
        raise Unavailable(f"{self.region} gives up")

    async def apply(self, key: str, record: Record, begun: int) -> Reply:
        return await self.look(key)


@in_loop
async def test_a_store_that_stands_still_delays_nobody_beyond_the_deadline() -> None:
    """A region that never answers costs a write and a read nothing while a majority answers; with two of them both end
    at the deadline; callers that are cancelled and a close leave nothing behind."""
    async with founded("") as made:
        gate = asyncio.Event()
        far = Still(FAR, gate)
        one = {**made, FAR: far}
        async with records(one) as ours:
            for n in range(20):
                await ours.put(KEY, n, level=STRONG)
                assert await ours.get(KEY, level=STRONG) == n
            assert len(far.asked) == 40
            gate.set()
        two = {**one, FAR: Still(FAR, asyncio.Event()), NEAR: Still(NEAR, asyncio.Event())}
        async with records(two, deadline=0.05) as ours:
            with pytest.raises(Unavailable, match="may have been applied"):
                await ours.put(KEY, "x", level=STRONG)
            with pytest.raises(Unavailable):
                await ours.get(KEY, level=STRONG)
            cancelled = asyncio.create_task(ours.get(KEY, level=STRONG))
            await asyncio.sleep(0)
            cancelled.cancel()
            await asyncio.gather(cancelled, return_exceptions=True)
            assert cancelled.cancelled()
        assert {task for task in asyncio.all_tasks() if task.get_name() == "wedcache sync"} == set()


@in_loop
async def test_a_crowd_before_a_silent_region_is_bounded() -> None:
    """At most 512 questions wait for one region; more are silences at once, and a majority still answers everybody."""
    async with founded("") as made:
        gate = asyncio.Event()
        far = Still(FAR, gate)
        async with records({**made, FAR: far}) as ours:
            for _ in range(6):
                await asyncio.gather(*(ours.get(f"key {n}", level=STRONG) for n in range(100)))
            assert len(far.asked) == 512
            assert ours.stats.crowded >= 88
            gate.set()


@in_loop
async def test_damaged_and_foreign_bytes_are_nobodys_value(url: str) -> None:
    """A voter whose value is damaged, or another key's, is a voter that does not answer; the others' value is read."""
    async with founded(url) as made, records(made) as ours:
        await ours.put(KEY, "whole", level=STRONG)
        await ours.aclose()
        good = (await made[NEAR].look(KEY)).record
        assert good is not None
        assert good.payload is not None
        for payload in (good.payload[:-1] + b"\x00", b"foreign", b""):
            await made[HOME].apply(KEY, Record(Stamp(now(), "zz", "zz"), payload), now())
            assert await ours.get(KEY, level=STRONG) == "whole"
        assert ours.stats.damaged
        with pytest.raises(Unavailable, match="damaged"):
            await ours.get(KEY, level=LOCAL)
        async with records(made, NEAR, serializer=Json()) as other:
            with pytest.raises(Unavailable, match="another serializer"):
                await other.get(KEY, level=STRONG)


@in_loop
async def test_many_processes_write_one_record(url: str) -> None:
    """S2: of concurrent writers each is acknowledged, superseded or unknown; the last value is one of theirs, and all
    regions agree on it."""
    async with founded(url) as made:
        writers = [records(made, region) for region in REGIONS for _ in range(3)]
        outcomes = await asyncio.gather(
            *(writer.put(KEY, n, level=STRONG) for n, writer in enumerate(writers)), return_exceptions=True
        )
        assert all(isinstance(one, (tuple, Superseded, Unavailable)) for one in outcomes), outcomes
        seen = {await writer.get(KEY, level=STRONG) for writer in writers}
        assert len(seen) == 1
        assert seen <= set(range(9))
        for writer in writers:
            await writer.aclose()
        held = [(await store.look(KEY)).record for store in made.values()]
        assert len({record.stamp for record in held if record is not None}) <= 2


def _fake(made: dict[str, RegionStore], region: str) -> FakeRegionStore:
    store = made[region]
    assert isinstance(store, FakeRegionStore)
    return store
