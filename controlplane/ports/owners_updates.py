"""Owners' updates that a region's applications have told of and nobody has taken over yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class OwnersUpdates(Protocol):
    """A region's list of updates, by id. Every method raises Unavailable where the region's Redis does not answer."""

    async def tell(self, identity: str, text: str) -> None:
        """Add one (`ContentUpdate.to_json`). Idempotent: the same id once more changes nothing else."""
        ...

    async def waiting(self) -> Mapping[str, str]:
        """All that is there: id -> text."""
        ...

    async def taken(self, identity: str) -> None:
        """Forget one, because it lies elsewhere now. Idempotent."""
        ...
