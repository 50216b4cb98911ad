"""One provider type = one row: what the vendor calls are, and what must be known about its properties."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.providers.check import Failure
from sandbox.providers.project import Rules
from sandbox.providers.schema import Schema, load

if TYPE_CHECKING:
    from sandbox.providers.vendors import Vendors

Properties = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """What a vendor call needs. `old` are the inputs before an update (empty otherwise), `state` the last outputs,
    `seed` is stable over the retries of one create, `timeout` is in seconds."""

    vendors: Vendors
    urn: str
    inputs: Properties
    old: Properties = field(default_factory=dict)
    state: Properties = field(default_factory=dict)
    seed: bytes = b""
    timeout: float = 900.0

    @property
    def region(self) -> str:
        """The resource's own region, otherwise the provider's."""
        return str(self.inputs.get("region") or self.state.get("region") or self.vendors.region)


def nothing_left(ask: Ask, identity: str) -> None:
    """For types that are complete as soon as they exist."""


def never_found(ask: Ask) -> str | None:
    """For types whose create is idempotent by itself: after a lost answer it is simply made again."""


@dataclass(frozen=True, kw_only=True)
class Type:
    """A row. `create` makes one vendor call and returns the id; `find` looks for it after a lost answer; `finish` does
    the rest and may be repeated; `read` returns the live properties or None when the resource is gone; `update` and
    `delete` are idempotent, and a delete of what is gone succeeds.

    `force_new`: index-free paths whose change replaces; `autoname`: the property that gets a physical name;
    `fill`: defaults that Check writes into the inputs; `volatile`: outputs that an update changes."""

    token: str
    create: Callable[[Ask], str]
    read: Callable[[Ask, str], Properties | None]
    update: Callable[[Ask, str], None]
    delete: Callable[[Ask, str], None]
    find: Callable[[Ask], str | None] = never_found
    finish: Callable[[Ask, str], None] = nothing_left
    force_new: frozenset[str] = frozenset()
    autoname: str = ""
    name_limit: int = 64
    lower_name: bool = False
    random_name: bool = True
    rules: Rules = field(default_factory=Rules)
    check: Callable[[Properties], Iterable[Failure]] = lambda properties: ()
    fill: Mapping[str, Any] = field(default_factory=dict)
    volatile: frozenset[str] = frozenset()

    @property
    def schema(self) -> Schema:
        """The derived schema of this type."""
        return load(self.token)

    @property
    def package(self) -> str:
        """`aws` or `cloudflare`."""
        return self.token.split(":", 1)[0]
