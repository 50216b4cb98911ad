"""When memory stops answering by itself: at the end of freshness, or before it for a refresh ahead. Pure."""

from __future__ import annotations

import math

from controlplane.cache.options import Policy

_SMALLEST = 1e-9


def answers_until(policy: Policy, *, started: float, fresh: float, now: float, took: float, draw: float) -> float:
    """The monotonic second until which memory answers an entry's key without further thought.

    The first hit after it starts a refresh that nobody waits for (`refresh_ahead`), or looks into Redis again
    (`memory`); it is answered at once all the same. `took` is how long the load lasted, `draw` a random number in
    [0, 1): the refresh comes within `refresh_ahead` of the end, at an instant that each process draws for itself, and
    earlier where loads are slow, so that processes neither refresh together nor too late (XFetch: Vattani, Chierichetti
    and Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015, http://www.vldb.org/pvldb/vol8/p886-vattani.pdf).
    """
    end = started + fresh
    if policy.refresh_ahead is not None:
        ahead = policy.refresh_ahead * (1.0 - draw / 2) + took * -math.log(max(1.0 - draw, _SMALLEST))
        end -= min(ahead, fresh / 2)
    return min(end, now + policy.memory)


def jittered(fresh: float, jitter: float, draw: float) -> float:
    """`fresh`, shortened by up to its share `jitter`, so that what was loaded together does not end together."""
    return fresh * (1.0 - jitter * draw)
