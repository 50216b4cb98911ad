"""The stack's configuration, read once into frozen models. The only reader of pulumi.Config.

Pulumi accepts a misspelt key without a word; here an unknown key is refused with the nearest known one.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import pulumi
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from controlplane.domain.break_glass_people import read_signers
from controlplane.domain.inventory import Writers, clock_allowed
from controlplane.domain.slots import SLOT

Settings = TypeVar("Settings", bound=BaseModel)
RegionName = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]


def _once_each(regions: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({region for region in regions if regions.count(region) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} stands there twice; each region once")
    return regions


def _signers_readable(lines: tuple[str, ...]) -> tuple[str, ...]:
    read_signers(lines)  # a break-glass that cannot be verified is found here, not on a Saturday
    return lines


Regions = Annotated[tuple[RegionName, ...], AfterValidator(_once_each)]


class SettingsError(pulumi.RunError):
    """The stack's configuration cannot be used; nothing was declared. Pulumi shows the message without a traceback."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreSettings(_Frozen):
    """The shared store: three buckets named `<prefix>-<region>`."""

    prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,40}$")]
    regions: Annotated[Regions, Field(min_length=3, max_length=3)]


class CloudflareSettings(_Frozen):
    """The Cloudflare account and what its plan allows (monitors: 15 s and more off Enterprise)."""

    account: str
    plan: Literal["free", "pro", "business", "enterprise"] = "business"
    monitor_seconds: Annotated[int, Field(ge=10, le=3600)] = 15

    @model_validator(mode="after")
    def _plan_holds_the_interval(self) -> CloudflareSettings:
        if self.plan != "enterprise" and self.monitor_seconds < 15:
            raise ValueError(f"monitor_seconds {self.monitor_seconds}: the plan {self.plan} allows 15 and more")
        return self


class RegionalCacheSettings(_Frozen):
    """The regional caches' size and transport."""

    node_type: Annotated[str, Field(pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$")]
    transit_encryption: bool = True


class CiTokenSettings(_Frozen):
    """CI's write token at Cloudflare and the slot that it lives for, as `wedcache freeze slots` prints it.

    The permissions are ids of Cloudflare's permission groups (`GET /user/tokens/permission_groups`): on the zone, and
    on the account.
    """

    not_before: AwareDatetime
    expires_on: AwareDatetime
    zone_permissions: Annotated[tuple[str, ...], Field(min_length=1)]
    account_permissions: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_slot(self) -> CiTokenSettings:
        if not timedelta(0) < self.expires_on - self.not_before <= SLOT:
            raise ValueError(f"a token lives for one slot, {SLOT // timedelta(hours=1)} hours at most")
        return self


class Surroundings(_Frozen):
    """Where the stack runs, when that is not a cloud: passed on to the inventory, whose model says what is allowed."""

    kind: Literal["cloud", "sandbox"] = "cloud"
    clock: str | None = None
    ca: str | None = None
    pops: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _a_clock_only_in_a_sandbox(self) -> Surroundings:
        clock_allowed(self.kind, self.clock)  # before anything is declared, and before the freeze asks that clock
        return self


class PlatformSettings(_Frozen):
    """Everything that `Pulumi.<stack>.yaml` of the project `wedcache` may say."""

    calendar: Path
    zone: Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$")]
    home: RegionName
    regions: Annotated[Regions, Field(min_length=2, max_length=13)]
    store: StoreSettings
    cloudflare: CloudflareSettings
    regional_cache: RegionalCacheSettings
    certificate: Annotated[str, Field(pattern=r"^arn:aws:acm:us-east-1:\d{12}:certificate/.+$")]
    deletion_protection: bool = True
    warm_pops: tuple[str, ...] = ()
    cells: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")], ...] = ()
    allowed_signers: Annotated[tuple[str, ...], AfterValidator(_signers_readable)] = ()
    frozen_roles: tuple[Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,64}$")], ...] = ()
    writers: Writers = Writers()
    ci_token: CiTokenSettings | None = None
    surroundings: Surroundings = Surroundings()

    @model_validator(mode="after")
    def _home_is_a_region(self) -> PlatformSettings:
        if self.home not in self.regions:
            raise ValueError(f"home {self.home} is none of the regions {', '.join(self.regions)}")
        return self


class WeddingSettings(_Frozen):
    """Everything that a stack of the project `wedcache-weddings` may say. The stack's name is the wedding's id."""

    catalogue: Path
    calendar: Path
    inventory: Path
    deletion_protection: bool = True
    price_class: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"] = "PriceClass_All"


def read_platform() -> PlatformSettings:
    """The platform stack's settings. Raises SettingsError with the key and what is right."""
    return _read(PlatformSettings)


def read_wedding() -> WeddingSettings:
    """A wedding stack's settings. Raises SettingsError with the key and what is right."""
    return _read(WeddingSettings)


def _read(model: type[Settings]) -> Settings:
    try:
        return model.model_validate(_given(pulumi.get_project()))
    except ValidationError as error:
        raise SettingsError(f"Pulumi.{pulumi.get_stack()}.yaml: {_said(model, error)}") from error


def _said(model: type[BaseModel], error: ValidationError) -> str:
    """The first fault in words: a misspelt key before what is missing because of it."""
    faults = error.errors()
    first = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    place, key = _place(first["loc"]), f"{pulumi.get_project()}:{_place(first['loc'])}"
    if first["type"] == "extra_forbidden":
        return f"unknown key {key}{_hint(model, first['loc'])}"
    return (
        f"{key}{': ' if place else ''}{first['msg']}. Nothing was declared; mend it with "
        f"`pulumi config set --path {place or 'KEY'} VALUE`"
    )


def _hint(model: type[BaseModel], steps: Sequence[str | int]) -> str:
    """The known key that is nearest to the unknown one at the end of `steps`, or all that are known there."""
    for step in steps[:-1]:
        inner = model.model_fields[str(step)].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return ""
        model = inner
    near = difflib.get_close_matches(str(steps[-1]), model.model_fields, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(sorted(model.model_fields))}"


def _place(steps: Sequence[str | int]) -> str:
    """`('store', 'regions', 0)` -> `store.regions[0]`, as `pulumi config set --path` takes it."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _given(project: str) -> dict[str, Any]:
    """What the stack's file says for this project; structured values arrive as JSON text."""
    prefix = f"{project}:"
    config = pulumi.runtime.config.CONFIG.get()
    return {key[len(prefix) :]: _value(text) for key, text in config.items() if key.startswith(prefix)}


def _value(text: str) -> Any:
    if text.startswith(("[", "{")) or text in ("true", "false"):
        try:
            return json.loads(text)
        except ValueError:
            return text  # a text after all; the model says what it should be
    return text
