"""`python -m controlplane.cache inspect KEY`: what Redis holds of a key, why it is or is not served, and no secrets."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from controlplane.adapters.redis.header import VALUE, header
from controlplane.adapters.redis.look import RedisLook
from controlplane.adapters.redis.tier import RedisTier
from controlplane.cache import Cache, Load
from controlplane.cache.__main__ import main
from controlplane.cache.envelope import VERSION
from controlplane.cache.inspection import Inspection, inspect
from sandbox import valkey
from tests.cache import redis_cluster
from tests.cache.scene import in_loop, real_cache, until

LONGEST = 2**20
GUESTS = [{"name": f"Guest {number}", "table": number} for number in range(100)]


async def load(context: Load) -> Any:
    """What the pages are made of; it learns a tag."""
    context.tags.append("vendor:7")
    return GUESTS


async def filled(cache: Cache, *keys: str) -> RedisTier:
    """Load the keys, and wait until Redis has them."""
    tier = cache._second
    assert isinstance(tier, RedisTier)
    before = tier.stats.fills
    for key in keys:
        await cache.get_or_load(key, load, tags=["wedding:como"])
    await until(lambda: tier.stats.fills == before + len(keys))
    return tier


async def asked(server: valkey.Server, scope: str, key: str) -> Inspection:
    """One look."""
    look = RedisLook(server.url, scope=scope)
    try:
        return await inspect(look, "main", key, longest=LONGEST)
    finally:
        await look.aclose()


@in_loop
async def test_an_entry_is_told_in_full(server: valkey.Server, scope: str) -> None:
    """Version, format, sizes, as-of, age, remaining times, tags; and that it is a hit."""
    async with real_cache(server.url, scope) as cache:
        tier = await filled(cache, "guests:7")
        found = await asked(server, scope, "guests:7")
        assert found.verdict.startswith("hit")
        assert (found.version, found.serializer, found.compressed) == (VERSION, "msgpack", True)
        assert found.name == tier.name("main:guests:7")
        assert found.value_bytes is not None
        assert found.bytes < found.value_bytes
        assert found.as_of == found.log == f"{cache.position.epoch} {cache.position.n}"
        assert found.tags == ("wedding:como", "vendor:7", "*", "ns:main", "key:main:guests:7")
        assert found.age is not None
        assert found.fresh_for is not None
        assert found.age + found.fresh_for == pytest.approx(1800, abs=1)
        assert found.remaining_life == pytest.approx(1800 + 78 * 3600, abs=60)
        assert found.purges == {}
        assert "Guest 5" not in str(found)


@in_loop
async def test_purges_of_its_tags_are_told(server: valkey.Server, scope: str) -> None:
    """Expired: stale, by which tag; removed: never served; the removed key itself: a tombstone."""
    async with real_cache(server.url, scope) as cache:
        await filled(cache, "a", "b")
        await cache.expire(tags=["vendor:7"])
        found = await asked(server, scope, "a")
        assert found.verdict == "stale: its tags were expired since its load began (vendor:7)"
        assert found.purges == {"vendor:7": (1, 0)}
        await cache.remove(tags=["wedding:como"])
        found = await asked(server, scope, "a")
        assert found.verdict == "never served: its tags were removed since its load began (wedding:como, vendor:7)"
        assert found.purges == {"wedding:como": (0, 2), "vendor:7": (1, 0)}
        await cache.remove("b")
        found = await asked(server, scope, "b")
        assert found.verdict.startswith("miss: it was removed by purge 3 ")
        assert found.remaining_life == pytest.approx(120, abs=5)


@in_loop
async def test_a_lost_log_is_told(victim: valkey.Server, scope: str) -> None:
    """After the log began anew, what was cached before is stale, for a purge may have been lost."""
    async with real_cache(victim.url, scope) as cache:
        await filled(cache, "a")
    valkey.ask(victim.port, "DEL", f"{{wc:{scope}}}:head", f"{{wc:{scope}}}:barriers", f"{{wc:{scope}}}:log")
    async with real_cache(victim.url, scope):
        found = await asked(victim, scope, "a")
    assert found.verdict.startswith("stale: the purge log began anew")


@in_loop
async def test_what_is_no_entry_says_what_it_is(server: valkey.Server, scope: str) -> None:
    """Nothing, foreign bytes, another type, damage and another release each have their own words."""
    async with real_cache(server.url, scope) as cache:
        tier = await filled(cache, "a")
        look = RedisLook(server.url, scope=scope)
        stored = (await look.held("main:a")).stored
        await look.aclose()
        assert stored is not None
        cases = {
            "nothing": ("miss: Redis holds nothing under this key", None),
            "foreign": ("miss: what stands there (a string) was not written by the cache", b"pickle"),
            "damaged": ("miss: it is damaged: its checksum is wrong", stored.payload[:-1] + b"\xc1"),
            "newer": (
                "miss: another release wrote it, or a serializer that is not known here",
                stored.payload[:2] + bytes([VERSION + 1]) + stored.payload[3:],
            ),
            "copied": ("miss: these bytes are no entry of this key", stored.payload),
        }
        for key, (verdict, payload) in cases.items():
            if payload is not None:
                before = b"" if key == "foreign" else header(VALUE, stored.as_of, 1.0)
                await tier._redis.set(tier.name(f"main:{key}"), before + payload)
            assert (await asked(server, scope, key)).verdict == verdict
        await tier._redis.lpush(tier.name("main:list"), b"x")
        found = await asked(server, scope, "list")
        assert (found.verdict, found.remaining_life) == (
            "miss: what stands there (a list) was not written by the cache",
            None,
        )


@in_loop
async def test_a_cluster_is_asked_node_by_node(tmp_path: Path) -> None:
    """The same facts from a Cluster, wherever the key's slot is."""
    with redis_cluster.running(tmp_path) as nodes:
        url = redis_cluster.url(nodes)
        async with real_cache(url, "main") as cache:
            await filled(cache, "a", "b", "c")
            await cache.expire(tags=["vendor:7"])
            look = RedisLook(url)
            found = [await inspect(look, "main", key, longest=LONGEST) for key in ("a", "b", "c", "d")]
            await look.aclose()
    assert [one.verdict.partition(":")[0] for one in found] == ["stale", "stale", "stale", "miss"]
    assert all(one.age is not None and one.age < 60 for one in found[:3])


def test_the_command(server: valkey.Server, scope: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Text or JSON; the value only with --value; the address from the environment if it is not given."""

    async def prepare() -> None:
        async with real_cache(server.url, scope) as cache:
            await filled(cache, "guests:7")

    asyncio.run(prepare())
    common = ["inspect", "guests:7", "--url", server.url, "--scope", scope]
    assert main(common) == 0
    told = capsys.readouterr().out
    assert told.startswith("guests:7: hit")
    assert "serializer: msgpack" in told
    assert "Guest 5" not in told
    assert main([*common, "--output", "json"]) == 0
    parsed = json.loads(capsys.readouterr().out)
    assert (parsed["schema"], parsed["verdict"][:3], "value" in parsed) == ("wedcache.inspect/1", "hit", False)
    assert main([*common, "--output", "json", "--value"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == GUESTS
    environment = os.environ | {"WEDCACHE_REDIS_URL": server.url}
    run = subprocess.run(
        [sys.executable, "-m", "controlplane.cache", "inspect", "guests:7", "--scope", scope, "--value"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "Guest 5" in run.stdout


def test_errors_are_clear_and_show_no_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No address, a wrong one and a Redis that is not there end with a code, a reason and no secret."""
    monkeypatch.delenv("WEDCACHE_REDIS_URL", raising=False)
    assert main(["inspect", "k"]) == 2
    assert "--url redis://" in capsys.readouterr().err
    assert main(["inspect", "k", "--url", "https://user:secret@host"]) == 2
    assert main(["inspect", "k", "--url", f"redis://user:secret@127.0.0.1:{valkey.free_port()}/0"]) == 18
    told = capsys.readouterr()
    assert "nothing is known of the key" in told.err
    assert "secret" not in told.err + told.out
