"""G3: sight is counted from when a heartbeat was sent, not from when its answer came."""

from __future__ import annotations

from controlplane.cache.testing import FakePurgeLog, FakeRegion
from controlplane.domain.purge_log import Beat, Position
from tests.cache.scene import Source, in_loop, until


class TakesItsTime(FakePurgeLog):
    """A log that answers the next heartbeat `delay` seconds after it was sent, with what it knew then."""

    delay = 0.0
    sent_at = 0.0

    async def beat(self, member: str, applied: Position | None, *, keep: float = 0.0) -> Beat:
        answer = await super().beat(member, applied, keep=keep)
        if self.delay:
            self.sent_at = self.clock.monotonic()
            self.clock.pass_by(self.delay)
            self.delay, self.is_cut = 0.0, True
        return answer


@in_loop
async def test_a_late_answer_gives_less_sight() -> None:
    """One that took 1.5 s makes memory trustworthy for half a second more; what was purged since was not in it."""
    region = FakeRegion()
    log = region.log = TakesItsTime(region.clock)
    async with region.cache() as cache:
        await cache.get_or_load("k", Source())
        log.delay = 1.5
        await until(lambda: log.is_cut)
        await until(lambda: cache._follower.blind_at == log.sent_at + 2.0)
        assert cache.peek("k") == "v0"
        region.clock.pass_by(0.6)
        assert cache.peek("k") is None
        log.is_cut = False
