"""Tombstones of removals that were owed: once the log has taken them, their keys are replaced in the second tier.

A removal that the log took at once does so itself (`purges.Purges.remove`). A key of more than 512 characters is known
by its digest only and gets none; for it, as for every removal, the barrier holds.
"""

from __future__ import annotations

import asyncio

from controlplane.cache.shared import SharedTier
from controlplane.domain.purge_log import NOWHERE, Kind, Purge
from controlplane.domain.tags import key_of_tag

_TOGETHER = 256


class Tombstones:
    """Writes them behind, so that a tier that does not answer keeps nobody from hearing the log."""

    def __init__(self, shared: SharedTier, namespace: str) -> None:
        self._shared = shared
        self._namespace = namespace
        self._keys: list[str] = []
        self._at = NOWHERE
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    def delivered(self, purge: Purge) -> None:
        """The log has taken an owed purge. A removal's keys (of this cache's namespace) are buried as of it."""
        if purge.kind is not Kind.HARD or self._is_closed:
            return
        found = (key_of_tag(self._namespace, tag) for tag in purge.tags)
        self._keys.extend(key for key in found if key is not None)
        self._at = purge.position
        if self._keys and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._bury(), name="wedcache tombstones")

    async def aclose(self) -> None:
        """Let what waits be written: the tier's own time limit ends each attempt."""
        self._is_closed = True
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _bury(self) -> None:
        """Batch after batch. A later position than a key's own refuses no load that began after this."""
        while self._keys:
            batch, self._keys = self._keys[:_TOGETHER], self._keys[_TOGETHER:]
            await self._shared.bury(batch, self._at)
