"""Settling: what a lagging database replica may have answered just after a purge is not trusted for long."""

from __future__ import annotations


def settled(fresh: float, *, started: float, raised_at: float, source_lag: float) -> float:
    """For how many seconds an entry is fresh whose load began at monotonic second `started`.

    `raised_at` is when a barrier of its tags was last raised here, `source_lag` how far the loader's source may lag:
    a load that began sooner than that after the purge may have read what the purge was about.
    """
    return min(fresh, source_lag) if started - raised_at < source_lag else fresh
