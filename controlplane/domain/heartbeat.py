"""What a region agent last said of itself and of what it sees: an object in the shared store."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from controlplane.domain.health import Health

PREFIX = "agents/"


def heartbeat_key(region: str) -> str:
    """Where an agent's heartbeat lies."""
    return f"{PREFIX}{region}"


class Heartbeat(BaseModel):
    """`wedcache.heartbeat/1`. `beat` grows by about one a second while the agent lives, also over restarts.

    `at` is the agent's calendar; `trouble` maps a duty that fails now to its last error. `late`: region -> seconds
    after which its health path answered, too late for a probe. `down_since`, `cache_silent_since`: when this agent
    noticed. `edges`: CDN -> whether its POPs answer this agent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["wedcache.heartbeat/1"] = Field("wedcache.heartbeat/1", alias="schema")
    region: str
    beat: int
    at: str
    calendar_epoch: int
    roles_epoch: int
    cache_answers: bool
    edge_lease: bool
    views: dict[str, Health]
    trouble: dict[str, str] = Field(default_factory=dict)
    late: dict[str, float] = Field(default_factory=dict)
    down_since: dict[str, datetime] = Field(default_factory=dict)
    cache_silent_since: datetime | None = None
    edges: dict[str, Health] = Field(default_factory=dict)

    def moved_since(self, before: Heartbeat | None) -> bool:
        """Whether the agent has beaten since `before`, so that its views are of now; None shows nothing."""
        return before is not None and self.beat > before.beat

    def to_json(self) -> str:
        """The stored form."""
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, text: str) -> Heartbeat:
        """Read the stored form. Raises pydantic.ValidationError."""
        return cls.model_validate_json(text)
