"""Where a Cloudflare POP sends a request: load balancer, health, failover, hosts, TLS modes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from sandbox.probe import probe
from tests.sandbox.pop.declared import cloudflare
from tests.sandbox.pop.portal import APP, Portal, played
from tests.sandbox.pop.world import HOME, STANDBY


def balanced(**changes: Any) -> dict[str, Any]:
    """The portal behind a load balancer over two pools; `health`, `enabled` and `across` change it."""
    health = changes.get("health", {})

    def pool(name: str, address: str) -> dict[str, Any]:
        return {
            "enabled": changes.get("enabled", {}).get(name, True),
            "monitor": "m1",
            "minimum_origins": 1,
            "origins": [{"name": name, "address": address, "enabled": True, "weight": 1}],
            "health": {name: health.get(name, True)},
        }

    balancer = {
        "name": APP,
        "proxied": True,
        "enabled": True,
        "default_pools": ["p1", "p2"],
        "fallback_pool": "p2",
        "steering_policy": "off",
        "adaptive_routing": {"failover_across_pools": changes.get("across", False)},
    }
    first = "gone.weddings.example" if changes.get("dead") else HOME
    pools = {"p1": pool("home", first), "p2": pool("standby", STANDBY)}
    return cloudflare(load_balancers=[balancer], pools=pools, monitors={"m1": {"type": "https"}})


def test_the_load_balancer(tmp_path: Path) -> None:
    """The first healthy enabled pool serves; health and switches move traffic; all unhealthy means the fallback."""

    async def scene(portal: Portal) -> None:
        async def served(**changes: Any) -> str:
            await portal.declare(**balanced(**changes))
            return (await portal.get("/page")).text.partition(":")[0]

        assert await served() == "home"
        assert portal.home.asked[-1].headers["Host"] == APP
        assert await served(health={"home": False}) == "standby"
        assert await served(enabled={"home": False}) == "standby"
        assert await served(health={"home": False, "standby": False}) == "standby"
        assert await served(health={"standby": False}) == "home"

    played(tmp_path, scene)


def test_failover_across_pools(tmp_path: Path) -> None:
    """An origin that cannot be reached is Cloudflare's own error; another pool is tried only where declared."""

    async def scene(portal: Portal) -> None:
        hosts = portal.stage.run.hosts
        text = hosts.read_text()
        hosts.write_text(text.replace(HOME, "gone.weddings.example").replace(text.split('"')[3], "127.0.0.1:1"))
        await portal.declare(**balanced(dead=True))
        assert (await portal.get("/page")).status == 521
        await portal.declare(**balanced(dead=True, across=True))
        assert (await portal.get("/page")).text == "standby:one"

    played(tmp_path, scene)


def test_hosts_and_ssl(tmp_path: Path) -> None:
    """Only proxied names are served; a zone that is not active is not; plain HTTP moves where the zone says so."""

    async def scene(portal: Portal) -> None:
        await portal.declare(**cloudflare(settings={"always_use_https": "on"}))
        assert (await portal.get("/a")).status == 200
        assert [(await portal.get("/a", host=host)).status for host in ("como.weddings.example", "x.example")] == [
            530,
            530,
        ]
        moved = await asyncio.to_thread(probe, f"http://{APP}/a", "FRA", {}, portal.stage.run)
        assert (moved["status"], moved["headers"]["location"]) == (301, f"https://{APP}/a")
        await portal.declare(**cloudflare(settings={"ssl": "flexible"}))
        assert (await portal.get("/a")).status >= 400  # plain HTTP to an origin that speaks TLS
        await portal.declare(**cloudflare(settings={"ssl": "full"}))
        assert (await portal.get("/a")).status == 200
        await portal.declare(**cloudflare(status="pending"))
        assert (await portal.get("/a")).status == 530

    played(tmp_path, scene, http=True)
