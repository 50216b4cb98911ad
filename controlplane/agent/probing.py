"""Probes every region's health path once a second, from here."""

from __future__ import annotations

import asyncio

from controlplane.agent.world import Seen, Tools
from controlplane.domain.health import Health, Probe


async def probe_regions(tools: Tools, seen: Seen) -> None:
    """One probe of each region, all at once; three failures in a row call it down."""
    regions = tools.inventory.regions
    answers = await asyncio.gather(*(asyncio.to_thread(tools.prober.is_healthy, region) for region in regions))
    for region, healthy in zip(regions, answers, strict=True):
        before = seen.probes.get(region.name, Probe())
        after = before.after(healthy)
        seen.probes[region.name] = after
        if before.health is not after.health and after.health is not Health.UNKNOWN:
            tools.tell(f"{region.name} is {after.health.value} as seen from {tools.region}")
