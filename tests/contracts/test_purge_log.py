"""What every purge log promises, on the fake and on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from controlplane.domain.purge_log import Barrier, Beat, Kind, Position
from controlplane.errors import BadInput
from tests.cache.fakes import FakePurgeLog
from tests.cache.scene import in_loop
from tests.contracts import regions


@pytest.fixture(scope="module", params=regions.WORLDS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Each world in turn."""
    with regions.running(request.param, tmp_path_factory.mktemp("log")) as address:
        yield address


@in_loop
async def test_numbers_are_dense_and_in_one_epoch(url: str) -> None:
    """Purges are numbered 1, 2, 3 within one epoch, and are heard in that order."""
    async with regions.purge_log(url) as log:
        purges = [await log.append([f"wedding:w{i}"], Kind.HARD) for i in range(3)]
        assert [purge.position.n for purge in purges] == [1, 2, 3]
        assert len({purge.position.epoch for purge in purges}) == 1
        heard = await log.listen(Position(purges[0].position.epoch, 1), 1.0)
        assert list(heard) == purges[1:]


@in_loop
async def test_a_number_is_above_what_the_caller_has_seen(url: str) -> None:
    """A caller that knows of purge 40 gets 41 from a log that is behind."""
    async with regions.purge_log(url) as log:
        assert (await log.append(["wedding:a"], Kind.SOFT, seen=40)).position.n == 41


@in_loop
async def test_barriers_keep_the_newest_of_each_kind(url: str) -> None:
    """Soft and hard numbers of a tag grow apart; a tag named twice in one purge counts once."""
    async with regions.purge_log(url) as log:
        await log.append(["wedding:a", "page:schedule", "wedding:a"], Kind.HARD)
        await log.append(["wedding:a"], Kind.SOFT)
        found = {barrier.tag: barrier for barrier in await log.barriers()}
        assert found == {"wedding:a": Barrier("wedding:a", 2, 1), "page:schedule": Barrier("page:schedule", 0, 1)}


@in_loop
async def test_many_barriers_are_all_read(url: str) -> None:
    """3,000 tags come back, each once at least."""
    async with regions.purge_log(url) as log:
        for start in range(0, 3000, 500):
            await log.append([f"guest:{i}" for i in range(start, start + 500)], Kind.HARD)
        assert {barrier.tag for barrier in await log.barriers()} == {f"guest:{i}" for i in range(3000)}


@in_loop
async def test_listening_waits_and_wakes(url: str) -> None:
    """A listener with nothing to hear answers () after its wait, and at once when a purge comes."""
    async with regions.purge_log(url) as log:
        epoch = (await log.beat("m", None)).epoch
        assert list(await log.listen(Position(epoch, 0), 0.02)) == []
        # The fake waits for 20 ms at most, so the purge comes sooner than that.
        listening = asyncio.create_task(log.listen(Position(epoch, 0), 0.5))
        await asyncio.sleep(0.002)
        purge = await log.append(["wedding:a"], Kind.SOFT)
        assert list(await listening) == [purge]


@in_loop
async def test_a_beat_confirms_and_looks(url: str) -> None:
    """A beat tells epoch, newest and oldest number; the roll shows what each member confirmed, until it leaves."""
    async with regions.purge_log(url) as log:
        joined = await log.beat("one", None)
        assert (joined.n, joined.oldest) == (0, 0)
        purge = await log.append(["wedding:a"], Kind.HARD)
        await log.append(["wedding:b"], Kind.HARD)
        beat = await log.beat("one", purge.position)
        assert (beat.epoch, beat.n, beat.oldest, beat.base) == (purge.position.epoch, 2, 1, 0)
        assert beat.log_time >= joined.log_time
        await log.beat("two", None)
        roll = await log.roll()
        assert roll.epoch == beat.epoch
        assert {m.name: m.position for m in roll.members} == {"one": purge.position, "two": Position("", -1)}
        assert all(member.unseen_for < 5 for member in roll.members)
        await log.leave("one")
        assert [member.name for member in (await log.roll()).members] == ["two"]


@pytest.mark.parametrize("tags", [[], ["wedding"], ["wedding:a b"], ["wedding:a,b"], ["weding:a"], [""]])
@in_loop
async def test_wrong_tags_are_refused_and_nothing_is_numbered(url: str, tags: list[str]) -> None:
    """A purge without a tag, or with one that no entry can carry, is BadInput and leaves no trace."""
    async with regions.purge_log(url) as log:
        with pytest.raises(BadInput):
            await log.append(tags, Kind.HARD)
        assert (await log.beat("m", None)).n == 0


@in_loop
async def test_removals_of_a_lost_epoch_come_back_under_their_numbers(url: str) -> None:
    """What a log held before its epoch began is put back as it was; a number beyond that becomes a new purge; followers
    hear of both, once."""
    async with regions.purge_log(url) as log:
        # A member that had applied 9 purges of a lost epoch begins the new one at 9.
        beat = await log.beat("m", Position("lost", 9))
        if not beat.base:
            beat = await _begun_at_nine(log)
        removed = [Barrier("wedding:a", 0, 4), Barrier("guest:9", 0, 12)]
        at = await log.restore(beat.epoch, removed)
        assert at == Position(beat.epoch, 10)
        (heard,) = await log.listen(Position(beat.epoch, 9), 0.5)
        assert (heard.kind, heard.tags, heard.marks) == (Kind.HARD, ("wedding:a", "guest:9"), (4, 10))
        assert {b.tag: b.hard for b in await log.barriers()} == {"wedding:a": 4, "guest:9": 10}
        assert await log.restore(beat.epoch, removed) == at, "what it holds is left alone"
        newer = (await log.append(["wedding:a"], Kind.HARD)).position
        assert await log.restore(beat.epoch, [Barrier("wedding:a", 0, 8)]) == newer, "removed anew is later than all"
        elsewhere = await log.restore("another epoch", [Barrier("wedding:z", 0, 1)])
        assert elsewhere == newer
        assert "wedding:z" not in {b.tag for b in await log.barriers()}


async def _begun_at_nine(log: object) -> Beat:
    """The fake's way to begin an epoch at a number."""
    assert isinstance(log, FakePurgeLog)
    log.n = log.base = 9
    return await log.beat("m", None)
