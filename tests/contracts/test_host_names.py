"""What a zone says of names, as Cloudflare's emulator answers it."""

from __future__ import annotations

import pytest

from controlplane.adapters.cloudflare.names import CloudflareNames
from controlplane.errors import Unavailable
from tests.contracts.cloud import Cloud
from tests.fakes.inventory import HOME, REGIONS


def test_records_and_balancers_of_one_host(healed: Cloud) -> None:
    """Only that host's; a load balancer's pools are the regions, in its order."""
    client = healed.cloudflare.client()
    zone, pools = healed.cloudflare.zone(client), healed.pools()
    name = str(getattr(client.zones.get(zone_id=zone), "name", ""))
    for host in (f"como.{name}", f"ubud.{name}"):
        client.dns.records.create(
            zone_id=zone, name=host, type="CNAME", content=f"{host}.cloudfront.net", ttl=300, proxied=False
        )
    order = [pools[region] for region in reversed(REGIONS)]
    client.load_balancers.create(
        zone_id=zone, name=f"app.{name}", default_pools=order, fallback_pool=order[-1], proxied=True
    )
    names = CloudflareNames(healed.api(), zone, pools)
    assert names.records(f"como.{name}") == (f"CNAME como.{name}.cloudfront.net",)
    assert names.records(f"nobody.{name}") == ()
    assert names.balanced(f"app.{name}") == tuple(reversed(REGIONS))
    assert names.balanced(f"como.{name}") is None


def test_an_api_that_is_away_is_unavailable(healed: Cloud) -> None:
    """Both questions say so."""
    zone = healed.cloudflare.zone(healed.cloudflare.client())
    names = CloudflareNames(healed.api(), zone, {HOME: "p"})
    healed.faults.inject("api-503", "cloudflare")
    for ask in (names.records, names.balanced):
        with pytest.raises(Unavailable):
            ask("app.weddings.example")
