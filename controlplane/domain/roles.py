"""Which region is home and which are down: the region roles, fenced by an epoch that only grows."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ROLES_KEY = "roles"
"""Register of the shared store that holds the roles."""


class Roles(BaseModel):
    """`wedcache.roles/1`. A lower epoch is refused by everyone who has seen a higher one."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["wedcache.roles/1"] = Field("wedcache.roles/1", alias="schema")
    epoch: int = Field(ge=1)
    home: str
    down: tuple[str, ...] = ()
    drained: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The stored form."""
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, text: str) -> Roles:
        """Read the stored form. Raises pydantic.ValidationError."""
        return cls.model_validate_json(text)

    def document(self, region: str) -> dict[str, object]:
        """What `region`'s Redis is told: epoch, home, the regions that are down, whether it is drained itself."""
        return {"epoch": self.epoch, "home": self.home, "down": list(self.down), "drain": region in self.drained}


def current(text: str | None, home: str) -> Roles:
    """The roles as stored; before anything was stored, the inventory's home with epoch 1."""
    return Roles(epoch=1, home=home) if text is None else Roles.from_json(text)


def without(before: Roles, lost: str, target: str, epoch: int) -> Roles:
    """The roles after a failover from `lost` to `target`: fenced, drained, marked down, beside those before."""
    return Roles(
        epoch=epoch, home=target, down=_with(before.down, lost, target), drained=_with(before.drained, lost, target)
    )


def returned(before: Roles, region: str, home: str, epoch: int) -> Roles:
    """The roles after `region` came back: it is neither down nor drained, `home` is home; others stay as they were."""
    return Roles(
        epoch=epoch,
        home=home,
        down=tuple(one for one in before.down if one != region),
        drained=tuple(one for one in before.drained if one != region),
    )


def _with(regions: tuple[str, ...], more: str, less: str) -> tuple[str, ...]:
    return tuple(region for region in dict.fromkeys((*regions, more)) if region != less)
