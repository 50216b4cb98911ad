"""Refuses servers that may evict what has no TTL: the purge log, its barriers, the calendar.

`allkeys-*` throws any key out when memory is full (measured: 6 MB into 4 MB, the log and the tombstones went first);
`volatile-*` only keys with a TTL, which are the values. The policy is read from `INFO memory`, because ElastiCache
forbids CONFIG: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/SupportedCommands.html
"""

from __future__ import annotations

import re

from controlplane.errors import Refused

_POLICY = re.compile(rb"^maxmemory_policy:([a-z-]+)", re.MULTILINE)


def policy_of(info: bytes) -> str:
    """The `maxmemory_policy` in an answer to INFO; "" where there is none."""
    found = _POLICY.search(info)
    return found[1].decode() if found else ""


def verdict(info: bytes, where: str) -> Refused | None:
    """Why the server `where` (an address without secrets) with this `INFO memory` must not be used, or None."""
    policy = policy_of(info)
    if policy and not policy.startswith("allkeys"):
        return None
    said = f"evicts by {policy!r}" if policy else "does not say by which policy it evicts"
    return Refused(
        f"the Redis at {where} {said}: a full memory could throw out the purge log and its barriers, and removed"
        " values would come back; it is not used, nothing was changed",
        next_step="Set maxmemory-policy to volatile-lru (or another volatile-*, or noeviction): in ElastiCache in the"
        " parameter group, elsewhere by CONFIG SET. A running client then connects by itself.",
    )
