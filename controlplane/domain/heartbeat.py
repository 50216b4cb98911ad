"""What a region agent last said of itself and of what it sees: an object in the shared store."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from controlplane.domain.health import Health

PREFIX = "agents/"


def heartbeat_key(region: str) -> str:
    """Where an agent's heartbeat lies."""
    return f"{PREFIX}{region}"


class Heartbeat(BaseModel):
    """`wedcache.heartbeat/1`. `beat` grows by one a second while the agent lives; `at` is the agent's calendar."""

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

    def to_json(self) -> str:
        """The stored form."""
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, text: str) -> Heartbeat:
        """Read the stored form. Raises pydantic.ValidationError."""
        return cls.model_validate_json(text)
