"""What shows of a cache from outside: counters at scrape, spans where something took time, the hottest keys."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from controlplane.adapters.opentelemetry.spans import OtelSpans
from controlplane.adapters.prometheus import CacheCollector
from controlplane.cache import Cache, Load, Settings
from controlplane.cache.hot_keys import SAMPLE, HotKeys
from controlplane.cache.observed import Watch
from controlplane.errors import Unavailable
from controlplane.ports.edge_reader import EdgeAnswer
from tests.cache.scene import Source, in_loop, until, world


def scraped(*caches: Cache) -> dict[tuple[str, str, str], float]:
    """What Prometheus reads: (metric, namespace, tier) to value."""
    registry = CollectorRegistry()
    registry.register(CacheCollector(*map(Watch, caches)))
    text = generate_latest(registry).decode()
    return {
        (sample.name, sample.labels["namespace"], sample.labels["tier"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@in_loop
async def test_counters_are_read_at_scrape() -> None:
    """A scrape tells every counter under its tier and namespace; two caches of one namespace are added up."""
    scene, source = world(), Source()
    async with scene.cache() as first, scene.cache() as second, scene.cache(namespace="other") as other:
        for _ in range(3):
            await first.get_or_load("guests:7", source)
        await until(lambda: scene.tier.values)
        await second.get_or_load("guests:7", source)
        await second.get_or_load("guests:7", source)
        await other.get("guests:7")
        told = scraped(first, second, other)
    assert told["wedcache_hits_total", "main", "memory"] == 2 + 1
    assert told["wedcache_hits_total", "main", "redis"] == 1
    assert told["wedcache_loads_total", "main", "loader"] == 1
    assert told["wedcache_misses_total", "other", ""] == 1
    assert told["wedcache_entries", "main", "memory"] == 2
    assert told["wedcache_bytes", "main", "memory"] > 0
    assert told["wedcache_log_heard", "main", "memory"] == 2
    assert {name for _, name, _ in told} == {"main", "other"}
    assert not any("guests" in part for labels in told for part in labels)


@in_loop
async def test_every_counter_is_told() -> None:
    """Whatever is counted anywhere in the cache is a metric, once."""
    async with world().cache() as cache:
        for number, name in enumerate(cache.stats.as_dict(), 1000):
            setattr(cache.stats, name, number)
        counted = cache.stats.as_dict()
        told = Counter(value for (name, _, _), value in scraped(cache).items() if name.endswith("_total"))
    assert {value: told[value] for value in counted.values()} == dict.fromkeys(counted.values(), 1)


@in_loop
async def test_what_memory_does_not_hold_is_told() -> None:
    """A value larger than all of memory, and one that left for want of room, are counters of the memory tier."""
    async with world().cache(max_bytes=2_000) as cache:
        await cache.put("all", "x" * 3_000)
        for key in ("a", "b"):
            await cache.put(key, "x" * 1_500)
        told = scraped(cache)
        assert (cache.stats.memory_refused, cache.stats.evicted) == (1, 1)
    assert told["wedcache_refused_total", "main", "memory"] == 1
    assert told["wedcache_evicted_total", "main", "memory"] == 1


class Kept(SpanProcessor):
    """Keeps what ended."""

    def __init__(self) -> None:
        self.ended: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.ended.append(span)


@in_loop
async def test_spans_show_loads_and_redis_and_never_a_hit() -> None:
    """A load and a look into Redis are spans, with the key's prefix only; a hit from memory is none; errors show."""
    kept, scene, source = Kept(), world(), Source()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(kept)
    spans = OtelSpans(provider)
    async with Cache(Settings(), second=scene.tier, log=scene.log, clock=scene.clock, spans=spans) as cache:
        await cache.get_or_load("guests:ada@example.org", source)
        assert [(span.name, span.kind) for span in kept.ended] == [
            ("wedcache redis", SpanKind.CLIENT),
            ("wedcache load", SpanKind.INTERNAL),
        ]
        assert all((span.attributes or {})["wedcache.key.prefix"] == "guests" for span in kept.ended)
        await cache.get_or_load("guests:ada@example.org", source)
        assert len(kept.ended) == 2
        source.error = ValueError("guest Ada does not exist")
        with pytest.raises(ValueError, match="Ada"):
            await cache.get_or_load("ada@example.org", source)
    failed = kept.ended[-1]
    assert failed.status.status_code is StatusCode.ERROR
    assert (failed.attributes or {})["error.type"] == "ValueError"
    told = "".join(span.to_json() for span in kept.ended)
    assert "example.org" not in told
    assert "does not exist" not in told


class NowhereEdge:
    """An edge that does not answer."""

    async def fetch(self, key: str) -> EdgeAnswer | None:
        raise Unavailable(f"no answer for {key}")

    async def aclose(self) -> None:
        return


@in_loop
async def test_a_read_of_the_edge_is_a_span() -> None:
    """A read of the edge that fails shows as that, between Redis and the load."""
    kept, scene = Kept(), world()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(kept)
    async with Cache(
        second=scene.tier, log=scene.log, clock=scene.clock, spans=OtelSpans(provider), edge=NowhereEdge()
    ) as cache:
        await cache.get_or_load("page:1", Source(), public=True)
    assert [span.name for span in kept.ended] == ["wedcache redis", "wedcache edge", "wedcache load"]
    assert (kept.ended[1].attributes or {})["error.type"] == "Unavailable"


def test_nothing_is_imported_unasked() -> None:
    """A service that wants no spans, no metrics, no HTTP answers and no edge pays for none of their libraries."""
    extras = "{'opentelemetry', 'prometheus_client', 'fastapi', 'aiohttp'}"
    alone = f"import sys, controlplane.cache; sys.exit(len({extras} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", alone], check=False, timeout=60).returncode == 0


def test_the_hottest_keys_are_among_those_counted() -> None:
    """Every key with more than its share of the sample is told; its count is too high by `error` at most."""
    draw, hot, true = random.Random(7), HotKeys(counters=20, sample=1), Counter[str]()
    for _ in range(20_000):
        key = f"k{int(draw.paretovariate(0.9))}"
        true[key] += 1
        hot.note(key)
    told = {one.key: one for one in hot.top(20)}
    assert {key for key, count in true.items() if count > 20_000 / 20} <= set(told)
    assert all(one.hits - one.error <= true[key] <= one.hits for key, one in told.items())
    assert sum(one.hits for one in hot.top(20)) == 20_000, "every hit is in one counter"
    assert [one.key for one in hot.top(3)] == [key for key, _ in true.most_common(3)]
    hot.clear()
    assert hot.top() == []


def test_threads_count_hot_keys_together() -> None:
    """Several threads note hits at once: nothing is raised, and every key is in exactly one bucket."""
    hot = HotKeys(counters=4, sample=1)

    def hits(seed: int) -> None:
        draw = random.Random(seed)
        for _ in range(5_000):
            hot.note(f"k{draw.randrange(12)}")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(hits, range(4)))
    assert len(hot.top(100)) == 4
    assert sum(one.hits for one in hot.top()) <= 20_000


@in_loop
async def test_a_cache_knows_its_hottest_keys() -> None:
    """One of 64 hits is looked at, and counts for all of them."""

    async def load(context: Load) -> str:
        return context.key

    async with world().cache() as cache:
        for _ in range(40):
            for key in ["hot"] * 50 + ["warm"] * 13:
                await cache.get_or_load(key, load)
        top = cache.hot.top(1)[0]
    assert top.key == "hot"
    assert 0.5 < top.hits / (40 * 50) < 1.5
    assert top.hits % SAMPLE == 0
