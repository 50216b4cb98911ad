"""G13: a purge log that answers nonsense blinds a process for as long as it does so, and no longer."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from controlplane.cache import Reason
from controlplane.cache.testing import FakePurgeLog, FakeRegion
from controlplane.domain.purge_log import Beat, Position, Purge
from tests.cache.scene import Source, in_loop, until


class Garbled(FakePurgeLog):
    """A log whose answers cannot be understood while `nonsense` names the call."""

    nonsense = ""
    answered = 0

    async def beat(self, member: str, applied: Position | None, *, keep: float = 0.0) -> Beat:
        return await super().beat(member, applied, keep=self._keep("beat", keep))

    async def listen(self, after: Position, wait: float) -> Sequence[Purge]:
        return await super().listen(after, self._keep("listen", wait))

    def _keep(self, call: str, value: float) -> float:
        if self.nonsense == call:
            self.answered += 1
            raise ValueError("nonsense")
        return value


@pytest.mark.parametrize("call", ["beat", "listen"])
@in_loop
async def test_reads_go_on_and_sight_comes_back(call: str, caplog: pytest.LogCaptureFixture) -> None:
    """While the log answers nonsense reads are answered, purges act here, and it is logged; then all is as before."""
    region, source = FakeRegion(), Source()
    log = region.log = Garbled(region.clock)
    async with region.cache() as cache:
        await cache.get_or_load("k", source)
        log.nonsense = call
        await until(lambda: log.answered >= 2)
        region.clock.pass_by(3)
        read = await cache.read("k", source)
        assert read.value == "v0"
        assert read.reason is (Reason.BLIND if call == "beat" else read.reason)
        await cache.remove("k")
        assert cache.peek("k") is None
        assert cache.stats.log_failures >= 2
        assert "could not be understood" in caplog.text
        log.nonsense = ""
        await until(lambda: cache.sees_log)
        assert await cache.get_or_load("k", source) == "v0"
        await until(lambda: cache.peek("k") == "v0")
