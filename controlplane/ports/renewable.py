"""Renewal: an adapter that can be made once more, for another process or another event loop."""

from __future__ import annotations

from typing import Protocol, Self, runtime_checkable


@runtime_checkable
class Renewable(Protocol):
    """An adapter whose connections belong to one process and one event loop."""

    def renewed(self) -> Self:
        """The same adapter with connections of its own, none of them open yet. Touches nothing of this one's."""
        ...
