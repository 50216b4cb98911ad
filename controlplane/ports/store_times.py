"""Time as the shared store's buckets tell it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from controlplane.domain.break_glass_times import Stamp


class StoreTimes(Protocol):
    """The clocks of the three buckets, which belong to nobody who asks for a grant."""

    def stamps(self, key: str) -> Sequence[Stamp]:
        """Each answering bucket's time, and when it stored the plain object `key`; two at least. At most 4 s.

        Raises `Unavailable` when fewer than two buckets answered.
        """
        ...
