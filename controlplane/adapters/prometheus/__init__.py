"""The Prometheus adapter: counters are collected at scrape and cost nothing in between."""

from controlplane.adapters.prometheus.collector import CacheCollector, Watched

__all__ = ["CacheCollector", "Watched"]
