"""Paths that are not for guests: region health, the replica's door, and the witness."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from hmac import compare_digest
from typing import Any

from aiohttp import web

from controlplane.domain.http_caching import PRIVATE
from sandbox.origin.database import Database
from sandbox.origin.held import HeldWrites, Write
from sandbox.origin.replica import Replica
from sandbox.origin.role import Role, Roles


class Internal:
    """Health for monitors and probes, replication for the other origin, counts for the witness."""

    def __init__(
        self,
        region: str,
        database: Database,
        held: HeldWrites,
        roles: Roles,
        replica: Replica,
        token: str,
        counts: Callable[[], dict[str, int]],
    ) -> None:
        self._region = region
        self._database = database
        self._held = held
        self._roles = roles
        self._replica = replica
        self._token = token
        self._counts = counts

    def routes(self) -> list[web.RouteDef]:
        """To be added before the catch-all of the sites."""
        return [
            web.get("/health", self.health),
            web.post("/_replica/role", self.role),
            web.post("/_replica/apply", self.apply),
            web.get("/_sandbox/db", self.witness),
        ]

    async def health(self, _request: web.Request) -> web.Response:
        """200 while this region may serve; 503 while it is drained, marked down, or its database fails."""
        role, trouble = self._roles.current, ""
        try:
            self._database.counts()
        except sqlite3.Error as broken:
            trouble = f"database: {broken}"
        if role.drain or self._region in role.down:
            trouble = trouble or ("drained" if role.drain else "marked down")
        said = {"region": self._region, "healthy": not trouble, "why": trouble, "home": role.home, "epoch": role.epoch}
        return web.json_response(said, status=503 if trouble else 200, headers=PRIVATE)

    async def role(self, request: web.Request) -> web.Response:
        """Take the asker's role if it is newer; answer with the highest that this region heard of."""
        self._authorise(request)
        said = await request.json()
        self._roles.learn(Role(int(said["epoch"]), str(said["home"]), tuple(said["down"])))
        return self._role(200)

    async def apply(self, request: web.Request) -> web.Response:
        """Hold the home region's writes; 409 with our role when the sender's role is history."""
        self._authorise(request)
        said = await request.json()
        role = Role(int(said["epoch"]), str(said["home"]), tuple(said["down"]))
        writes = [Write(**one) for one in said["writes"]]
        held = await self._replica.apply(writes, role, owed=bool(said["owed"]))
        return self._role(200 if held else 409)

    async def witness(self, request: web.Request) -> web.Response:
        """Row counts, counters and acknowledged writes; from loopback and never through a POP."""
        own = request.host.startswith((f"{self._region}.origin.", "localhost", "127.0.0.1"))
        if request.remote != "127.0.0.1" or not own or "X-Forwarded-For" in request.headers:
            raise web.HTTPNotFound
        reads = self._database.reads
        said: dict[str, Any] = {"region": self._region, "rows": self._database.counts(), "database_reads": reads}
        said["counters"] = {
            **self._counts(),
            "replica_taken": self._replica.taken,
            "replica_refused": self._replica.refused,
        }
        role = self._roles.current
        said["role"] = {"epoch": role.epoch, "home": role.home, "down": role.down, "drain": role.drain}
        said["recovering"] = self._roles.recovering
        said["writes"] = self._held.witness()
        return web.json_response(said, headers=PRIVATE)

    def _authorise(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not compare_digest(given.encode(), self._token.encode()):
            raise web.HTTPForbidden(text="this path is for the other region's origin\n")

    def _role(self, status: int) -> web.Response:
        role = self._roles.current
        said = {"epoch": role.epoch, "home": role.home, "down": role.down, "owed": self._held.owing()}
        return web.json_response(said, status=status, headers=PRIVATE)
