"""What there is in the world of chaos: two regions, three buckets, one wedding on each CDN's hosts."""

from __future__ import annotations

import json
from typing import Any

from controlplane.domain.inventory import PLATFORM_KEY, Inventory, StoreBucket, WeddingEntry, wedding_key

HOME, STANDBY = "eu-central-1", "us-east-1"
REGIONS = (HOME, STANDBY)
STORE = tuple(
    StoreBucket(bucket=f"wedcache-store-{region}", region=region)
    for region in ("eu-central-1", "us-east-1", "eu-west-1")
)
BUCKETS = tuple(one.bucket for one in STORE)
PORTAL, WEDDING = "app.weddings.example", "como.weddings.example"
ORIGINS = {region: f"{region}.origin.weddings.example" for region in REGIONS}
POOLS = {region: f"pool-{region}" for region in REGIONS}
ZONE, ACCOUNT, DISTRIBUTION, ROLE = "zone", "account", "E1", "ci"
SWITCHES = ("argo/tiered_caching", "argo/smart_routing")
PAGES = (("/", "critical"), ("/schedule", "critical"), ("/gallery", "medium"))
MANIFEST = json.dumps({"schema": "wedcache.manifest/1", "pages": [{"path": p, "tier": t} for p, t in PAGES]})


def inventory() -> Inventory:
    """What infra would have exported."""
    whole: dict[str, Any] = {
        "zone": "weddings.example",
        "home": HOME,
        "regions": [
            {
                "name": region,
                "origin": ORIGINS[region],
                "cache": {"primary": "127.0.0.1", "replica": "127.0.0.1", "port": 6379, "tls": False},
            }
            for region in REGIONS
        ],
        "store": [one.model_dump() for one in STORE],
        "cloudfront": {
            "key_value_store_arn": "arn:aws:cloudfront::123456789012:key-value-store/one",
            "function_arn": "arn:aws:cloudfront::123456789012:function/edge",
            "cache_policies": {},
            "origin_request_policies": {},
            "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/one",
            "pops": ["FRA56-P1"],
        },
        "cloudflare": {
            "account_id": ACCOUNT,
            "zone_id": ZONE,
            "load_balancer_id": "balancer",
            "monitor_id": "monitor",
            "monitor_seconds": 1,
            "pools": POOLS,
            "pops": ["FRA"],
            "switches": dict.fromkeys(SWITCHES, "on"),
        },
        "hosts": [{"host": PORTAL, "edge": "cloudflare"}],
        "frozen_roles": [ROLE],
    }
    return Inventory.from_mapping(whole)


def objects() -> dict[str, str]:
    """The plain objects that every bucket holds from the start."""
    entry = WeddingEntry(
        wedding="como",
        hosts=(WEDDING,),
        delivery="dedicated",
        distribution_id=DISTRIBUTION,
        distribution_domain="d111.cloudfront.net",
    )
    return {PLATFORM_KEY: inventory().to_json(), wedding_key("como"): entry.to_json()}
