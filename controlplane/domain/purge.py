"""A purge as it travels: asked for once, carried to every region's log and to both CDNs, confirmed by each."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from controlplane.domain.purge_log import Kind

REQUESTS = "purges/"
RECEIPTS = "purge-receipts/"


class PurgeRequest(BaseModel):
    """An object of the shared store that each region's agent applies once, `wedcache.purge/1`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["wedcache.purge/1"] = Field("wedcache.purge/1", alias="schema")
    id: str
    tags: tuple[str, ...]
    kind: Kind
    by: str
    at: str

    def to_json(self) -> str:
        """The stored form."""
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, text: str) -> PurgeRequest:
        """Read the stored form. Raises pydantic.ValidationError."""
        return cls.model_validate_json(text)


def request_key(identity: str) -> str:
    """Where a request lies."""
    return f"{REQUESTS}{identity}"


def receipt_key(identity: str, region: str) -> str:
    """Where a region's confirmation lies."""
    return f"{RECEIPTS}{identity}/{region}"
