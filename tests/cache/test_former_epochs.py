"""G9: what a former epoch cached stays doubtful, and is not thrown away, while somebody remembers what was removed."""

from __future__ import annotations

from controlplane.cache.barriers import Barriers, Standing
from controlplane.domain.purge_log import Barrier, Position


def test_forgetting_barriers_is_no_flush() -> None:
    """Sweeping out old barriers leaves a former epoch alone until all that it cached has outlived its life; what it had
    removed stays removed."""
    barriers = Barriers()
    barriers.adopt(Position("e", 5), 0, [Barrier("wedding:gone", 0, 5)], now=10.0)
    barriers.adopt(Position("f", 0), 0, (), now=100.0)

    def standings() -> list[Standing]:
        return [barriers.standing((tag,), Position("e", 4)) for tag in ("wedding:a", "wedding:gone")]

    assert standings() == [Standing.LOST, Standing.HARD]
    for before in (0.0, 50.0, 99.0):
        barriers.forget(before)
        assert standings() == [Standing.LOST, Standing.HARD]
    barriers.forget(101.0)
    assert standings() == [Standing.HARD, Standing.HARD]
