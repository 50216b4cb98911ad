"""The cache client that the platform's services import: memory, then Redis, then the loader, in one call.

    async with Cache(Settings(), second=RedisTier(url), log=RedisPurgeLog(url), clock=clock, windows=windows) as cache:
        guests = await cache.get_or_load("guests:7", load, tier=Tier.HIGH, tags=[wedding("como")])

What it promises, each with a check in `tests/cache`: order without clocks (an entry is valid only if no barrier of its
tags is later than what its filler had applied when its load began); a purge acts at once here and within a second in
every connected process; a process that cannot hear the log gives no hit from memory; soft and hard purges; receipts
with completion; a load begun before a purge is never kept; late fills never revive what was removed; a lost or trimmed
log makes what was cached doubtful, never valid; stale only for a listed reason; one load per key and process; a failing
Redis, log or calendar neither raises nor delays a read beyond the second tier's time limit; entries that are alive when
a freeze window begins live through it.

Not promised yet: purges owed on disk while the log is down (`expire` and `remove` raise Unavailable then), forgetting
barriers (they are kept for good), refusing a server whose eviction policy is `allkeys-*`, replaying removals from the
ledger into a log that began anew (their receipts say so), one load across processes, settling time for lagging
database replicas, isolation of values that callers change, compression, the CDN as a tier, several event loops or
threads, Redis Cluster (values of one tick share a command), scan resistance in memory.
"""

from controlplane.cache.client import Cache
from controlplane.cache.entry import Read, Reason, Status
from controlplane.cache.load import Load
from controlplane.cache.mode import TagWindow, WindowTable
from controlplane.cache.receipt import Receipt
from controlplane.cache.settings import Settings

__all__ = ["Cache", "Load", "Read", "Reason", "Receipt", "Settings", "Status", "TagWindow", "WindowTable"]
