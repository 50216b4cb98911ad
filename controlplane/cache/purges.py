"""The purge verbs: expire, remove and clear, with receipts."""

from __future__ import annotations

from collections.abc import Iterable

from controlplane.cache.parts import Parts
from controlplane.cache.receipt import Receipt
from controlplane.domain.purge_log import Kind, Purge
from controlplane.domain.tags import CacheTag, is_only_erasable, key_tag, namespace_tag
from controlplane.ports.purge_log import PurgeLog


class Purges:
    """The purges that the application of one process asks for."""

    def __init__(self, parts: Parts, log: PurgeLog) -> None:
        self._settings = parts.settings
        self._clock = parts.clock
        self._follower = parts.follower
        self._shared = parts.shared
        self._log = log

    async def expire(self, keys: Iterable[str], tags: Iterable[str]) -> Purge:
        """Soft. Raises Unavailable, BadInput."""
        return await self._append(self._wanted(keys, tags), Kind.SOFT)

    async def remove(self, keys: Iterable[str], tags: Iterable[str]) -> Receipt:
        """Hard. Raises as `expire` does."""
        named, tagged = tuple(keys), tuple(tags)
        purge = await self._append(self._wanted(named, tagged), Kind.HARD)
        if self._shared is not None and named and not purge.owed:
            await self._shared.bury(named, purge.position)
        return self._receipt(purge, only_erasable=not named and is_only_erasable(tagged))

    async def clear(self, kind: Kind) -> Receipt:
        """Everything of this namespace, in every process and tier of the region."""
        return self._receipt(await self._append((namespace_tag(self._settings.namespace),), kind), only_erasable=False)

    def _wanted(self, keys: Iterable[str], tags: Iterable[str]) -> tuple[str, ...]:
        """Tags, checked, and keys as tags."""
        return (*(CacheTag(tag) for tag in tags), *(key_tag(self._settings.namespace, key) for key in keys))

    async def _append(self, wanted: tuple[str, ...], kind: Kind) -> Purge:
        """Append, or owe, and act here before anybody else hears of it."""
        return await self._follower.owing.purge(wanted, kind)

    def _receipt(self, purge: Purge, *, only_erasable: bool) -> Receipt:
        """With the time that blindness may last: shorter where only erasable entries are concerned."""
        blind_max = self._settings.blind_max_erasable if only_erasable else self._settings.blind_max
        return Receipt(purge, self._log, self._clock, blind_max, self._follower.placed)
