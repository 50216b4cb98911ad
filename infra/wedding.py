"""One wedding's stack, as a function of its row in the catalogue and of the platform's inventory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from controlplane.domain.inventory import Inventory, WeddingEntry, wedding_key
from controlplane.domain.tier import Tier
from infra import cloudflare_sdk as cloudflare
from infra import inventory_export, naming
from infra.components.edge_distribution import EdgeDistribution, EdgeDistributionArgs

CONTENT: dict[str, Tier] = {
    "/travel": Tier.HIGH,
    "/photos/*": Tier.LOW,
    "/static/*": Tier.LOW,
    "/gallery*": Tier.MEDIUM,
}
"""Path pattern -> tier of what is there; everything else is ceremony data (critical)."""


@dataclass(frozen=True)
class WeddingSpec:
    """What a wedding's stack needs to know: its id and its host names."""

    wedding: str
    hosts: Sequence[str]


def declare(spec: WeddingSpec, platform: Inventory, price_class: str) -> None:
    """A dedicated distribution, its DNS names (DNS-only: never one CDN behind the other), its inventory entry."""
    tags = naming.tags(pulumi.get_stack(), f"wedding:{spec.wedding}")
    edge = EdgeDistribution(
        EdgeDistributionArgs(
            wedding=spec.wedding,
            hosts=spec.hosts,
            tags=tags,
            content=CONTENT,
            price_class=price_class,
        ),
        platform,
    )
    names = [_name(host, edge.domain, platform) for host in spec.hosts]
    entry = pulumi.Output.all(edge.distribution_id, edge.domain).apply(lambda made: _entry(spec, made))
    buckets = {bucket.region: bucket.bucket for bucket in platform.store}
    inventory_export.export("inventory", wedding_key(spec.wedding), entry, buckets, tags, [edge, *names])
    pulumi.export("entry", entry)


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


def _entry(spec: WeddingSpec, made: Sequence[str]) -> str:
    return WeddingEntry(
        wedding=spec.wedding,
        hosts=tuple(spec.hosts),
        delivery="dedicated",
        distribution_id=made[0],
        distribution_domain=made[1],
    ).to_json()
