"""From an edge snapshot (zones, rulesets, records, pools as the API returns them) to `cloudflare_policy` values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.pop.cloudflare_policy import DnsTarget, Zone
from sandbox.pop.cloudflare_rules import Rule
from sandbox.pop.load_balancer import Balancer, Endpoint, Pool

Node = Mapping[str, Any]


def compile_zones(snapshot: Node) -> tuple[Zone, ...]:
    """The active zones, the longest name first. Raises KeyError where a load balancer names an unknown pool."""
    pools = {pool_id: _pool(pool_id, node, snapshot) for pool_id, node in snapshot.get("pools", {}).items()}
    active = [node for node in snapshot.get("zones", []) if node.get("status") == "active" and not node.get("paused")]
    zones = [_zone(node, pools) for node in active]
    return tuple(sorted(zones, key=lambda zone: -len(zone.name)))


def _zone(node: Node, pools: Mapping[str, Pool]) -> Zone:
    return Zone(
        id=node["id"],
        name=node["name"].lower(),
        enterprise="enterprise" in str(node.get("plan", "")).lower(),
        settings=dict(node.get("settings", {})),
        rules={phase: _rules(ruleset) for phase, ruleset in node.get("rulesets", {}).items()},
        records=tuple(
            DnsTarget(row["name"].lower(), str(row["content"]))
            for row in node.get("dns", [])
            if row.get("proxied") and row.get("type") in ("A", "AAAA", "CNAME")
        ),
        balancers={
            row["name"].lower(): _balancer(row, pools) for row in node.get("load_balancers", []) if _serves(row)
        },
    )


def _serves(balancer: Node) -> bool:
    return bool(balancer.get("enabled", True)) and bool(balancer.get("proxied", False))


def _rules(ruleset: Node) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            ref=str(row.get("ref") or row.get("id") or row.get("description") or index),
            expression=row.get("expression", "true"),
            action=row.get("action", ""),
            parameters=row.get("action_parameters") or {},
        )
        for index, row in enumerate(ruleset.get("rules") or [])
        if row.get("enabled", True)
    )


def _pool(pool_id: str, node: Node, snapshot: Node) -> Pool:
    health = node.get("health") or {}
    endpoints = tuple(
        Endpoint(
            name=row["name"],
            address=row["address"],
            enabled=bool(row.get("enabled", True)),
            weight=float(row.get("weight", 1)),
            host_header=next(iter((row.get("header") or {}).get("Host") or []), None),
            healthy=health.get(row["name"]),
        )
        for row in node.get("origins", [])
    )
    monitored = bool(node.get("monitor")) and node["monitor"] in snapshot.get("monitors", {})
    return Pool(pool_id, bool(node.get("enabled", True)), endpoints, int(node.get("minimum_origins") or 1), monitored)


def _balancer(node: Node, pools: Mapping[str, Pool]) -> Balancer:
    fallback = node.get("fallback_pool")
    return Balancer(
        name=node["name"].lower(),
        pools=tuple(pools[pool_id] for pool_id in node.get("default_pools", [])),
        fallback=pools[fallback] if fallback else None,
        across_pools=bool((node.get("adaptive_routing") or {}).get("failover_across_pools", False)),
    )
