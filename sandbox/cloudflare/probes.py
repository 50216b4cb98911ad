"""Monitors that really probe: one task for each enabled origin of a monitored pool, each `interval` of real time."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from sandbox.clock import OffsetClock
from sandbox.cloudflare.answers import Json
from sandbox.cloudflare.asks import instant
from sandbox.cloudflare.health import Probe, after
from sandbox.cloudflare.monitors import codes_expected
from sandbox.cloudflare.world import OriginHealth, World
from sandbox.run import Run
from sandbox.watched import WatchedJson

AGENT = "Mozilla/5.0 (compatible; Cloudflare-Traffic-Manager/1.0; +https://www.cloudflare.com/traffic-manager/)"
BODY_READ = 64 * 1024


@dataclass(frozen=True)
class Target:
    """What one task probes: it is replaced when pool, origin or monitor change."""

    pool_id: str
    pool_name: str
    origin: str
    address: str
    host: str
    port: int
    monitor: str

    @property
    def rules(self) -> Json:
        """The monitor's row (kept as text, so that a target can be compared)."""
        rules: Json = json.loads(self.monitor)
        return rules


def targets(world: World) -> set[Target]:
    """Every origin that a monitor must probe now."""
    found = set()
    for pool in world.pools.values():
        monitor = world.monitors.get(pool["monitor"])
        if monitor is None or not pool["enabled"]:
            continue
        for origin in pool["origins"]:
            if origin["enabled"]:
                hosts = origin.get("header", {}).get("Host") or monitor["header"].get("Host") or [origin["address"]]
                port = monitor["port"] or origin["port"] or {"http": 80, "https": 443}.get(monitor["type"], 0)
                found.add(
                    Target(
                        pool_id=pool["id"],
                        pool_name=pool["name"],
                        origin=origin["name"],
                        address=origin["address"],
                        host=hosts[0],
                        port=port,
                        monitor=json.dumps(monitor, sort_keys=True),
                    )
                )
    return found


def resolve(hosts: Json, target: Target) -> tuple[str, int] | None:
    """Where the sandbox's DNS leads: (127.0.0.1, port), or None for a name that is not in it."""
    where = hosts.get(target.address)
    if where is not None:
        host, _, port = str(where).rpartition(":")
        return host, int(port)
    return (target.address, target.port) if target.address.startswith("127.") else None


class Monitors:
    """Keeps one probing task a target, until `close`."""

    def __init__(self, world: World, run: Run, clock: OffsetClock) -> None:
        self._world = world
        self._hosts = WatchedJson(run.hosts)
        self._ca = run.ca
        self._log = run.log("monitor")
        self._clock = clock
        self._tasks: dict[Target, asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None

    def follow(self) -> None:
        """Start tasks for new targets, end those that are gone, and forget health that nobody measures any more."""
        wanted = targets(self._world)
        for gone in set(self._tasks) - wanted:
            self._tasks.pop(gone).cancel()
        measured = {(target.pool_id, target.origin) for target in wanted}
        for pool_id, known in self._world.health.items():
            for origin in [name for name in known if (pool_id, name) not in measured]:
                del known[origin]
        for target in wanted - set(self._tasks):
            self._tasks[target] = asyncio.get_running_loop().create_task(self._watch(target))
            self._tasks[target].add_done_callback(_tell)

    async def close(self) -> None:
        """End every task and close the client."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _watch(self, target: Target) -> None:
        rules = target.rules
        while True:
            began = time.monotonic()
            probe = await self._with_retries(target, rules)
            known = self._world.health.setdefault(target.pool_id, {})
            before = known.get(target.origin, OriginHealth())
            known[target.origin] = after(before, probe, rules)
            self._note(target, probe, known[target.origin])
            if known[target.origin].healthy is not before.healthy:
                self._world.touch()
            await asyncio.sleep(max(0.0, rules["interval"] - (time.monotonic() - began)))

    async def _with_retries(self, target: Target, rules: Json) -> Probe:
        probe = await self._probe(target, rules)
        for _ in range(rules["retries"]):
            if probe.ok:
                break
            probe = await self._probe(target, rules)
        return probe

    async def _probe(self, target: Target, rules: Json) -> Probe:
        where = resolve(self._hosts.read(), target)
        if where is None:
            return Probe(ok=False, code=None, seconds=0.0, reason="DNS resolution failed")
        ask = self._connect if rules["type"] == "tcp" else self._request
        return await _timed(lambda: ask(where, target, rules), rules["timeout"])

    async def _connect(self, where: tuple[str, int], target: Target, rules: Json) -> tuple[int | None, str]:
        _, writer = await asyncio.open_connection(*where)
        writer.close()
        return None, ""

    async def _request(self, where: tuple[str, int], target: Target, rules: Json) -> tuple[int | None, str]:
        headers = {
            name: values[0] for name, values in rules["header"].items() if values and name.lower() != "user-agent"
        }
        headers |= {"Host": target.host, "User-Agent": AGENT}
        async with self._client().request(
            rules["method"] or "GET",
            f"{rules['type']}://{where[0]}:{where[1]}{rules['path']}",
            headers=headers,
            allow_redirects=False,
            ssl=_tls(self._ca, insecure=rules["allow_insecure"]) if rules["type"] == "https" else True,
            server_hostname=target.host if rules["type"] == "https" else None,
        ) as response:
            body = (await response.content.read(BODY_READ)).decode(errors="replace")
        if not codes_expected(rules["expected_codes"], response.status):
            return response.status, "Response code mismatch error"
        if rules["expected_body"].lower() not in body.lower():
            return response.status, "Response body mismatch error"
        return response.status, ""

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True, limit=0))
        return self._session

    def _note(self, target: Target, probe: Probe, health: OriginHealth) -> None:
        row = {
            "monotonic": time.monotonic(),
            "at": instant(self._clock.now()),
            "pool": target.pool_name,
            "pool_id": target.pool_id,
            "origin": target.origin,
            "ok": probe.ok,
            "healthy": health.healthy,
            "status": probe.code,
            "seconds": round(probe.seconds, 4),
            "reason": probe.reason,
        }
        with self._log.open("a") as log:
            log.write(json.dumps(row) + "\n")


def _tell(task: asyncio.Task[None]) -> None:
    """A probing task ends by cancellation only; anything else is a defect that must be seen."""
    if not task.cancelled() and (problem := task.exception()) is not None:
        traceback.print_exception(problem)


async def _timed(ask: Callable[[], Awaitable[tuple[int | None, str]]], timeout_seconds: float) -> Probe:
    began = time.monotonic()
    code: int | None = None
    try:
        async with asyncio.timeout(timeout_seconds):
            code, reason = await ask()
    except TimeoutError:
        reason = "HTTP timeout occurred"
    except (ssl.SSLError, aiohttp.ClientSSLError) as problem:
        reason = f"TLS handshake failed: {type(problem).__name__}"
    except (OSError, aiohttp.ClientError) as problem:
        reason = f"TCP connection failed: {type(problem).__name__}"
    return Probe(ok=not reason, code=code, seconds=time.monotonic() - began, reason=reason or "No failures")


def _tls(ca: Path, *, insecure: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca) if ca.exists() else None)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
