"""G14: an owed purge is on the disk, with its folder, before the call returns; fills wait for what the log has not."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from controlplane.adapters.system.debts import DebtsFolder
from controlplane.cache.testing import FakePurgeLog, FakeRegion
from controlplane.domain.keys import in_namespace
from controlplane.domain.purge_log import Barrier, Kind, Position
from controlplane.errors import Unavailable
from tests.cache.scene import Source, in_loop, until


def test_the_line_and_the_files_name_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """fsync sees the whole line of each debt; the folder is synced once, when the file is new (the kernel's own cache
    survives a kill, so only this shows that a power cut would not lose it)."""
    sync, seen = os.fsync, []

    def watched(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        seen.append("folder" if is_folder else Path(f"/proc/self/fd/{descriptor}").read_text())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    debts = DebtsFolder(tmp_path / "owed")
    first = debts.owe(Kind.HARD, ["wedding:a"])
    assert [text if text == "folder" else first.ident in text for text in seen] == ["folder", True]
    second = debts.owe(Kind.SOFT, ["wedding:b"])
    assert len(seen) == 3
    assert second.ident in seen[-1]
    debts.close()


class RestoresLater(FakePurgeLog):
    """A log that takes no removals back while `refuses`."""

    refuses = True
    asked = 0

    async def restore(self, epoch: str, removed: Sequence[Barrier]) -> Position:
        self.asked += 1
        if self.refuses:
            raise Unavailable("not now")
        return await super().restore(epoch, removed)


@in_loop
async def test_nothing_is_filled_while_removals_are_on_their_way_back() -> None:
    """After a lost log no value goes to Redis before the removals that this process knows are in the new one."""
    region = FakeRegion()
    log = region.log = RestoresLater(region.clock)
    async with region.cache() as cache:
        await cache.remove(tags=["wedding:lost"])
        log.restart_empty()
        await until(lambda: log.asked >= 2)
        await cache.get_or_load("k", Source())
        shared = cache._engine.shared
        assert shared is not None
        await shared.filled()
        assert in_namespace("main", "k") not in region.tier.values
        assert cache.stats.fills_dropped == 1
        log.refuses = False
        await until(lambda: "wedding:lost" in log.known)
        await until(lambda: cache.sees_log and not cache._engine.follower.holds_fills)
        await cache.get_or_load("other", Source())
        await until(lambda: in_namespace("main", "other") in region.tier.values)
