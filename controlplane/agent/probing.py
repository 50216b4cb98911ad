"""Probes every region's health path once a second, from here; looks closer where that fails, and at the CDNs."""

from __future__ import annotations

import asyncio

from controlplane.agent.world import Seen, Tools
from controlplane.domain.health import Health, Probe
from controlplane.domain.inventory import RegionEntry

PATIENT_SECONDS = 5.0
"""How long a region that failed its probe may take to show that it is slow, not silent."""


async def probe_regions(tools: Tools, seen: Seen) -> None:
    """One probe of each region, all at once; three failures in a row call it down."""
    regions = tools.inventory.regions
    answers = await asyncio.gather(*(asyncio.to_thread(tools.prober.is_healthy, region) for region in regions))
    for region, healthy in zip(regions, answers, strict=True):
        before = seen.probes.get(region.name, Probe())
        after = before.after(healthy)
        seen.probes[region.name] = after
        if healthy:
            seen.late.pop(region.name, None)
            seen.down_since.pop(region.name, None)
        elif after.health is Health.DOWN:
            seen.down_since.setdefault(region.name, tools.clock.now())
        if before.health is not after.health and after.health is not Health.UNKNOWN:
            tools.tell(f"{region.name} is {after.health.value} as seen from {tools.region}")


async def time_slow_regions(tools: Tools, seen: Seen) -> None:
    """Ask each region that failed its last probe once more, patiently: slow and silent want different answers."""
    failed = [region for region in tools.inventory.regions if seen.probes.get(region.name, Probe()).failures > 0]
    late = await asyncio.gather(*(asyncio.to_thread(_seconds, tools, region) for region in failed))
    for region, seconds in zip(failed, late, strict=True):
        if seconds is None or seen.probes[region.name].failures == 0:
            seen.late.pop(region.name, None)
        else:
            seen.late[region.name] = round(seconds, 1)


async def probe_edges(tools: Tools, seen: Seen) -> None:
    """Whether each CDN's POPs answer at all; three silences in a row call it down. An error page is an answer."""
    if tools.ask_edges is None:
        return
    for edge, answered in (await asyncio.to_thread(tools.ask_edges)).items():
        before = seen.edges.get(edge, Probe())
        seen.edges[edge] = before.after(answered)
        if seen.edges[edge].health is Health.DOWN and before.health is not Health.DOWN:
            tools.tell(f"{edge} does not answer {tools.region}")


def _seconds(tools: Tools, region: RegionEntry) -> float | None:
    begun = tools.clock.monotonic()
    healthy = tools.prober.is_healthy(region, PATIENT_SECONDS)
    return tools.clock.monotonic() - begun if healthy else None
