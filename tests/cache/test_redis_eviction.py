"""G8: a Redis that may evict the purge log is refused at the start and never read from later."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.adapters.redis import eviction
from controlplane.adapters.redis.examine import examine
from controlplane.adapters.redis.tier import RedisTier
from controlplane.errors import Refused, Unavailable
from sandbox import valkey
from tests.cache.scene import in_loop, real_cache, until

SECRET = "s3cret"


@pytest.fixture
def evicting(tmp_path: Path) -> Iterator[valkey.Server]:
    """A server that may evict any key, with a password."""
    options = ("--maxmemory-policy", "allkeys-lru", "--requirepass", SECRET)
    server = valkey.start(valkey.free_port(), tmp_path, options=options)
    yield server
    server.stop()


def url(port: int) -> str:
    """Its URL with the password."""
    return f"redis://:{SECRET}@127.0.0.1:{port}/0"


def set_policy(port: int, policy: str) -> None:
    """CONFIG SET, which the sandbox may."""
    import redis

    with redis.Redis(port=port, password=SECRET) as client:
        client.config_set("maxmemory-policy", policy)


@in_loop
async def test_start_up_refuses_a_server_that_may_evict_any_key(evicting: valkey.Server) -> None:
    """The refusal names the server without its secret, its policy and what to set; nothing stays connected."""
    tier = RedisTier(url(evicting.port), read_timeout=10, write_timeout=10)
    with pytest.raises(Refused) as refusal:
        await tier.open()
    said = f"{refusal.value} {refusal.value.next_step}"
    for part in (f"redis://127.0.0.1:{evicting.port}", "allkeys-lru", "volatile-", "noeviction"):
        assert part in said
    assert SECRET not in said
    assert not tier.lane.is_open


@in_loop
async def test_a_cache_does_not_open_over_it(evicting: valkey.Server) -> None:
    """The refusal comes out of the cache's own opening, before anything is read; nothing stays open."""
    cache = real_cache(url(evicting.port), "s")
    with pytest.raises(Refused, match="allkeys-lru"):
        await cache.open()
    await cache.aclose()


@in_loop
async def test_a_server_that_comes_later_is_checked_then(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not there at the start, `allkeys-*` when it comes: closed, said once, no read raises anything new; mended, it
    is used without a restart."""
    port = valkey.free_port()
    tier = RedisTier(f"redis://127.0.0.1:{port}/0", read_timeout=10, write_timeout=10)
    await tier.open()
    with caplog.at_level(logging.WARNING, logger="wedcache"):
        server = valkey.start(port, tmp_path, options=("--maxmemory-policy", "allkeys-lfu"))
        try:
            await until(lambda: tier.lane.refusal)
            assert not tier.lane.is_open
            assert "allkeys-lfu" in tier.lane.trouble
            with pytest.raises(Unavailable, match="allkeys-lfu"):
                await tier.fetch("k")
            assert sum("allkeys-lfu" in line for line in caplog.messages) == 1
            valkey.ask(port, "CONFIG", "SET", "maxmemory-policy", "volatile-ttl")
            await until(lambda: tier.lane.is_open)
            assert await tier.fetch("k") is None
            assert tier.lane.refusal is None
        finally:
            await tier.aclose()
            server.stop()


@in_loop
async def test_the_agent_tells_doctor(evicting: valkey.Server, server: valkey.Server) -> None:
    """What the region's agent asks for `doctor`: refused, with the address and no secret; a fit server passes, one that
    is not there or does not let us in is Unavailable."""
    with pytest.raises(Refused, match="allkeys-lru") as refusal:
        await examine(url(evicting.port))
    assert SECRET not in str(refusal.value)
    await examine(server.url)
    for useless in (f"redis://127.0.0.1:{valkey.free_port()}", f"redis://:wr0ng@127.0.0.1:{evicting.port}"):
        with pytest.raises(Unavailable, match="cannot be used") as trouble:
            await examine(useless, limit=10)
        assert "wr0ng" not in str(trouble.value)


@pytest.mark.parametrize("policy", ["noeviction", "volatile-lru", "volatile-lfu", "volatile-ttl", "volatile-random"])
def test_policies_that_keep_keys_without_a_ttl_pass(policy: str) -> None:
    """Only `allkeys-*` is refused, and an answer that names no policy."""
    assert eviction.verdict(f"# Memory\r\nmaxmemory_policy:{policy}\r\nx:1\r\n".encode(), "redis://h:1") is None


@pytest.mark.parametrize("info", [b"maxmemory_policy:allkeys-random\r\n", b"# Memory\r\nused_memory:1\r\n", b""])
def test_policies_that_may_lose_the_log_are_refused(info: bytes) -> None:
    """What is not known to be safe is not used."""
    refusal = eviction.verdict(info, "redis://h:1")
    assert refusal is not None
    assert "redis://h:1" in str(refusal)
