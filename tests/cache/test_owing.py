"""G14 through the cache: an owed purge acts here at once, in order, and reaches the others once the log answers."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.adapters.system.debts import DebtsFolder
from controlplane.cache import Cache, Settings, Status
from controlplane.cache.barriers import Standing
from controlplane.cache.debts import Owing
from controlplane.domain.purge_log import Kind
from controlplane.errors import BadInput, Incomplete, Unavailable
from sandbox import valkey
from tests.cache.fakes import FakePurgeLog
from tests.cache.scene import Source, in_loop, real_cache, until
from tests.cache.switchboard import Switchboard
from tests.cache.test_debts import in_child, owing


def cache(url: str, scope: str, folder: Path | None) -> Cache:
    """A cache over a real server, with or without a folder for owed purges."""
    debts = DebtsFolder(folder) if folder else None
    tier, log = RedisTier(url, scope=scope, read_timeout=5, write_timeout=5), RedisPurgeLog(url, scope=scope, timeout=5)
    return Cache(Settings(), second=tier, log=log, clock=SystemClock(), debts=debts)


def owes(side: Owing) -> bool:
    """Whether fills must wait."""
    return side.owes


def files(folder: Path) -> list[str]:
    """The suffixes of what is in the folder."""
    return [path.suffix for path in folder.iterdir()]


@in_loop
async def test_owed_purges_are_delivered_in_order_and_a_new_one_waits_behind(tmp_path: Path) -> None:
    """G14: the log gets debts oldest first, also when it is back before the newest purge."""
    log = FakePurgeLog()
    side = owing(tmp_path, log)
    assert owes(side), "before it has looked at the folder nobody knows what is owed"
    await side.look()
    assert not owes(side)
    log.is_cut = True
    owed = [await side.purge((f"wedding:w{number}",), Kind.SOFT) for number in range(2)]
    assert owes(side)
    log.is_cut = False
    owed.append(await side.purge(("wedding:w2",), Kind.HARD))
    assert [purge.owed for purge in owed] == [True, True, True]
    await side.deliver()
    assert not owes(side)
    assert [purge.tags for purge in log.purges] == [("wedding:w0",), ("wedding:w1",), ("wedding:w2",)]
    places = [side.placed(purge) for purge in owed]
    assert [place.purge.position.n for place in places if place] == [1, 2, 3]
    with pytest.raises(BadInput):
        await side.purge((), Kind.HARD)
    side.close()


@in_loop
async def test_a_caller_that_leaves_does_not_leave_a_debt_behind(tmp_path: Path) -> None:
    """G14: cancelled while it is kept, the purge is delivered by this process all the same."""
    log = FakePurgeLog(is_cut=True)
    side = owing(tmp_path, log)
    await side.look()
    leaver = asyncio.create_task(side.purge(("wedding:a",), Kind.HARD))
    for _ in range(3):
        await asyncio.sleep(0)
    leaver.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaver
    await until(lambda: owes(side))
    log.is_cut = False
    await side.deliver()
    assert log.n == 1
    side.close()


@in_loop
async def test_a_disk_that_keeps_nothing_is_told(tmp_path: Path) -> None:
    """G14: where the debt cannot be kept, the purge raises and says so; nothing is acknowledged."""
    (tmp_path / "file").write_text("")
    side = owing(tmp_path / "file", FakePurgeLog(is_cut=True))
    with pytest.raises(Unavailable, match="is not kept in"):
        await side.purge(("wedding:a",), Kind.HARD)
    side.close()


@in_loop
async def test_owed_removals_act_here_at_once_and_elsewhere_once_the_log_answers(
    server: valkey.Server, scope: str, tmp_path: Path
) -> None:
    """G14, G6: with the log cut a removal is owed, acts here, holds fills back, and keeps what is loaded after it; when
    the log answers it is delivered, and its receipt becomes complete."""
    source = Source()
    terms: dict[str, Any] = {"tags": ["wedding:como"]}
    async with Switchboard(server.port) as board, real_cache(server.url, scope) as other:
        async with cache(board.url, scope, tmp_path) as here:
            tier = here._second
            assert isinstance(tier, RedisTier)
            await here.get_or_load("k", source, **terms)
            await until(lambda: tier.stats.fills == 1)
            assert (await other.read("k", source, **terms)).status is Status.HIT
            await board.cut()
            source.value = 1
            receipt = await here.remove(tags=["wedding:como"])
            assert receipt.owed
            assert (await here.read("k", source, **terms)).status is Status.LOADED
            assert (await here.read("k", source, **terms)).value == "v1"
            assert source.loads == 2, "what was loaded after the removal is kept"
            with pytest.raises(Incomplete, match="is owed"):
                await receipt.complete(0.05)
            assert files(tmp_path) == [".owed"]
            dropped = here.stats.fills_dropped
            assert dropped >= 1, "no fill may pass an owed purge"
            assert tier.stats.fills == 1
            board.connect(server.port)
            assert {here.member, other.member} <= set((await receipt.complete(10)).confirmed)
            assert receipt.purge.position.epoch == here.position.epoch
            assert other.peek("k") is None
            assert (await other.read("k", source, **terms)).value == "v1"
            assert here.stats.purges_delivered == 1
        assert files(tmp_path) == [], "a closed process that owes nothing leaves nothing"


@in_loop
async def test_the_next_process_delivers_what_a_killed_one_owed(
    server: valkey.Server, scope: str, tmp_path: Path
) -> None:
    """G14: kill -9 after a purge was owed; the next process of the folder delivers it before its first fill."""
    source = Source()

    def owe(_pipe: int) -> None:
        DebtsFolder(tmp_path).owe(Kind.HARD, ["wedding:como"])
        os.kill(os.getpid(), signal.SIGKILL)

    async with real_cache(server.url, scope) as other:
        await other.get_or_load("k", source, tags=["wedding:como"])
        before = other.position
        assert os.WTERMSIG(in_child(owe)) == signal.SIGKILL
        async with cache(server.url, scope, tmp_path) as heir:
            await until(lambda: other._engine.barriers.standing(("wedding:como",), before) is Standing.HARD)
            assert heir.stats.purges_delivered == 1
            assert other.peek("k") is None
            await until(lambda: not heir._follower.holds_fills)
    assert files(tmp_path) == []


@in_loop
async def test_without_a_folder_the_error_names_the_setting() -> None:
    """G14: a cache that has no folder for owed purges raises Unavailable and says what to give it."""
    url = f"redis://127.0.0.1:{valkey.free_port()}/0"
    here = cache(url, "s", None)
    try:
        with pytest.raises(Unavailable, match="no folder for owed purges") as raised:
            await here.remove(tags=["wedding:como"])
        assert "debts=DebtsFolder" in raised.value.next_step
    finally:
        await here.aclose()
