"""Strong writes and reads beside the raw round trip to the region that completes the majority."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from statistics import median

import redis.asyncio as redis

from benchmarks.row import Benchmark, Row
from benchmarks.strong_scene import PATIENT, REGIONS, as_far_as, servers
from controlplane.adapters.redis.region_store import RedisRegionStore
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache.serializers import MsgPack
from controlplane.sync import STRONG, Records
from sandbox.delays import round_trip_seconds
from sandbox.valkey import Server

ROUNDS = 120
WARM = 10
BAR = 1.1
DEADLINE = 0.5
CONTRACT = {"vendor": 7, "text": "n" * 250}


def measure() -> Sequence[Row]:
    """Rows for a write and a read from each of two regions, and for a write while the farthest region is stopped."""
    rows: list[Row] = []
    with servers() as running:
        for here in ("eu-central-1", "us-east-1"):
            rows += asyncio.run(_from(here, running))
        rows.append(asyncio.run(_stopped("eu-central-1", "us-east-1", running)))
    return rows


async def _from(here: str, running: dict[str, Server]) -> list[Row]:
    """Alternating: a raw round trip to the majority's region, a strong write, a strong read."""
    near = sorted(REGIONS, key=lambda region: round_trip_seconds(here, region))[1]
    async with as_far_as(here, running) as urls:
        stores = {region: RedisRegionStore(url, timeout=PATIENT) for region, url in urls.items()}
        raw = redis.Redis.from_url(urls[near])
        took: dict[str, list[float]] = {"raw": [], "write": [], "read": []}
        async with Records(stores, here=here, clock=SystemClock(), serializer=MsgPack(), deadline=PATIENT) as records:
            acts: dict[str, Callable[[int], Awaitable[object]]] = {
                "raw": lambda _: raw.ping(),
                "write": lambda n: records.put(f"contract:{here}:{n % 8}", CONTRACT, level=STRONG),
                "read": lambda n: records.get(f"contract:{here}:{(n + 4) % 8}", level=STRONG),
            }
            for n in range(ROUNDS + WARM):
                for name, act in acts.items():
                    began = time.perf_counter()
                    await act(n)
                    if n >= WARM:
                        took[name].append((time.perf_counter() - began) * 1e3)
        await raw.aclose()
        for store in stores.values():
            await store.aclose()
    return [_row(kind, here, near, took) for kind in ("write", "read")]


def _row(kind: str, here: str, near: str, took: dict[str, list[float]]) -> Row:
    ours, floor = median(took[kind]), median(took["raw"])
    return Row(
        name=f"strong-{kind}-{here}",
        what=f"a strong {kind} from {here}, p50",
        ours=round(ours, 2),
        unit="ms",
        floor=round(floor, 2),
        ratio=round(ours / floor, 3),
        bar=f"<= {BAR:g}x the majority's round trip",
        holds=ours <= BAR * floor,
        conditions=f"{ROUNDS} of each, alternating; round trips as in the sandbox; the floor is a PING over the same"
        f" delay to {near}, which completes the majority",
        rivals={"p95": round(sorted(took[kind])[int(ROUNDS * 0.95)], 2)},
    )


async def _stopped(here: str, victim: str, running: dict[str, Server]) -> Row:
    """Writes before and while the farthest region is stopped."""
    took: dict[str, list[float]] = {"before": [], "stopped": []}
    async with as_far_as(here, running) as urls:
        stores = {region: RedisRegionStore(url, timeout=DEADLINE) for region, url in urls.items()}
        async with Records(stores, here=here, clock=SystemClock(), serializer=MsgPack(), deadline=DEADLINE) as records:
            for name, times in took.items():
                if name == "stopped":
                    running[victim].pause()
                for n in range(ROUNDS + WARM):
                    began = time.perf_counter()
                    await records.put(f"stopped:{n % 8}", CONTRACT, level=STRONG)
                    if n >= WARM:
                        times.append((time.perf_counter() - began) * 1e3)
            running[victim].wake()
        for store in stores.values():
            await store.aclose()
    ours, floor = median(took["stopped"]), median(took["before"])
    return Row(
        name="strong-write-stopped",
        what=f"a strong write while {victim} is stopped (SIGSTOP), p50",
        ours=round(ours, 2),
        unit="ms",
        floor=round(floor, 2),
        ratio=round(ours / floor, 3),
        bar=f"<= {BAR:g}x as before, every one acknowledged",
        holds=ours <= BAR * floor,
        conditions=f"{ROUNDS} writes from {here} before and during; time limits of {DEADLINE:g} s",
        rivals={"worst": round(max(took["stopped"]), 2)},
    )


BENCHMARK = Benchmark("strong", measure)
