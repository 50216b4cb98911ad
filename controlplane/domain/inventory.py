"""The inventory: what infra exported, and the only thing that the control plane knows of what exists.

The platform stack writes one `Inventory`, each wedding's stack one `WeddingEntry`, as objects in the shared store that
depend on every resource of their stack. Stack outputs are only a copy.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

PLATFORM_KEY = "inventory/platform.json"
"""Object key of the platform's inventory in each bucket of the shared store."""


_WRITER = r"^(aws|cloudflare):\S.*$"


def wedding_key(wedding: str) -> str:
    """Object key of one wedding's entry in each bucket of the shared store."""
    return f"inventory/weddings/{wedding}.json"


def clock_allowed(kind: str, clock: str | None) -> None:
    """Raise ValueError for a clock endpoint anywhere but in a sandbox."""
    if clock is not None and kind != "sandbox":
        raise ValueError("an inventory names a clock endpoint only with kind: sandbox; real time is not a setting")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class CacheEndpoint(_Frozen):
    """A regional cache: where its primary and its replica answer."""

    primary: str
    replica: str
    port: Annotated[int, Field(gt=0, lt=65536)]
    tls: bool = True

    @property
    def url(self) -> str:
        """The primary's, as Redis clients take it; it answers from inside its region's network only."""
        return f"{'rediss' if self.tls else 'redis'}://{self.primary}:{self.port}"


class RegionEntry(_Frozen):
    """One region: the public name of its origin, its health path, its regional cache."""

    name: str
    origin: str
    health_path: str = "/health"
    cache: CacheEndpoint


class StoreBucket(_Frozen):
    """One of the three buckets of the shared store."""

    bucket: str
    region: str


class SharedEdge(_Frozen):
    """One cell's multi-tenant distribution: its weddings are tenants, whose names lead to `endpoint`."""

    distribution_id: str
    connection_group_id: str
    endpoint: str


class CloudFrontEdge(_Frozen):
    """What weddings' stacks and the control plane need of CloudFront.

    `cache_policies` maps a tier (or `personal`, never cached) to its policy's id, `origin_request_policies` `reads` and
    `personal` to theirs; `pops` are the POPs that warming reaches, as in `x-amz-cf-pop`.
    """

    key_value_store_arn: str
    function_arn: str
    cache_policies: dict[str, str]
    origin_request_policies: dict[str, str]
    certificate_arn: str
    pops: tuple[str, ...]
    cells: dict[str, SharedEdge] = Field(default_factory=dict)


class CloudflareEdge(_Frozen):
    """What the control plane needs of Cloudflare. `pools` maps a region to its pool's id; the monitors ask every
    `monitor_seconds`; `switches` maps a cache switch's path below the zone to its value in an emergency."""

    account_id: str
    zone_id: str
    load_balancer_id: str
    monitor_id: str
    monitor_seconds: Annotated[int, Field(gt=0)] = 60
    pools: dict[str, str]
    pops: tuple[str, ...]
    switches: dict[Annotated[str, Field(pattern=r"^[a-z_]+/[a-z_]+$")], Literal["on", "off"]] = Field(
        default_factory=dict
    )


class PlatformHost(_Frozen):
    """A host of the platform itself and the CDN that serves it."""

    host: str
    edge: Literal["cloudfront", "cloudflare"]


class Writers(_Frozen):
    """Whose credentials change what exists, as `aws:ROLE`, `aws:USER` or `cloudflare:TOKEN`: the Pulumi programs', and
    those of operators and agents. A change by anybody else was made outside."""

    programs: tuple[Annotated[str, Field(pattern=_WRITER)], ...] = ()
    operators: tuple[Annotated[str, Field(pattern=_WRITER)], ...] = ()


class Inventory(_Frozen):
    """The platform stack's export, `wedcache.inventory/1`."""

    schema_: Literal["wedcache.inventory/1"] = Field("wedcache.inventory/1", alias="schema")
    kind: Literal["cloud", "sandbox"] = "cloud"
    zone: str
    home: str
    regions: tuple[RegionEntry, ...]
    store: Annotated[tuple[StoreBucket, ...], Field(min_length=3, max_length=3)]
    cloudfront: CloudFrontEdge
    cloudflare: CloudflareEdge
    hosts: tuple[PlatformHost, ...]
    allowed_signers: tuple[str, ...] = ()
    """Whose SSH signatures break glass: lines of `allowed_signers`, ssh-keygen(1)."""
    frozen_roles: tuple[str, ...] = ()
    """IAM roles of CI and of people, which a deny keeps from changes in platform-wide windows."""
    writers: Writers = Writers()
    clock: str | None = None
    ca: str | None = None

    @model_validator(mode="after")
    def _a_clock_only_in_a_sandbox(self) -> Inventory:
        clock_allowed(self.kind, self.clock)
        if self.home not in {region.name for region in self.regions}:
            raise ValueError(f"home {self.home!r} is none of the regions")
        return self

    def region(self, name: str) -> RegionEntry:
        """The region called `name`. Raises KeyError naming the known ones."""
        for region in self.regions:
            if region.name == name:
                return region
        raise KeyError(f"no region {name!r}; the inventory has {', '.join(r.name for r in self.regions)}")

    def to_json(self) -> str:
        """The exported form; `from_json` reads it back."""
        return self.model_dump_json(by_alias=True, indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> Inventory:
        """Read an exported inventory. Raises pydantic.ValidationError."""
        return cls.model_validate_json(text)

    @classmethod
    def from_mapping(cls, value: dict[str, Any]) -> Inventory:
        """Build an inventory from plain values, as infra does. Raises pydantic.ValidationError."""
        return cls.model_validate(value)


class WeddingEntry(_Frozen):
    """A wedding stack's export, `wedcache.inventory.wedding/1`. A tenant names itself and its cell's distribution."""

    schema_: Literal["wedcache.inventory.wedding/1"] = Field("wedcache.inventory.wedding/1", alias="schema")
    wedding: str
    hosts: tuple[str, ...]
    delivery: Literal["dedicated", "tenant"]
    distribution_id: str
    distribution_domain: str
    tenant_id: str | None = None

    @model_validator(mode="after")
    def _a_tenant_has_an_id(self) -> WeddingEntry:
        if (self.delivery == "tenant") != (self.tenant_id is not None):
            raise ValueError("a wedding that is a tenant has a tenant_id, a dedicated one has none")
        return self

    def to_json(self) -> str:
        """The exported form; `from_json` reads it back."""
        return self.model_dump_json(by_alias=True, indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> WeddingEntry:
        """Read an exported entry. Raises pydantic.ValidationError."""
        return cls.model_validate_json(text)
