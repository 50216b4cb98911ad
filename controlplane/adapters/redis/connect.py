"""Connections by redis-py with our own settings: its defaults stall a call for 6 to 60 s when a server stops.

redis-py 8.1 waits 5 s a try and tries 10 times (measured against a stopped server); here a call has one try and one
short time limit, and every failure becomes `Unavailable`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any

import redis.asyncio as redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError

from controlplane.adapters.redis.address import Address, parse
from controlplane.errors import Unavailable


class _ClusterClient(RedisCluster):
    """Waits for a turn where redis-py raises (all of a node's connections are taken), and learns the slots alone.

    redis-py 8.1 lets many first commands learn them at once, and then loses connections under some of them (measured:
    up to 24 of 300 failed with "Connection closed by server" against a healthy Cluster).
    """

    def __init__(self, *, turns: int, **settings: Any) -> None:
        # A pipeline takes its connections beside the turns.
        super().__init__(max_connections=2 * turns, **settings)
        self._turns = asyncio.Semaphore(turns)
        self._learning = asyncio.Lock()
        self._is_doubted = False

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        """As redis-py's, in its turn."""
        async with self._turns:
            await self._learn()
            return await super().execute_command(*args, **kwargs)

    async def node_of(self, key: str) -> str:
        """The name of the node that has `key`. Raises what redis-py raises where no node is known to."""
        await self._learn()
        node = self.get_node_from_key(key)
        return "" if node is None else str(node.name)

    def doubt(self) -> None:
        """A node failed: ask for the slots again before the next command, as redis-py does after a single one."""
        self._is_doubted = True

    async def _learn(self) -> None:
        """The slots, once; again when they are in doubt."""
        async with self._learning:
            if self._is_doubted:
                self._is_doubted, self._initialize = False, True
            await self.initialize()

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close every node's connections."""
        await super().aclose()


def connect(url: str, *, timeout: float, text: bool, most: int = 16) -> Any:
    """A redis-py client of `url` (see `address`) that tries once, for `timeout` seconds, over at most `most`
    connections (a node).

    `text` decodes answers as UTF-8. A call that finds all connections taken waits for one, for the same time.
    """
    place = parse(url)
    settings: dict[str, Any] = {
        "username": place.user or None,
        "password": place.password or None,
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "decode_responses": text,
        "health_check_interval": 0,
    }
    if place.is_cluster:
        return _cluster(place, most, settings)
    if place.tls is not None:
        settings |= {"connection_class": redis.SSLConnection, "ssl_ca_certs": place.ca or None}
    return redis.Redis.from_pool(
        redis.BlockingConnectionPool(
            host=place.host, port=place.port, db=place.database, max_connections=most, timeout=timeout, **settings
        )
    )


def _cluster(place: Address, most: int, settings: dict[str, Any]) -> _ClusterClient:
    """A client of all nodes; it reads the slot map at its first command, not before."""
    return _ClusterClient(
        turns=most,
        startup_nodes=[ClusterNode(host, port) for host, port in place.seeds],
        ssl=place.tls is not None,
        ssl_ca_certs=place.ca or None,
        **settings,
    )


def script(*names: str) -> str:
    """The Lua of these files, one after the other."""
    folder = resources.files(__package__) / "scripts"
    return "\n".join((folder / f"{name}.lua").read_text() for name in names)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn every failure of Redis into `Unavailable`, saying that `what` is not known to have happened."""
    try:
        yield
    except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
        raise Unavailable(
            f"Redis did not answer: {what} ({type(error).__name__}: {error})",
            next_step="Check the region's Redis; the same call may be repeated.",
        ) from error
