"""Connections by redis-py with our own settings: its defaults stall a call for 6 to 60 s when a server stops.

redis-py 8.1 waits 5 s a try and tries 10 times (measured against a stopped server); here a call has one try and one
short time limit, and every failure becomes `Unavailable`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from controlplane.errors import Unavailable


def connect(url: str, *, timeout: float, text: bool, most: int = 16) -> redis.Redis:
    """A client of `url` (`redis://` or `rediss://`) that tries once, for `timeout` seconds, over at most `most`
    connections.

    `text` decodes answers as UTF-8. A call that finds all connections taken waits for one, for the same time.
    """
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=most,
        timeout=timeout,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        decode_responses=text,
        health_check_interval=0,
    )
    return redis.Redis.from_pool(pool)


def script(*names: str) -> str:
    """The Lua of these files, one after the other."""
    folder = resources.files(__package__) / "scripts"
    return "\n".join((folder / f"{name}.lua").read_text() for name in names)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn every failure of Redis into `Unavailable`, saying that `what` is not known to have happened."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise Unavailable(
            f"Redis did not answer: {what} ({type(error).__name__}: {error})",
            next_step="Check the region's Redis; the same call may be repeated.",
        ) from error
