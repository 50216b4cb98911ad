"""The vendor's limits per plan, one row each.

Sources: the plan tables of Cloudflare's documentation (rules, edge TTL, purge), "Load Balancing: limitations",
"API limits" (1,200 requests in 5 minutes, then 5 minutes of 429).
"""

from __future__ import annotations

from dataclasses import dataclass

API_CALLS = 1200
API_WINDOW_SECONDS = 300.0
API_BLOCK_SECONDS = 300.0
TAG_CHARACTERS = 1024
EXPRESSION_CHARACTERS = 4096


@dataclass(frozen=True)
class Plan:
    """What one plan allows. Rates are operations a second; sizes are counts; TTLs and intervals are seconds."""

    name: str
    label: str
    rules: int
    firewall_rules: int
    ratelimit_rules: int
    edge_ttl_minimum: int
    purge_rate: float
    purge_bucket: int
    url_rate: float
    urls_per_request: int
    dns_ttl_minimum: int = 60
    items_per_request: int = 100
    monitor_interval: int = 15
    load_balancers: int | None = 20
    pools: int | None = 20
    endpoints: int | None = 20
    monitors: int | None = 30
    images: bool = True
    regex: bool = True
    enterprise: bool = False


PLANS: dict[str, Plan] = {
    plan.name: plan
    for plan in (
        Plan("free", "Free Website", 10, 5, 1, 7200, 5 / 60, 25, 800.0, 100, images=False, regex=False),
        Plan("pro", "Pro Website", 25, 20, 2, 3600, 5.0, 25, 1500.0, 100, regex=False),
        Plan("business", "Business Website", 50, 100, 5, 1, 10.0, 50, 1500.0, 100),
        Plan(
            "enterprise",
            "Enterprise Website",
            300,
            1000,
            100,
            1,
            50.0,
            500,
            3000.0,
            500,
            dns_ttl_minimum=30,
            monitor_interval=10,
            load_balancers=None,
            pools=None,
            endpoints=None,
            monitors=None,
            enterprise=True,
        ),
    )
}


def plan_named(name: str) -> Plan:
    """The plan's row. Raises KeyError naming the known plans."""
    if name not in PLANS:
        raise KeyError(f"no plan {name!r}; known: {', '.join(PLANS)}")
    return PLANS[name]
