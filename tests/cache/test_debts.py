"""G14: a purge that the log cannot take is on disk before it returns, acts here, is delivered by whoever is left."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system import debts as debts_module
from controlplane.adapters.system.clock import SystemClock
from controlplane.adapters.system.debts import DebtsFolder
from controlplane.cache import Cache, Settings, Status
from controlplane.cache import debts as owing_module
from controlplane.cache.barriers import Barriers, Standing
from controlplane.cache.debts import Owing
from controlplane.cache.stats import Stats
from controlplane.domain.purge_log import Kind, Purge
from controlplane.errors import BadInput, Incomplete, Unavailable
from sandbox import valkey
from tests.cache.fakes import FakeClock, FakePurgeLog
from tests.cache.scene import Source, in_loop, real_cache, until
from tests.cache.switchboard import Switchboard

TRACED = {debts_module.__file__, owing_module.__file__}


def owing(folder: Path, log: FakePurgeLog) -> Owing:
    """The purging side of a process."""
    return Owing(log, DebtsFolder(folder), Barriers(), FakeClock(), Stats())


def cache(url: str, scope: str, folder: Path | None) -> Cache:
    """A cache over a real server, with or without a folder for owed purges."""
    debts = DebtsFolder(folder) if folder else None
    tier, log = RedisTier(url, scope=scope), RedisPurgeLog(url, scope=scope)
    return Cache(Settings(), second=tier, log=log, clock=SystemClock(), debts=debts)


def owes(side: Owing) -> bool:
    """Whether fills must wait."""
    return side.owes


def files(folder: Path) -> list[str]:
    """The suffixes of what is in the folder."""
    return [path.suffix for path in folder.iterdir()]


class Telling(FakePurgeLog):
    """A log that writes each purge which it took to a pipe."""

    def __init__(self, pipe: int) -> None:
        super().__init__()
        self._pipe = pipe

    async def append(self, tags: Iterable[str], kind: Kind, *, seen: int = 0) -> Purge:
        purge = await super().append(tags, kind, seen=seen)
        os.write(self._pipe, f"took {' '.join(purge.tags)}\n".encode())
        return purge


def killed_at(line: int) -> Callable[[FrameType, str, Any], Any]:
    """A tracer that ends this process with SIGKILL at the n-th line of the code for debts."""
    left = line

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in TRACED:
            return None
        if event == "line":
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def in_child(work: Callable[[int], None], line: int = 0) -> tuple[int, list[str]]:
    """Run `work` in a forked process, killed at line `line`; how it ended, and what it told through its pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            if line:
                threading.settrace(killed_at(line))
                sys.settrace(killed_at(line))
            work(writing)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read().split("\n")
    return os.waitpid(child, 0)[1], [one for one in told if one]


def a_life(folder: Path, pipe: int) -> None:
    """Owe two purges and tell of each; the log comes back and takes one; owe a third; the log takes all."""

    async def live() -> None:
        log = Telling(pipe)
        side = owing(folder, log)
        for number in range(3):
            log.is_cut = True
            if number < 2:
                await side.look()
            assert (await side.purge((f"wedding:w{number}",), Kind.HARD)).owed
            os.write(pipe, f"owed wedding:w{number}\n".encode())
            log.is_cut = number == 0
            if number:
                await side.deliver()
        side.close()

    asyncio.run(live())


def test_no_acknowledged_purge_is_lost_by_a_kill_at_any_line(tmp_path: Path) -> None:
    """G14: killed at each line of keeping, delivering and settling, what was told to be owed is taken by the log or
    found by the next process."""
    line, killed = 0, 0
    while True:
        line += 1
        folder = tmp_path / str(line)
        ended, told = in_child(lambda pipe, folder=folder: a_life(folder, pipe), line)  # type: ignore[misc]  # a default binds the loop's value
        owed = {one[5:] for one in told if one.startswith("owed ")}
        took = {one[5:] for one in told if one.startswith("took ")}
        found = {tag for debt in DebtsFolder(folder).claim() for tag in debt.tags}
        assert owed <= took | found, f"lost at line {line}"
        if not ended:
            break
        killed += os.WTERMSIG(ended) == signal.SIGKILL
    assert killed > 60, "the kills must have fired"
    assert killed == line - 1
    assert (owed, found) == ({"wedding:w0", "wedding:w1", "wedding:w2"}, set())


def test_a_file_torn_at_any_byte_gives_what_was_whole(tmp_path: Path) -> None:
    """G14: whatever is missing at the end or damaged inside, the whole lines before and after it are read."""
    folder = DebtsFolder(tmp_path / "a")
    debts = [folder.owe(Kind.HARD, [f"wedding:w{number}"]) for number in range(3)]
    (path,) = (tmp_path / "a").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    whole = path.read_bytes()
    ends = [number + 1 for number, byte in enumerate(whole) if byte == 10][1::2]
    for size in range(len(whole) + 1):
        torn = tmp_path / f"torn-{size}"
        torn.mkdir()
        (torn / "1.owed").write_bytes(whole[:size])
        found = DebtsFolder(torn).claim()
        assert list(found) == debts[: sum(size >= end - 1 for end in ends)]
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "1.owed").write_bytes(whole.replace(b"wedding:w1", b"wedding:w9") + b"\x00\xff\n{}")
    assert [debt.tags for debt in DebtsFolder(tmp_path / "damaged").claim()] == [("wedding:w0",), ("wedding:w2",)]
    folder.close()


def test_a_debt_has_one_debtor_at_a_time(tmp_path: Path) -> None:
    """G14: what a living process owes is left to it; what it leaves behind goes to one process, in order, once."""
    one, other, third = (DebtsFolder(tmp_path) for _ in range(3))
    debts = [one.owe(Kind.SOFT, ["wedding:a"]), one.owe(Kind.HARD, ["guest:9"]), one.owe(Kind.HARD, ["wedding:c"])]
    assert other.claim() == []
    assert one.settle(debts[1])
    one.close()
    assert other.claim() == [debts[0], debts[2]]
    assert third.claim() == []
    assert other.settle(debts[0])
    other.close()
    assert third.claim() == [debts[2]]
    assert third.settle(debts[2])
    assert list(tmp_path.iterdir()) == []
    for folder in (one, other, third):
        folder.close()


def test_a_forked_child_does_not_hold_its_parents_debts(tmp_path: Path) -> None:
    """G14: after a fork the debts are the parent's alone; when it is gone the next process gets them although the child
    lives."""
    reading, writing = os.pipe()

    def parent(pipe: int) -> None:
        folder = DebtsFolder(tmp_path)
        folder.owe(Kind.HARD, ["wedding:a"])
        child = os.fork()
        if not child:
            os.close(pipe)
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
        os.kill(os.getpid(), signal.SIGKILL)

    ended, _ = in_child(parent)
    assert os.WTERMSIG(ended) == signal.SIGKILL
    assert [debt.tags for debt in DebtsFolder(tmp_path).claim()] == [("wedding:a",)]
    os.close(writing)
    os.close(reading)


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
        assert os.WTERMSIG(in_child(owe)[0]) == signal.SIGKILL
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
