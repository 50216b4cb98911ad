"""The engines: versions, parameter group families and their parameters.

Source: ElastiCache guide, "Valkey and Redis OSS parameters" and "Supported engines and versions". The table holds the
parameters that a cache's behaviour turns on; the vendor's list is longer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

VERSIONS: dict[str, dict[str, str]] = {
    "valkey": {"7.2": "7.2.6", "8.0": "8.0.1", "8.1": "8.1.0", "8.2": "8.2.0", "9.0": "9.0.0"},
    "redis": {"6.0": "6.0.5", "6.2": "6.2.6", "7.0": "7.0.7", "7.1": "7.1.0"},
}
"""engine -> major.minor -> the version that is run."""

NEWEST = {"valkey": "8.2", "redis": "7.1"}
FAMILIES = ("valkey7", "valkey8", "valkey9", "redis6.x", "redis7")


@dataclass(frozen=True)
class Parameter:
    """One engine parameter; `allowed` is a range ("0-100") or a comma-separated list, "" for anything."""

    name: str
    value: str
    type: str
    allowed: str
    change: str = "immediate"


_POLICIES = "volatile-lru,allkeys-lru,volatile-lfu,allkeys-lfu,volatile-random,allkeys-random,volatile-ttl,noeviction"

PARAMETERS: dict[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter("activedefrag", "no", "string", "yes,no"),
        Parameter("active-expire-effort", "1", "integer", "1-10"),
        Parameter("activerehashing", "yes", "string", "yes,no", "requires-reboot"),
        Parameter("client-output-buffer-limit-pubsub-hard-limit", "33554432", "integer", "0-4294967295"),
        Parameter("close-on-slave-write", "yes", "string", "yes,no"),
        Parameter("cluster-enabled", "no", "string", "yes,no", "requires-reboot"),
        Parameter("databases", "16", "integer", "1-1200000", "requires-reboot"),
        Parameter("hash-max-listpack-entries", "512", "integer", "0-10000"),
        Parameter("hash-max-listpack-value", "64", "integer", "0-10000"),
        Parameter("latency-tracking", "no", "string", "yes,no"),
        Parameter("lazyfree-lazy-eviction", "yes", "string", "yes,no", "requires-reboot"),
        Parameter("lazyfree-lazy-expire", "yes", "string", "yes,no", "requires-reboot"),
        Parameter("lazyfree-lazy-user-del", "yes", "string", "yes,no"),
        Parameter("lfu-decay-time", "1", "integer", "0-4294967295"),
        Parameter("lfu-log-factor", "10", "integer", "1-4294967295"),
        Parameter("maxmemory-policy", "volatile-lru", "string", _POLICIES),
        Parameter("maxmemory-samples", "3", "integer", "1-4294967295"),
        Parameter("min-replicas-max-lag", "10", "integer", "0-4294967295"),
        Parameter("min-replicas-to-write", "0", "integer", "0-5"),
        Parameter("notify-keyspace-events", "", "string", ""),
        Parameter("repl-backlog-size", "1048576", "integer", "16384-4294967295"),
        Parameter("reserved-memory-percent", "25", "integer", "0-100"),
        Parameter("slowlog-log-slower-than", "10000", "integer", "-1-4294967295"),
        Parameter("slowlog-max-len", "128", "integer", "0-4294967295"),
        Parameter("stream-node-max-bytes", "4096", "integer", "0-4294967295"),
        Parameter("stream-node-max-entries", "100", "integer", "0-4294967295"),
        Parameter("tcp-keepalive", "300", "integer", "0-4294967295"),
        Parameter("timeout", "0", "integer", "0-4294967295"),
        Parameter("tracking-table-max-keys", "1000000", "integer", "1-100000000"),
    )
}


def fits(parameter: Parameter, value: str) -> bool:
    """Whether the engine takes that value for the parameter."""
    if parameter.type == "integer":
        least, most = re.fullmatch(r"(-?\d+)-(\d+)", parameter.allowed).groups()  # type: ignore[union-attr]  # the table's own form
        return re.fullmatch(r"-?\d+", value) is not None and int(least) <= int(value) <= int(most)
    return not parameter.allowed or value in parameter.allowed.split(",")


def family_of(engine: str, version: str) -> str:
    """The parameter group family of an engine version (major.minor), for example valkey9."""
    major = version.split(".", maxsplit=1)[0]
    return "redis6.x" if (engine, major) == ("redis", "6") else f"{engine}{major}"
