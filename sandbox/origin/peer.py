"""The other region's origin over HTTPS, a round trip away; silence is an answer of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp

from sandbox.certificates import client_context
from sandbox.delays import round_trip_seconds
from sandbox.origin.held import Write, as_json
from sandbox.origin.role import Role
from sandbox.origin.writer import Told
from sandbox.run import Run
from sandbox.watched import WatchedJson

TIMEOUT = 1.0
FORWARDED = "X-Wedcache-Forwarded-By"


class RemoteOrigin:
    """`Peer` of the writer, and the way to forward a guest's write to the region that is home."""

    def __init__(self, run: Run, here: str, region: str, zone: str, token: str) -> None:
        self.region = region
        self._here = here
        self._registry = WatchedJson(run.registry)
        self._dns = WatchedJson(run.hosts)
        self._name = f"{region}.origin.{zone}"
        self._token = token
        self._distance = round_trip_seconds(here, region)
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT),
            connector=aiohttp.TCPConnector(ssl=client_context(run), limit=64),
        )

    async def close(self) -> None:
        """Drop the connections."""
        await self._session.close()

    async def apply(self, writes: Iterable[Write], role: Role, *, owed: bool = False) -> Told | None:
        """POST /_replica/apply; None when no answer came within the round trip and the time-out."""
        return await self._told("apply", {**_said(role), "owed": owed, "writes": [as_json(write) for write in writes]})

    async def ask_role(self, role: Role) -> Told | None:
        """POST /_replica/role."""
        return await self._told("role", _said(role))

    async def forward(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes] | None:
        """A guest's or owner's write, as it came, to the home region: (status, body), or None for silence."""
        passed = {
            name: headers[name] for name in ("Content-Type", "Idempotency-Key", "Authorization") if name in headers
        }
        return await self._request(
            method, path, {**passed, "Host": headers["Host"], FORWARDED: self._here}, body, patience=2 * TIMEOUT
        )

    async def _told(self, door: str, body: dict[str, Any]) -> Told | None:
        headers = {"Host": self._name, "Authorization": f"Bearer {self._token}"}
        answer = await self._request("POST", f"/_replica/{door}", headers, json.dumps(body).encode())
        if answer is None or answer[0] not in (200, 409):
            return None
        said = json.loads(answer[1])
        role = Role(int(said["epoch"]), str(said["home"]), tuple(said["down"]))
        return Told(answer[0] == 200, role, int(said["owed"]))

    async def _request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, patience: float = TIMEOUT
    ) -> tuple[int, bytes] | None:
        registered = self._registry.read().get("endpoints", {}).get(f"origin-{self.region}", "")
        endpoint = str(self._dns.read().get(self._name, registered))
        if not endpoint:
            return None
        await asyncio.sleep(self._distance)
        url = endpoint if "://" in endpoint else f"https://{endpoint}"
        try:
            async with self._session.request(
                method,
                url.rstrip("/") + path,
                headers=headers,
                data=body,
                server_hostname=self._name,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=patience),
            ) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None


def _said(role: Role) -> dict[str, Any]:
    return {"epoch": role.epoch, "home": role.home, "down": list(role.down)}
