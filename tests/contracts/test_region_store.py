"""What every region's store of records promises, on the fake and on a real server."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from controlplane.adapters.redis.region_store import RedisRegionStore
from controlplane.domain.record import (
    MAX_DELIVERY_US,
    Change,
    Record,
    Refusal,
    Reply,
    Stamp,
    Standing,
    State,
    Verb,
    name_of,
    partition_of,
)
from controlplane.ports.region_store import RegionStore
from tests.cache.scene import in_loop
from tests.contracts import regions
from tests.fakes.region_store import FakeRegionStore

HERE = "eu-central-1"
VIEW = {HERE: 1, "us-east-1": 1, "eu-west-1": 1}
KEY = "contract:7"
SLOT = partition_of(KEY)
VOTING = Standing(State.VOTING, 1, VIEW)
EMPTY = Standing(State.LOST, 0, {})


def now() -> int:
    """Microseconds of the calendar."""
    return time.time_ns() // 1000


def record(hlc: int, payload: bytes | None = b"v", *, writer: str = "w1", region: str = HERE) -> Record:
    """A record stamped `hlc` microseconds after some moment long ago."""
    return Record(Stamp(1_700_000_000_000_000 + hlc, region, writer), payload)


@pytest.fixture(scope="module", params=regions.WORLDS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Each world in turn."""
    with regions.running(request.param, tmp_path_factory.mktemp("store")) as address:
        yield address


@asynccontextmanager
async def blank(url: str, max_delivery: int = MAX_DELIVERY_US) -> AsyncIterator[RegionStore]:
    """A store that holds nothing and was never founded."""
    if url:
        store: RegionStore = RedisRegionStore(url, scope=secrets.token_hex(4), timeout=60, max_delivery=max_delivery)
    else:
        store = FakeRegionStore(HERE, now, max_delivery=max_delivery)
    try:
        yield store
    finally:
        await store.aclose()


@asynccontextmanager
async def founded(url: str, max_delivery: int = MAX_DELIVERY_US) -> AsyncIterator[RegionStore]:
    """A store whose voter votes."""
    async with blank(url, max_delivery) as store:
        told = await store.stand(SLOT, Change(Verb.FOUND, view=VIEW))
        assert told.done
        assert (await store.stand(SLOT, Change(Verb.OPEN, token=told.token))).standing == VOTING
        yield store


@in_loop
async def test_the_newest_stamp_stays(url: str) -> None:
    """S1: a newer record is accepted, an older one is told what superseded it, the same one is accepted again."""
    async with founded(url) as store:
        assert await store.look(KEY) == Reply(VOTING)
        for one in (record(5, b"\x00five\n"), record(9, bytes(range(256)))):
            assert await store.apply(KEY, one, now()) == Reply(VOTING, one)
        for other in (record(9, bytes(range(256))), record(7), record(5, b"\x00five\n")):
            assert await store.apply(KEY, other, now()) == Reply(VOTING, record(9, bytes(range(256))))
        assert await store.look(KEY) == Reply(VOTING, record(9, bytes(range(256))))
        assert await store.look("another key") == Reply(VOTING if partition_of("another key") == SLOT else EMPTY)


@pytest.mark.parametrize(
    ("less", "more"),
    [(("a-b", "w"), ("ab", "w")), (("a", "W"), ("a", "w")), (("a", "w1"), ("a", "w10")), (("B", "z"), ("a", "a"))],
    ids=["region-with-a-dash", "writer-by-case", "writer-by-length", "region-by-case"],
)
@in_loop
async def test_equal_times_are_ordered_by_region_and_writer(
    url: str, less: tuple[str, str], more: tuple[str, str]
) -> None:
    """S1: stamps of one microsecond are ordered byte by byte, in whatever order they come."""
    low, high = (record(5, writer=writer, region=region) for region, writer in (less, more))
    assert low.stamp < high.stamp
    for order in ((low, high), (high, low)):
        async with founded(url) as store:
            for one in order:
                await store.apply(KEY, one, now())
            assert (await store.look(KEY)).record == high


@in_loop
async def test_a_stamp_of_an_unsafe_clock_is_refused(url: str) -> None:
    """S1: a stamp more than a second ahead of the store's clock changes nothing; one half a second ahead is taken."""
    async with founded(url) as store:
        ahead = Record(Stamp(now() + 3_000_000, HERE, "w"), b"v")
        assert await store.apply(KEY, ahead, now()) == Reply(VOTING, None, Refusal.UNSAFE_CLOCK)
        assert (await store.look(KEY)).record is None
        near = Record(Stamp(now() + 500_000, HERE, "w"), b"v")
        assert await store.apply(KEY, near, now()) == Reply(VOTING, near)


@in_loop
async def test_a_request_that_was_under_way_for_too_long_is_refused(url: str) -> None:
    """What began longer ago than half of the longest delivery changes nothing, whatever its stamp."""
    async with founded(url) as store:
        late = await store.apply(KEY, record(5), now() - MAX_DELIVERY_US // 2 - 1_000_000)
        assert late == Reply(VOTING, None, Refusal.LATE)
        assert (await store.look(KEY)).record is None


@in_loop
async def test_a_settled_removal_is_forgotten_and_an_unsettled_one_is_not(url: str) -> None:
    """A removal outlives its value; only once settled, and after the longest delivery, is its stamp forgotten."""
    async with founded(url, max_delivery=2) as store:
        await store.apply(KEY, record(5), now() + 60_000_000)
        gone = record(6, None)
        assert (await store.apply(KEY, gone, now() + 60_000_000)).record == gone
        assert (await store.apply(KEY, record(5), now() + 60_000_000)).record == gone
        settled = gone._replace(settled=True)
        assert (await store.apply(KEY, settled, now() + 60_000_000)).record == settled
        other = next(f"other {n}" for n in range(10_000) if partition_of(f"other {n}") == SLOT)
        await store.apply(other, record(8), now() + 60_000_000)
        assert (await store.look(KEY)).record is None
        assert (await store.look(other)).record == record(8)


@in_loop
async def test_a_settled_removal_gives_way_to_a_newer_value(url: str) -> None:
    """A key that was removed and written again keeps its new value after the removal's time is over."""
    async with founded(url, max_delivery=2) as store:
        await store.apply(KEY, record(6, None)._replace(settled=True), now() + 60_000_000)
        for hlc in (7, 8):
            assert (await store.apply(KEY, record(hlc), now() + 60_000_000)).record == record(hlc)
        assert (await store.look(KEY)).record == record(8)


@in_loop
async def test_who_was_never_founded_takes_nothing(url: str) -> None:
    """S4: a store without a memory says so to every question and keeps no record; founded, it still does not vote."""
    async with blank(url) as store:
        assert await store.look(KEY) == Reply(EMPTY)
        assert await store.apply(KEY, record(5), now()) == Reply(EMPTY)
        for verb in (Verb.OPEN, Verb.REGISTER, Verb.FINISH):
            told = await store.stand(SLOT, Change(verb, 1, "us-east-1"))
            assert (told.standing, told.done) == (EMPTY, False)
        founded = await store.stand(SLOT, Change(Verb.FOUND, view=VIEW))
        assert founded.standing == Standing(State.FOUNDING, 1, VIEW)
        again = await store.stand(SLOT, Change(Verb.FOUND, view=VIEW))
        assert (again.done, again.token) == (False, founded.token)
        assert (await store.apply(KEY, record(5), now())).record is None
        assert not (await store.stand(SLOT, Change(Verb.OPEN, token="another"))).done
        await store.stand(SLOT, Change(Verb.OPEN, token=founded.token))
        assert await store.look(KEY) == Reply(VOTING)


@in_loop
async def test_an_incarnation_is_heard_of_once(url: str) -> None:
    """S4: a voter registers a newer incarnation of another once, tells it in every answer, and refuses older ones."""
    async with founded(url) as store:
        assert (await store.stand(SLOT, Change(Verb.REGISTER, 3, "us-east-1"))).done
        for n in (3, 2):
            assert not (await store.stand(SLOT, Change(Verb.REGISTER, n, "us-east-1"))).done
        assert (await store.look(KEY)).standing.view == {**VIEW, "us-east-1": 3}
        assert (await store.apply(KEY, record(5), now())).standing.view == {**VIEW, "us-east-1": 3}


@in_loop
async def test_catching_up_takes_writes_and_copies_and_votes_at_the_end(url: str) -> None:
    """S4: from its begin a voter takes writes, says that it is catching up, merges copies by stamp, then votes."""
    async with blank(url) as store:
        begun = await store.stand(SLOT, Change(Verb.BEGIN, 4, view={"us-east-1": 2}))
        assert begun.standing == Standing(State.CATCHING, 4, {"us-east-1": 2})
        assert (await store.apply(KEY, record(7), now())).standing.state is State.CATCHING
        names = {name_of(KEY): record(5), "older": record(1), "gone": record(2, None)}
        assert not (await store.absorb(SLOT, 3, tuple(names.items()), now())).done
        assert (await store.absorb(SLOT, 4, tuple(names.items()), now())).done
        for n in (3, 5):
            assert not (await store.stand(SLOT, Change(Verb.FINISH, n, token=begun.token))).done
        assert not (await store.stand(SLOT, Change(Verb.FINISH, 4, token="another"))).done
        done = await store.stand(SLOT, Change(Verb.FINISH, 4, view={HERE: 4, "us-east-1": 3}, token=begun.token))
        assert done.standing == Standing(State.VOTING, 4, {HERE: 4, "us-east-1": 3})
        found = dict((await store.page(SLOT, "0")).records)
        assert found == {name_of(KEY): record(7), "older": record(1), "gone": record(2, None)}
        assert not (await store.absorb(SLOT, 4, (("late", record(9)),), now())).done


@in_loop
async def test_beginning_again_keeps_what_was_not_lost(url: str) -> None:
    """S4: a voter that votes and begins a newer incarnation keeps its records; an older one is refused."""
    async with founded(url) as store:
        await store.apply(KEY, record(5), now())
        assert not (await store.stand(SLOT, Change(Verb.BEGIN, 1))).done
        begun = await store.stand(SLOT, Change(Verb.BEGIN, 2))
        assert begun.standing.state is State.CATCHING
        again = await store.stand(SLOT, Change(Verb.BEGIN, 3))
        assert again.token != begun.token
        assert (await store.stand(SLOT, Change(Verb.FINISH, 3, token=again.token))).standing.state is State.VOTING
        assert (await store.look(KEY)).record == record(5)


@in_loop
async def test_pages_tell_all_records_of_one_partition(url: str) -> None:
    """700 records come back over several pages, each once at least, and no other partition's."""
    async with founded(url) as store:
        keys = [key for key in (f"page {n}" for n in range(100_000)) if partition_of(key) == SLOT][:700]
        names = tuple((name_of(key), record(n, b"%d" % n)) for n, key in enumerate(keys))
        await store.stand(SLOT, Change(Verb.BEGIN, 2))
        await store.absorb(SLOT, 2, names, now())
        found: dict[str, Record] = {}
        cursor, pages = "0", 0
        while not pages or cursor != "0":
            told = await store.page(SLOT, cursor)
            found.update(told.records)
            cursor, pages = told.cursor, pages + 1
        assert found == dict(names)
        assert pages > 3
        assert (await store.page((SLOT + 1) % 64, "0")).records == ()


@in_loop
async def test_keys_of_any_text_stay_apart(url: str) -> None:
    """Braces, spaces, NUL, accents in two spellings and long texts are different records."""
    keys = ["{a}b", "a b", "a%20b", "a\x00b", "\u00e9", "e\u0301", "x" * 5000, "x" * 5001, "\ud800", ""]
    async with blank(url) as store:
        for partition in {partition_of(key) for key in keys}:
            told = await store.stand(partition, Change(Verb.FOUND, view=VIEW))
            await store.stand(partition, Change(Verb.OPEN, token=told.token))
        for n, key in enumerate(keys):
            await store.apply(key, record(n, b"%d" % n), now())
        found = [(await store.look(key)).record for key in keys]
        assert found == [record(n, b"%d" % n) for n in range(len(keys))]
