"""An owner's update as it travels: told by the application that took it, carried to every city of both CDNs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from controlplane.domain.tags import CacheTag
from controlplane.errors import BadInput

UPDATES = "updates/"
RECEIPTS = "update-receipts/"
MOST_TAGS = 20
MOST_A_MINUTE = 10


class ContentUpdate(BaseModel):
    """What owners changed of one wedding, `wedcache.update/1`.

    The regions' caches hold the new values already: their loads began at `born` (the purge log's time, unix seconds) or
    later, and a copy that began before is old. `tags` are what the changed pages carry.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["wedcache.update/1"] = Field("wedcache.update/1", alias="schema")
    id: str
    wedding: str
    tags: tuple[str, ...]
    born: float
    by: str

    def to_json(self) -> str:
        """The stored form."""
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, text: str) -> ContentUpdate:
        """Read the stored form. Raises pydantic.ValidationError."""
        return cls.model_validate_json(text)

    def check(self) -> None:
        """Raise BadInput unless it is an owner's: some tags, `MOST_TAGS` at most, all of the own wedding."""
        if not 0 < len(self.tags) <= MOST_TAGS:
            raise BadInput(f"update {self.id} has {len(self.tags)} tags; an owner's update has 1 to {MOST_TAGS}")
        foreign = [tag for tag in self.tags if not is_of(self.wedding, CacheTag(tag))]
        if foreign:
            raise BadInput(
                f"update {self.id} of {self.wedding} names {', '.join(foreign)}, not its own; nothing was done",
                next_step=f"an owner's tags are wedding:{self.wedding} and <kind>:{self.wedding}.<what>",
            )


@dataclass(frozen=True)
class Carried:
    """What became of an update: its pages (host, path), and the seconds after which each POP gave all of them."""

    pages: tuple[tuple[str, str], ...]
    seen: dict[str, float]


def is_of(wedding: str, tag: CacheTag) -> bool:
    """Whether a tag is one wedding's alone: `wedding:ID` or `<kind>:ID.<what>`."""
    return tag == f"wedding:{wedding}" or tag.ident.startswith(f"{wedding}.")


def together(updates: Sequence[ContentUpdate]) -> list[tuple[ContentUpdate, ...]]:
    """Updates that are carried as one: those of a wedding, oldest first, as many as share `MOST_TAGS` tags."""
    found: list[tuple[ContentUpdate, ...]] = []
    for update in sorted(updates, key=lambda one: (one.wedding, one.born, one.id)):
        last = found[-1] if found else ()
        tags = {tag for one in (*last, update) for tag in one.tags}
        if last and last[-1].wedding == update.wedding and len(tags) <= MOST_TAGS:
            found[-1] = (*last, update)
        else:
            found.append((update,))
    return found


def update_key(identity: str) -> str:
    """Where an update lies in the shared store."""
    return f"{UPDATES}{identity}"


def receipt_key(identity: str) -> str:
    """Where it lies that an update was carried."""
    return f"{RECEIPTS}{identity}"
