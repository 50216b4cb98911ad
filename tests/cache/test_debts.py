"""G14: a purge that the log cannot take is on disk before it returns and is delivered by whoever is left."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from controlplane.adapters.system import debts as debts_module
from controlplane.adapters.system.debts import DebtsFolder
from controlplane.cache import debts as owing_module
from controlplane.cache.barriers import Barriers
from controlplane.cache.debts import Owing
from controlplane.cache.stats import Stats
from controlplane.domain.purge_log import Kind, Purge
from tests.cache.fakes import FakeClock, FakePurgeLog

AT_ONCE = 8
TRACED = {debts_module.__file__, owing_module.__file__}


def owing(folder: Path, log: FakePurgeLog) -> Owing:
    """The purging side of a process."""
    return Owing(log, DebtsFolder(folder), Barriers(), FakeClock(), Stats())


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


def begun(work: Callable[[int], None], line: int = 0) -> tuple[int, int]:
    """Run `work` in a forked process, killed at line `line`: the process, and where it tells."""
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
    return child, reading


def ended(child: int, reading: int) -> tuple[int, list[str]]:
    """How it ended, and what it told."""
    with os.fdopen(reading) as pipe:
        told = pipe.read().split("\n")
    return os.waitpid(child, 0)[1], [one for one in told if one]


def in_child(work: Callable[[int], None]) -> int:
    """Run `work` in a forked process; how that ended."""
    return ended(*begun(work))[0]


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
    killed, line, results = 0, 0, [0]
    while all(os.WIFSIGNALED(how) for how in results) or not killed:
        lines = range(line + 1, line + 1 + AT_ONCE)
        children = [begun(partial(a_life, tmp_path / str(one)), one) for one in lines]
        results = []
        for line, child in zip(lines, children, strict=True):
            how, told = ended(*child)
            results.append(how)
            killed += os.WIFSIGNALED(how) and os.WTERMSIG(how) == signal.SIGKILL
            owed = {one[5:] for one in told if one.startswith("owed ")}
            took = {one[5:] for one in told if one.startswith("took ")}
            found = {tag for debt in DebtsFolder(tmp_path / str(line)).claim() for tag in debt.tags}
            assert owed <= took | found, f"lost at line {line}"
    assert killed > 60, "the kills must have fired"
    assert (owed, found) == ({"wedding:w0", "wedding:w1", "wedding:w2"}, set()), "the last one lived to its end"


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

    assert os.WTERMSIG(in_child(parent)) == signal.SIGKILL
    assert [debt.tags for debt in DebtsFolder(tmp_path).claim()] == [("wedding:a",)]
    os.close(writing)
    os.close(reading)
