"""What one cache is made of, and the terms of one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from controlplane.cache.barriers import Barriers
from controlplane.cache.coding import Coding
from controlplane.cache.follow import Follower
from controlplane.cache.hooks import Hooks
from controlplane.cache.memory import Memory
from controlplane.cache.options import Policy
from controlplane.cache.settings import Settings
from controlplane.cache.shared import SharedTier
from controlplane.cache.stats import Stats
from controlplane.domain.tags import is_erasable
from controlplane.errors import BadInput
from controlplane.ports.clock import Clock
from controlplane.ports.edge_reader import answers_edge
from controlplane.ports.spans import Spans
from controlplane.ports.windows import Windows


@dataclass(frozen=True, slots=True)
class Terms:
    """How one call wants its key cached: its policy, its tags (its own and all), the value's type."""

    policy: Policy
    own_tags: tuple[str, ...]
    tags: tuple[str, ...]
    as_type: type[Any] | None

    def __post_init__(self) -> None:
        if self.policy.public and is_erasable(self.tags):
            raise BadInput("a value that names a guest is never public; nothing was read or stored")

    def flight_name(self, key: str, *, edge: bool) -> str:
        """Under which name callers share a load: those that skip a tier share with their like only.

        `edge`: loads read the edge, and so must not be waited for by whom the edge waits for.
        """
        if edge and self.policy.public and answers_edge.get():
            return f"{key}\0edge"
        skip = self.policy.skip
        return key if not skip else f"{key}\0{','.join(sorted(skip))}"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the read path works with. `draw` gives random numbers in [0, 1)."""

    settings: Settings
    clock: Clock
    memory: Memory
    barriers: Barriers
    follower: Follower
    shared: SharedTier | None
    windows: Windows | None
    stats: Stats
    coding: Coding
    hooks: Hooks
    spans: Spans | None
    draw: Callable[[], float]
