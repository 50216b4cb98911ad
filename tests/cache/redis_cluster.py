"""A real Valkey Cluster of three primaries on loopback."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis

from controlplane.adapters.redis.cluster import SLOTS
from sandbox import valkey

Nodes = list[valkey.Server]


def ask(node: valkey.Server, *words: str | int) -> Any:
    """One command to one node, parsed."""
    with redis.Redis(port=node.port, decode_responses=True, protocol=2, socket_timeout=60) as client:
        return client.execute_command(*words)


def shares(count: int) -> list[tuple[int, int]]:
    """The slots of each of `count` nodes, first and last."""
    edges = [SLOTS * number // count for number in range(count + 1)]
    return [(first, after - 1) for first, after in itertools.pairwise(edges)]


def url(nodes: Nodes) -> str:
    """All nodes as seeds."""
    return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)


def start_node(folder: Path, port: int | None = None) -> valkey.Server:
    """One node that knows nobody and has no slots."""
    options = (
        *("--cluster-enabled", "yes", "--cluster-port", str(valkey.free_port()), "--cluster-node-timeout", "1000"),
        # Whoever lives serves its slots, as ElastiCache has it.
        *("--cluster-require-full-coverage", "no"),
    )
    return valkey.start(port or valkey.free_port(), folder, options=options)


@contextmanager
def running(folder: Path, count: int = 3) -> Iterator[Nodes]:
    """Nodes that know each other and share all slots."""
    nodes: Nodes = []
    try:
        nodes.extend(start_node(folder / str(number)) for number in range(count))
        for node, (first, last) in zip(nodes, shares(count), strict=True):
            ask(node, "CLUSTER ADDSLOTSRANGE", first, last)
        for node in nodes[1:]:
            meet(nodes[0], node)
        wait_for_peace(nodes)
        yield nodes
    finally:
        for node in nodes:
            node.stop()


def meet(one: valkey.Server, other: valkey.Server) -> None:
    """Introduce two nodes."""
    bus = ask(other, "CONFIG GET", "cluster-port")["cluster-port"]
    ask(one, "CLUSTER MEET", "127.0.0.1", other.port, bus)


def wait_for_peace(nodes: Nodes) -> None:
    """Until every node knows who has every slot."""
    deadline = time.monotonic() + 60
    while not all(_knows_all(node) for node in nodes):
        assert time.monotonic() < deadline, "the Cluster does not come up"
        time.sleep(0.02)


def _knows_all(node: valkey.Server) -> bool:
    info = ask(node, "CLUSTER INFO")
    return (info["cluster_state"], int(info["cluster_slots_ok"])) == ("ok", SLOTS)


def node_id(node: valkey.Server) -> str:
    """Its name in the Cluster."""
    return str(ask(node, "CLUSTER MYID"))


def forget(node: valkey.Server, other: valkey.Server) -> None:
    """Let `node` forget `other`; nodes pass that on, so it may have happened already."""
    known = ask(node, "CLUSTER NODES")
    for entry in (entry for place, entry in known.items() if place.endswith(f":{other.port}")):
        with suppress(redis.ResponseError):
            ask(node, "CLUSTER FORGET", str(entry["node_id"]))
