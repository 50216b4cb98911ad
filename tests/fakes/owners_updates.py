"""A region's list of owners' updates in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class FakeOwnersUpdates:
    """`OwnersUpdates` in a dict."""

    held: dict[str, str] = field(default_factory=dict)

    async def tell(self, identity: str, text: str) -> None:
        self.held[identity] = text

    async def waiting(self) -> Mapping[str, str]:
        return dict(self.held)

    async def taken(self, identity: str) -> None:
        self.held.pop(identity, None)
