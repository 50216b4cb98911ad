"""Pools, monitors and load balancers through the official SDK: life, references, ranges and limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare

from tests.sandbox.cloudflare.emulator import Emulator, code, running

Names = Iterator[str]


@pytest.fixture(scope="module")
def names() -> Names:
    return (f"pool-{number}" for number in range(1000))


@pytest.fixture
def monitor(emulator: Emulator, client: Cloudflare) -> Iterator[str]:
    made: Any = client.load_balancers.monitors.create(
        account_id=emulator.account, type="https", interval=15, path="/health", expected_codes="200"
    )
    yield made.id
    client.load_balancers.monitors.delete(made.id, account_id=emulator.account)


@pytest.fixture
def pool(emulator: Emulator, client: Cloudflare, monitor: str, names: Names) -> Iterator[str]:
    made: Any = client.load_balancers.pools.create(
        account_id=emulator.account, name=next(names), monitor=monitor, origins=[_origin("b"), _origin("a")]
    )
    yield made.id
    client.load_balancers.pools.delete(made.id, account_id=emulator.account)


def _origin(name: str, **more: Any) -> Any:
    return {"name": name, "address": f"{name}.origin.weddings.example"} | more


def test_pool_answers_as_the_vendor_does(emulator: Emulator, client: Cloudflare, pool: str) -> None:
    """Origins come back in alphabetical order with port 0, and the pool is enabled with defaults."""
    read: Any = client.load_balancers.pools.get(pool, account_id=emulator.account)
    assert [(row.name, row.port, row.enabled) for row in read.origins] == [("a", 0, True), ("b", 0, True)]
    assert (read.enabled, read.minimum_origins) == (True, 1)
    assert pool in {row.id for row in client.load_balancers.pools.list(account_id=emulator.account)}


def test_patch_disables_a_pool_and_put_resets_it(emulator: Emulator, client: Cloudflare, pool: str) -> None:
    """PATCH changes what it names and tells since when a pool is disabled; PUT gives defaults to the rest."""
    off: Any = client.load_balancers.pools.edit(pool, account_id=emulator.account, enabled=False, minimum_origins=2)
    assert off.enabled is False
    assert off.disabled_at is not None
    assert (off.minimum_origins, len(off.origins)) == (2, 2)
    put: Any = client.load_balancers.pools.update(
        pool, account_id=emulator.account, name=off.name, origins=[_origin("a")]
    )
    assert (put.enabled, put.minimum_origins, put.monitor, put.disabled_at) == (True, 1, None, None)


def test_referenced_objects_cannot_be_deleted(
    emulator: Emulator, client: Cloudflare, zone: str, pool: str, monitor: str
) -> None:
    """412 and 1005 for a monitor that a pool uses and for a pool that a load balancer names; both stay."""
    name = f"app.{client.zones.get(zone_id=zone).name}"  # type: ignore[union-attr]  # the zone was just made
    balancer: Any = client.load_balancers.create(zone_id=zone, name=name, default_pools=[pool], fallback_pool=pool)
    for delete in (
        lambda: client.load_balancers.monitors.delete(monitor, account_id=emulator.account),
        lambda: client.load_balancers.pools.delete(pool, account_id=emulator.account),
    ):
        with pytest.raises(cloudflare.APIStatusError) as refused:
            delete()
        assert (refused.value.status_code, code(refused.value)) == (412, 1005)
    references: Any = list(client.load_balancers.pools.references.get(pool, account_id=emulator.account))
    assert [row.resource_id for row in references] == [balancer.id]
    client.load_balancers.delete(balancer.id, zone_id=zone)


def test_load_balancer_lives_from_create_to_delete(
    emulator: Emulator, client: Cloudflare, zone: str, pool: str, names: Names
) -> None:
    """A load balancer is made, steered by PATCH to other pools, replaced by PUT, listed and deleted."""
    name = f"app.{client.zones.get(zone_id=zone).name}"  # type: ignore[union-attr]  # the zone was just made
    other: Any = client.load_balancers.pools.create(
        account_id=emulator.account, name=next(names), origins=[_origin("c")]
    )
    made: Any = client.load_balancers.create(
        zone_id=zone, name=name, default_pools=[pool, other.id], fallback_pool=pool, proxied=True, steering_policy="off"
    )
    steered: Any = client.load_balancers.edit(made.id, zone_id=zone, default_pools=[other.id])
    assert (steered.default_pools, steered.fallback_pool, steered.proxied) == ([other.id], pool, True)
    put: Any = client.load_balancers.update(made.id, zone_id=zone, name=name, default_pools=[pool], fallback_pool=pool)
    assert (put.default_pools, put.proxied) == ([pool], False)
    assert [row.id for row in client.load_balancers.list(zone_id=zone)] == [made.id]
    client.load_balancers.delete(made.id, zone_id=zone)
    with pytest.raises(cloudflare.NotFoundError):
        client.load_balancers.get(made.id, zone_id=zone)
    client.load_balancers.pools.delete(other.id, account_id=emulator.account)


def test_wrong_monitors_are_refused(emulator: Emulator, client: Cloudflare) -> None:
    """Intervals under 15 s off Enterprise, ranges, codes, paths and unknown keys get 1002; unprobed types 501."""
    url = f"/accounts/{emulator.account}/load_balancers/monitors"
    wrong: list[dict[str, Any]] = [
        {"interval": 14},
        {"interval": 3601},
        {"timeout": 11},
        {"retries": 6},
        {"type": "https", "expected_codes": "fine"},
        {"type": "https", "path": "health"},
        {"type": "gopher"},
        {"type": "tcp"},
        {"intervall": 30},
        {"interval": "30"},
    ]
    for body in wrong:
        with pytest.raises(cloudflare.BadRequestError) as refused:
            client.post(url, body=body, cast_to=object)
        assert code(refused.value) == 1002, body
    with pytest.raises(cloudflare.InternalServerError) as elsewhere:
        client.post(url, body={"type": "icmp_ping"}, cast_to=object)
    assert elsewhere.value.status_code == 501


def test_wrong_pools_and_balancers_are_refused(emulator: Emulator, client: Cloudflare, zone: str, pool: str) -> None:
    """Unknown monitors and pools, names, weights, doubles, foreign hosts and Enterprise fields are refused."""
    pools = f"/accounts/{emulator.account}/load_balancers/pools"
    wrong_pools: list[tuple[dict[str, Any], int]] = [
        ({"name": "with space", "origins": [_origin("a")]}, 1002),
        ({"name": "x", "origins": []}, 1002),
        ({"name": "x"}, 1002),
        ({"name": "x", "origins": [_origin("a")], "monitor": "0" * 32}, 1002),
        ({"name": "x", "origins": [_origin("a", weight=2)]}, 1002),
        ({"name": "x", "origins": [_origin("a"), _origin("a")]}, 1003),
        ({"name": "x", "origins": [_origin("a", adress="b")]}, 1002),
    ]
    for body, expected in wrong_pools:
        with pytest.raises(cloudflare.BadRequestError) as refused:
            client.post(pools, body=body, cast_to=object)
        assert code(refused.value) == expected, body
    good = {"name": client.zones.get(zone_id=zone).name, "default_pools": [pool], "fallback_pool": pool}  # type: ignore[union-attr]  # the zone was just made
    wrong: list[dict[str, Any]] = [
        {"name": "app.elsewhere.example"},
        {"default_pools": []},
        {"fallback_pool": "0" * 32},
        {"steering_policy": "best"},
        {"region_pools": {"EUROPE": [pool]}},
        {"session_affinity": "cookie", "session_affinity_ttl": 5},
        {"pop_pools": {"FRA": [pool]}},
    ]
    for change in wrong:
        with pytest.raises((cloudflare.BadRequestError, cloudflare.PermissionDeniedError)) as bad:
            client.post(f"/zones/{zone}/load_balancers", body=good | change, cast_to=object)
        assert code(bad.value) in (1002, 1135), change


def test_account_limits_off_enterprise(free: Emulator) -> None:
    """The 21st endpoint is refused with 1004 although each pool is small."""
    client = free.client()
    rows = [_origin(f"o{number}") for number in range(20)]
    full: Any = client.load_balancers.pools.create(account_id=free.account, name="full", origins=rows)
    with pytest.raises(cloudflare.BadRequestError) as refused:
        client.load_balancers.pools.create(account_id=free.account, name="more", origins=[_origin("z")])
    assert code(refused.value) == 1004
    client.load_balancers.pools.delete(full.id, account_id=free.account)


def test_enterprise_may_probe_every_ten_seconds(tmp_path: Path) -> None:
    """On Enterprise 10 s are accepted and 9 s refused."""
    with running(tmp_path, "--plan", "enterprise") as big:
        client = big.client()
        made: Any = client.load_balancers.monitors.create(account_id=big.account, interval=10)
        assert made.interval == 10
        with pytest.raises(cloudflare.BadRequestError):
            client.load_balancers.monitors.create(account_id=big.account, interval=9)
