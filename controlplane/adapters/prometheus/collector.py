"""A collector that reads the caches' plain integers when Prometheus asks.

A labelled counter of the client library costs 1.1 us a time, seven memory hits; an integer costs a hundredth of that.
Labels are `namespace` and `tier` (memory, redis, edge, loader, log, calendar): never a key, a wedding or a guest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_LABELS = ("namespace", "tier")
_FAILURES = "Failures that no caller saw"
_HITS = "Answers with a fresh value, by the tier that gave it"
_UNUSABLE = "Stored bytes that were no entry, a miss"
# counter -> metric, tier, meaning; a counter that is not listed is told under its own name.
_KNOWN = {
    "hits": ("hits", "memory", _HITS),
    "redis_hits": ("hits", "redis", _HITS),
    "edge_hits": ("hits", "edge", _HITS),
    "stale": ("stale", "memory", "Answers with a stale copy, each for a listed reason"),
    "misses": ("misses", "", "Reads without a loader that found nothing"),
    "edge_misses": ("misses", "edge", "Reads without a loader that found nothing"),
    "loads": ("loads", "loader", "Loads begun"),
    "joined": ("joined", "loader", "Callers who waited for a load that was under way"),
    "loads_refused": ("loads_refused", "loader", "Loads that an open breaker kept from their loader"),
    "loader_breaks": ("breaks", "loader", "How often a loader's breaker opened, failed probes included"),
    "load_failures": ("failures", "loader", _FAILURES),
    "redis_failures": ("failures", "redis", _FAILURES),
    "fill_failures": ("fill_failures", "redis", _FAILURES),
    "edge_failures": ("failures", "edge", _FAILURES),
    "log_failures": ("failures", "log", _FAILURES),
    "window_failures": ("failures", "calendar", _FAILURES),
    "damaged": ("damaged", "redis", _UNUSABLE),
    "foreign": ("foreign", "redis", _UNUSABLE),
    "other_version": ("other_version", "redis", _UNUSABLE),
    "too_large": ("too_large", "redis", _UNUSABLE),
    "mistyped": ("mistyped", "redis", _UNUSABLE),
    "evicted": ("evicted", "memory", "Entries that left for want of room"),
    "memory_refused": ("refused", "memory", "Values that alone are larger than all of memory"),
}


class Seen(Protocol):
    """One cache at one moment."""

    @property
    def namespace(self) -> str:
        """Its namespace."""

    @property
    def counters(self) -> Mapping[str, int]:
        """What only grows, by name."""

    @property
    def gauges(self) -> Mapping[str, float]:
        """What goes up and down, by name."""


class Watched(Protocol):
    """What is asked of a cache."""

    def observe(self) -> Seen:
        """The cache now. Called in the thread that serves the scrape; reads integers only."""
        ...


class _Sample(NamedTuple):
    metric: str
    meaning: str
    labels: tuple[str, str]
    value: float


class CacheCollector(Collector):
    """`REGISTRY.register(CacheCollector(cache))`; several caches of one process go into one collector."""

    def __init__(self, *caches: Watched) -> None:
        self._caches = caches

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering does not read the caches."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every counter and gauge of every cache; two caches of one namespace are added up."""
        seen = [cache.observe() for cache in self._caches]
        yield from _families((one for cache in seen for one in _counters(cache)), CounterMetricFamily)
        yield from _families((one for cache in seen for one in _gauges(cache)), GaugeMetricFamily)


def _counters(seen: Seen) -> Iterator[_Sample]:
    for name, value in seen.counters.items():
        metric, tier, meaning = _KNOWN.get(name, (name, "", f"Count of {name.replace('_', ' ')}"))
        yield _Sample(f"wedcache_{metric}", meaning, (seen.namespace, tier), value)


def _gauges(seen: Seen) -> Iterator[_Sample]:
    for name, value in seen.gauges.items():
        yield _Sample(f"wedcache_{name}", f"{name.replace('_', ' ')} now", (seen.namespace, "memory"), value)


def _families(
    samples: Iterable[_Sample], family: Callable[..., CounterMetricFamily | GaugeMetricFamily]
) -> Iterator[Metric]:
    """One family a metric, one sample for each set of labels."""
    meanings: dict[str, str] = {}
    sums: dict[str, dict[tuple[str, str], float]] = {}
    for one in samples:
        meanings.setdefault(one.metric, one.meaning)
        by_labels = sums.setdefault(one.metric, {})
        by_labels[one.labels] = by_labels.get(one.labels, 0.0) + one.value
    for metric, by_labels in sums.items():
        told = family(metric, meanings[metric], labels=_LABELS)
        for labels, value in by_labels.items():
            told.add_metric(labels, value)
        yield told
