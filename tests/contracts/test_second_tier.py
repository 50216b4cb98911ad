"""What every second tier promises, on the fake and on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from controlplane.domain.keys import encode
from controlplane.domain.purge_log import Position
from controlplane.ports.second_tier import Stored
from tests.cache.scene import in_loop
from tests.contracts import regions

E = "00000000000000aa"


@pytest.fixture(scope="module", params=regions.WORLDS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Each world in turn."""
    with regions.running(request.param, tmp_path_factory.mktemp("tier")) as address:
        yield address


def stored(text: str, n: int, born: float = 100.0, epoch: str = E) -> Stored:
    """A value whose load began at purge `n`."""
    return Stored(text.encode(), Position(epoch, n), born)


@in_loop
async def test_what_was_filled_is_fetched(url: str) -> None:
    """Bytes of every kind come back as they went in, with their position and birth."""
    payload = Stored(bytes(range(256)) * 8, Position(E, 7), 1234.567)
    async with regions.second_tier(url) as tier:
        assert await tier.fetch("k") is None
        assert await tier.fill("k", payload, 60)
        assert await tier.fetch("k") == payload


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        ((5, 10.0, E), (5, 11.0, E), True),
        ((5, 11.0, E), (5, 10.0, E), False),
        ((5, 11.0, E), (6, 10.0, E), True),
        ((6, 10.0, E), (5, 11.0, E), False),
        ((6, 10.0, E), (1, 11.0, "bb"), True),
        ((6, 11.0, E), (9, 10.0, "bb"), False),
    ],
)
@in_loop
async def test_an_older_fill_never_replaces_a_newer_one(
    url: str, first: tuple[int, float, str], second: tuple[int, float, str], taken: bool
) -> None:
    """G7: (as-of, born) orders fills within an epoch, birth alone between epochs."""
    async with regions.second_tier(url) as tier:
        assert await tier.fill("k", stored("first", *first), 60)
        assert await tier.fill("k", stored("second", *second), 60) is taken
        found = await tier.fetch("k")
        assert found is not None
        assert found.payload == (b"second" if taken else b"first")


@in_loop
async def test_a_tombstone_refuses_what_began_before_it(url: str) -> None:
    """G7: a buried key is a miss; a fill from before is refused, one that had applied the removal is taken."""
    async with regions.second_tier(url) as tier:
        await tier.fill("k", stored("old", 5), 60)
        await tier.bury(["k", "never there"], Position(E, 6), 101.0, 60)
        assert await tier.fetch("k") is None
        assert not await tier.fill("k", stored("late", 5, 102.0), 60)
        assert not await tier.fill("never there", stored("late", 5, 102.0), 60)
        assert await tier.fill("k", stored("new", 6, 100.5), 60)
        found = await tier.fetch("k")
        assert found is not None
        assert found.payload == b"new"


@in_loop
async def test_two_thousand_delayed_fills_after_a_removal_revive_nothing(url: str) -> None:
    """G7: however many fills were under way when the keys were removed, none of them comes back."""
    keys = [f"guest {i}" for i in range(2000)]
    async with regions.second_tier(url) as tier:
        await tier.bury(keys, Position(E, 9), 200.0, 60)
        room = asyncio.Semaphore(8)

        async def late(key: str, n: int) -> bool:
            async with room:
                return await tier.fill(key, stored("late", n, 199.0), 60)

        taken = await asyncio.gather(*(late(key, i % 9) for i, key in enumerate(keys)))
        assert not any(taken)
        assert await asyncio.gather(*(tier.fetch(key) for key in keys)) == [None] * 2000


@in_loop
async def test_keys_of_any_text_stay_apart(url: str) -> None:
    """Braces, spaces, NUL, accents in two spellings and long texts are different keys."""
    texts = ["{a}b", "a b", "a%20b", "a\x00b", "\u00e9", "e\u0301", "x" * 5000, "x" * 5001, "\ud800", "*", ""]
    keys = [encode(text) for text in texts]
    async with regions.second_tier(url) as tier:
        for key in keys:
            assert await tier.fill(key, stored(ascii(key)[:20] + str(len(key)), 1), 60)
        for key in keys:
            found = await tier.fetch(key)
            assert found is not None
            assert found.payload == (ascii(key)[:20] + str(len(key))).encode()
