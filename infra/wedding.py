"""One wedding's stack, as a function of its row in the catalogue and of the platform's inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from controlplane.domain.catalogue import Delivery
from controlplane.domain.inventory import Inventory, WeddingEntry, wedding_key
from infra import cloudflare_sdk as cloudflare
from infra import inventory_export, naming
from infra.components.edge_distribution import EdgeDistribution, EdgeDistributionArgs
from infra.components.edge_tenant import EdgeTenant
from infra.stack_settings import SettingsError
from infra.tier_profiles import CONTENT


@dataclass(frozen=True)
class WeddingSpec:
    """What a wedding's stack needs to know: id, host names, delivery, and where its tenant is at home."""

    wedding: str
    hosts: Sequence[str]
    delivery: Delivery = Delivery.DEDICATED
    home: str | None = None
    cell: str = "default"


def declare(spec: WeddingSpec, platform: Inventory, price_class: str) -> None:
    """The wedding's edge, its DNS names (DNS-only: never one CDN behind the other), its inventory entry."""
    tags = naming.tags(pulumi.get_stack(), f"wedding:{spec.wedding}")
    edge = _edge(spec, platform, price_class, tags)
    names = [_name(host, edge.domain, platform) for host in spec.hosts]
    entry = pulumi.Output.all(edge.distribution_id, edge.domain, edge.tenant_id).apply(lambda made: _entry(spec, made))
    buckets = {bucket.region: bucket.bucket for bucket in platform.store}
    inventory_export.export("inventory", wedding_key(spec.wedding), entry, buckets, tags, [edge, *names])
    pulumi.export("entry", entry)


def _edge(
    spec: WeddingSpec, platform: Inventory, price_class: str, tags: Mapping[str, str]
) -> EdgeDistribution | EdgeTenant:
    """A distribution of its own, or a tenant of its cell's. Raises SettingsError where the cell has none."""
    if spec.delivery is Delivery.DEDICATED:
        args = EdgeDistributionArgs(
            wedding=spec.wedding, hosts=spec.hosts, tags=tags, content=CONTENT, price_class=price_class
        )
        return EdgeDistribution(args, platform)
    cell = platform.cloudfront.cells.get(spec.cell)
    if cell is None:
        known = ", ".join(platform.cloudfront.cells) or "none"
        raise SettingsError(
            f"the wedding {spec.wedding} is a tenant of the cell {spec.cell!r}, which has no distribution; cells: "
            f"{known}\nNothing was declared; add the cell to `wedcache:cells` of the platform's stack, bring that up, "
            "then fetch its inventory with `wedcache status`"
        )
    return EdgeTenant(spec.wedding, spec.hosts, _regions(spec, platform), cell, tags)


def _regions(spec: WeddingSpec, platform: Inventory) -> tuple[str, str]:
    """Home and standby of a tenant. Raises SettingsError for a home that is none of the platform's regions."""
    home, names = spec.home or platform.home, [region.name for region in platform.regions]
    if home not in names:
        raise SettingsError(
            f"the wedding {spec.wedding} is at home in {home}, which is none of the platform's regions "
            f"{', '.join(names)}\nNothing was declared; correct its `home` in the catalogue"
        )
    return home, next(name for name in (platform.home, *names) if name != home)


def _name(host: str, domain: pulumi.Output[str], platform: Inventory) -> cloudflare.DnsRecord:
    return cloudflare.DnsRecord(
        f"name-{host}",
        zone_id=platform.cloudflare.zone_id,
        name=host,
        type="CNAME",
        content=domain,
        ttl=300,
        proxied=False,
        comment="wedcache: this host is on CloudFront",
    )


def _entry(spec: WeddingSpec, made: Sequence[str | None]) -> str:
    return WeddingEntry(
        wedding=spec.wedding,
        hosts=tuple(spec.hosts),
        delivery=spec.delivery.value,
        distribution_id=str(made[0]),
        distribution_domain=str(made[1]),
        tenant_id=made[2],
    ).to_json()
