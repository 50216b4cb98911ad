"""Whether a region's Redis may be used at all: the question of `doctor`, asked by the region's agent."""

from __future__ import annotations

from controlplane.adapters.redis.address import parse
from controlplane.adapters.redis.cluster import ClusterLane
from controlplane.adapters.redis.lane import Lane
from controlplane.errors import Unavailable


async def examine(url: str, *, limit: float = 1.0) -> None:
    """Connect as the cache does, to every node, for at most `limit` seconds each, and look at the eviction policy.

    Raises Refused for a server that may evict the purge log, Unavailable where one does not answer or let us in;
    neither shows a secret. Nothing is changed.
    """
    place = parse(url)
    lane = (ClusterLane if place.is_cluster else Lane)(place, timeout=limit, connect_timeout=limit)
    try:
        await lane.open()
        if lane.refusal is not None:
            raise lane.refusal
        if not lane.is_open:
            raise Unavailable(
                f"the Redis at {place.shown} cannot be used: {lane.trouble}",
                next_step="Check the region's Redis, its user and its rights; the same call may be repeated.",
            )
    finally:
        await lane.aclose()
