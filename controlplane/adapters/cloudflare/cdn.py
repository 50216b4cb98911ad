"""Cloudflare's cache behind `Cdn`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from controlplane.adapters.cloudflare.client import CloudflareApi
from controlplane.ports.cdn import PurgeHandle

TAGS_A_REQUEST = 100


class CloudflareCdn:
    """Purges one zone by tag; a purge is done when Cloudflare has accepted it (its pages: within 150 ms worldwide)."""

    edge = "cloudflare"

    def __init__(self, api: CloudflareApi, zone_id: str) -> None:
        self._api = api
        self._zone = zone_id

    def purge(self, tags: Sequence[str], *, soft: bool, reference: str) -> PurgeHandle:
        """See `Cdn.purge`; soft is `invalidate_cache`, which marks stale instead of deleting."""
        for start in range(0, len(tags), TAGS_A_REQUEST):
            self._purge(list(tags[start : start + TAGS_A_REQUEST]), soft, reference)
        return PurgeHandle(self.edge, ())

    def is_complete(self, handle: PurgeHandle) -> bool:
        """See `Cdn.is_complete`."""
        return True

    def _purge(self, tags: list[str], soft: bool, reference: str) -> None:
        def ask(client: Any) -> object:
            verb = client.cache.invalidate if soft else client.cache.purge
            return verb(zone_id=self._zone, tags=tags)

        self._api.call(f"purge {reference}", ask)
