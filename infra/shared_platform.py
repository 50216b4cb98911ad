"""The shared stack, readable as a table of contents."""

from __future__ import annotations

import pulumi

from controlplane.domain.inventory import PLATFORM_KEY, Inventory
from infra import inventory_export, naming, ownership
from infra.components.ci_token import CiToken
from infra.components.edge_function import EdgeFunction
from infra.components.edge_policies import EdgePolicies
from infra.components.edge_rules import EdgeRules
from infra.components.edge_zone import EdgeZone
from infra.components.regional_cache import RegionalCache
from infra.components.shared_edge import SharedEdge
from infra.components.shared_store import SharedStore
from infra.components.traffic_steering import PORTAL, TrafficSteering
from infra.stack_settings import PlatformSettings


def declare(settings: PlatformSettings) -> None:
    """Everything that weddings share, and the inventory that names it."""
    stack = pulumi.get_stack()
    portal = f"{PORTAL}.{settings.zone}"

    store = SharedStore(stack, settings.store)
    caches = {region: RegionalCache(stack, region, settings.regional_cache) for region in settings.regions}
    policies = EdgePolicies(stack, shared=bool(settings.cells))
    function = EdgeFunction(stack)
    cells = {cell: SharedEdge(stack, cell, settings, policies, function.function_arn) for cell in settings.cells}
    zone = EdgeZone(settings.cloudflare.account, settings.zone)
    rules = EdgeRules(zone.zone_id, portal)
    steering = TrafficSteering(settings, zone.zone_id)
    slots = [settings.ci_token] if settings.ci_token is not None else []
    tokens = [CiToken(stack, settings.cloudflare.account, zone.zone_id, slot) for slot in slots]

    inventory = pulumi.Output.all(
        caches={
            region: {"primary": cache.primary, "replica": cache.replica, "port": cache.port}
            for region, cache in caches.items()
        },
        store=store.buckets,
        cache_policies=policies.cache_policies,
        origin_request_policies=policies.origin_request_policies,
        function_arn=function.function_arn,
        store_arn=function.store_arn,
        zone_id=zone.zone_id,
        load_balancer_id=steering.load_balancer_id,
        monitor_id=steering.monitor_id,
        pools=steering.pools,
        cells={
            name: {
                "distribution_id": cell.distribution_id,
                "connection_group_id": cell.connection_group_id,
                "endpoint": cell.endpoint,
            }
            for name, cell in cells.items()
        },
    ).apply(lambda made: _inventory(settings, portal, made).to_json())
    everything = [store, *caches.values(), policies, function, *cells.values(), zone, rules, steering, *tokens]
    tags = naming.tags(stack, "platform")
    inventory_export.export("inventory", PLATFORM_KEY, inventory, store.buckets, tags, everything)
    pulumi.export("inventory", inventory)
    for token in tokens:
        pulumi.export("ci_token", token.value)


def _inventory(settings: PlatformSettings, portal: str, made: dict[str, object]) -> Inventory:
    """The inventory from the settings and what the clouds answered."""
    caches = made["caches"]
    buckets = made["store"]
    assert isinstance(caches, dict)  # noqa: S101  (Output.all keeps the shape that it was given)
    assert isinstance(buckets, dict)  # noqa: S101
    surroundings = settings.surroundings
    return Inventory.from_mapping(
        {
            "kind": surroundings.kind,
            "clock": surroundings.clock,
            "ca": surroundings.ca,
            "zone": settings.zone,
            "home": settings.home,
            "regions": [_region(settings, region, caches[region]) for region in settings.regions],
            "store": [{"bucket": buckets[region], "region": region} for region in settings.store.regions],
            "cloudfront": {
                "key_value_store_arn": made["store_arn"],
                "function_arn": made["function_arn"],
                "cache_policies": made["cache_policies"],
                "origin_request_policies": made["origin_request_policies"],
                "certificate_arn": settings.certificate,
                "pops": settings.warm_pops,
                "cells": made["cells"],
            },
            "cloudflare": {
                "account_id": settings.cloudflare.account,
                "zone_id": made["zone_id"],
                "load_balancer_id": made["load_balancer_id"],
                "monitor_id": made["monitor_id"],
                "monitor_seconds": settings.cloudflare.monitor_seconds,
                "pools": made["pools"],
                "pops": surroundings.pops.get("cloudflare", ()),
                "switches": ownership.EMERGENCY_SWITCHES,
            },
            "hosts": [{"host": portal, "edge": "cloudflare"}],
            "allowed_signers": settings.allowed_signers,
            "frozen_roles": settings.frozen_roles,
            "writers": settings.writers.model_dump(),
        }
    )


def _region(settings: PlatformSettings, region: str, cache: dict[str, object]) -> dict[str, object]:
    tls = settings.regional_cache.transit_encryption
    return {"name": region, "origin": naming.origin_host(region, settings.zone), "cache": {**cache, "tls": tls}}
