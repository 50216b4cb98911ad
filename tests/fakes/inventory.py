"""The narrow world's inventory: two regions, one wedding, one portal."""

from __future__ import annotations

from typing import Any

from controlplane.domain.inventory import Inventory, WeddingEntry

HOME, STANDBY = "eu-central-1", "us-east-1"
REGIONS = (HOME, STANDBY)
STORE = ("eu-central-1", "us-east-1", "eu-west-1")


def inventory(**changes: Any) -> Inventory:
    """The platform's inventory, with `changes`."""
    whole: dict[str, Any] = {
        "zone": "weddings.example",
        "home": HOME,
        "regions": [
            {
                "name": region,
                "origin": f"{region}.origin.weddings.example",
                "cache": {"primary": "127.0.0.1", "replica": "127.0.0.2", "port": 6379, "tls": False},
            }
            for region in REGIONS
        ],
        "store": [{"bucket": f"wedcache-store-{region}", "region": region} for region in STORE],
        "cloudfront": {
            "key_value_store_arn": "arn:aws:cloudfront::123456789012:key-value-store/one",
            "function_arn": "arn:aws:cloudfront::123456789012:function/edge",
            "cache_policies": {},
            "origin_request_policies": {},
            "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/one",
            "pops": ["FRA56-P1"],
        },
        "cloudflare": {
            "account_id": "a",
            "zone_id": "z",
            "load_balancer_id": "l",
            "monitor_id": "m",
            "monitor_seconds": 1,
            "pools": {region: f"pool-{region}" for region in REGIONS},
            "pops": ["FRA"],
            "switches": {"argo/tiered_caching": "on", "argo/smart_routing": "on"},
        },
        "hosts": [{"host": "app.weddings.example", "edge": "cloudflare"}],
    }
    return Inventory.from_mapping(whole | changes)


def wedding() -> WeddingEntry:
    """The entry of the wedding `como`."""
    return WeddingEntry(
        wedding="como",
        hosts=("como.weddings.example",),
        delivery="dedicated",
        distribution_id="E1",
        distribution_domain="d111.cloudfront.net",
    )
