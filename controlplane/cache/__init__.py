"""The cache client that the platform's services import: memory, then Redis, then the loader, in one call.

    async with Cache(second=RedisTier(url), log=RedisPurgeLog(url), clock=SystemClock()) as cache:
        guests = await cache.get_or_load("guests:7", load, tier=Tier.HIGH, tags=[wedding("como")])

        @cache.cached("guests:{wedding}:{page}", tags=["wedding:{wedding}"])
        async def guests_of(wedding: str, page: int = 1) -> list[Guest]: ...

What it promises (G1-G17), its options and recipes: `docs/cache.md`; each promise has a check in `tests/cache`.
"""

from controlplane.cache.client import Cache
from controlplane.cache.decorate import key_of
from controlplane.cache.entry import Read, Reason, Status
from controlplane.cache.load import Load
from controlplane.cache.many import Many
from controlplane.cache.mode import TagWindow, WindowTable
from controlplane.cache.options import Options
from controlplane.cache.receipt import Receipt
from controlplane.cache.settings import Settings

__all__ = [
    "Cache",
    "Load",
    "Many",
    "Options",
    "Read",
    "Reason",
    "Receipt",
    "Settings",
    "Status",
    "TagWindow",
    "WindowTable",
    "key_of",
]
