"""The dead region wakes with old data: guests' writes that waited for it, and its former role, tried at every door."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import sqlite3
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from controlplane.adapters.redis.control import RedisControlKeys
from controlplane.errors import Refused
from controlplane.ports.control_keys import REGION, Document
from sandbox import certificates
from sandbox.origin.secret_files import REPLICA, token
from sandbox.rehearsal.tiers import redis_url
from sandbox.run import Run
from sandbox.world import World

HOST = "como.weddings.example"
WAITING = 8
"""Guests whose writes reach the region while it is dead, and are answered when it wakes."""
CONNECTED_SECONDS = 0.3
ANSWER_SECONDS = 10.0
PATIENCE_SECONDS = 10.0
Answer = tuple[int, dict[str, Any]]


def write(run: Run, region: str, key: str) -> Answer:
    """A guest's answer, sent to a region's origin itself, past every CDN; status 0 for silence."""
    body = json.dumps({"guest": 1, "attending": True, "menu": "any", "key": key})
    try:
        return post(run, region, "/rsvp", body, {"Host": HOST})
    except (OSError, http.client.HTTPException):
        return 0, {}


def as_it_was(run: Run, world: World, epoch: int) -> Answer:
    """What the standby says to a write from the region as it was: home, under its old epoch, with the right token."""
    stale = {"id": "rehearsal-old-role", "kind": "rsvp", "epoch": epoch, "n": 1_000_000}
    payload = {"wedding": "como", "guest": 1, "attending": False, "menu": "any"}
    role = {"epoch": epoch, "home": world.home, "down": [], "owed": False}
    body = json.dumps({**role, "writes": [{**stale, "payload": payload}]})
    headers = {"Host": f"{world.standby}.origin.weddings.example", "Authorization": f"Bearer {token(run, REPLICA)}"}
    return post(run, world.standby, "/_replica/apply", body, headers)


def takes_old_role(run: Run, world: World, epoch: int) -> bool:
    """Whether the standby's Redis takes the former role document back, as an agent with old data would push it."""

    async def put() -> bool:
        keys = RedisControlKeys(redis_url(run, world.standby))
        try:
            await keys.put(REGION, Document(epoch, {"epoch": epoch, "home": world.home, "down": [], "drain": False}))
        except Refused:
            return False
        finally:
            await keys.aclose()
        return True

    return asyncio.run(put())


def wake_with_writes(run: Run, world: World, new: int, wake: Callable[[], None]) -> dict[str, Any]:
    """Queue writes at the dead home region, wake it, try its old role; then what every region's database holds.

    `new` is the roles' epoch since the failover. Gives the answers by status, and what any region holds under
    a lower epoch and that the standby did not hold before the region woke.
    """
    before = {region: stamps(run, region) for region in world.regions}
    known = set(before[world.standby])
    old = max(before[world.home].values(), default=0)
    with ThreadPoolExecutor(max_workers=WAITING) as pool:
        waiting = [pool.submit(write, run, world.home, f"rehearsal-waking-{number}") for number in range(WAITING)]
        time.sleep(CONNECTED_SECONDS)
        early = sum(one.done() for one in waiting)
        wake()
        answers = [one.result() for one in waiting]
    door, _ = as_it_was(run, world, old)
    taken = takes_old_role(run, world, old)
    settled = until_it_knows(run, world)
    after = {region: stamps(run, region) for region in world.regions}
    return {
        "old_epoch": old,
        "new_epoch": new,
        "waiting": WAITING - early,
        "answers": sorted(status for status, _ in answers),
        "answered_by_old": sum(bool(said.get("held")) and forged(after, said, new) for _, said in answers),
        "held_under_old": sorted({one for held in after.values() for one in under(held, new) if one not in known}),
        "replica_door": door,
        "old_role_taken": taken,
        "settled": settled,
    }


def until_it_knows(run: Run, world: World) -> int:
    """The status of the first write at the woken region that is a yes: it passes it on to whoever is home now."""
    status, deadline = 0, time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        status, _ = write(run, world.home, "rehearsal-woken")
        if status in (200, 201):
            break
        time.sleep(0.25)
    return status


def stamps(run: Run, region: str) -> dict[str, int]:
    """Write -> its epoch, of all that a region's database holds; read from its file, also while it is stopped."""
    path = run.folder / f"origin-{region}.sqlite"
    with closing(sqlite3.connect(path, timeout=5)) as database:
        return dict(database.execute("SELECT id, epoch FROM writes WHERE state = 'held'").fetchall())


def under(held: dict[str, int], new: int) -> Iterable[str]:
    """The writes with a lower epoch."""
    return (one for one, epoch in held.items() if epoch < new)


def forged(after: dict[str, dict[str, int]], said: dict[str, Any], new: int) -> bool:
    """Whether a write that was answered with a yes is held under an old epoch, or nowhere."""
    epochs = [held[said["write_id"]] for held in after.values() if said["write_id"] in held]
    return not epochs or min(epochs) < new


def post(run: Run, region: str, path: str, body: str, headers: dict[str, str]) -> Answer:
    """POST JSON to a region's origin. Raises OSError and HTTPException."""
    name, _, port = run.endpoint(f"origin-{region}").rpartition(":")
    connection = http.client.HTTPConnection(name, timeout=ANSWER_SECONDS)
    with socket.create_connection((name, int(port)), timeout=ANSWER_SECONDS) as plain:
        connection.sock = certificates.client_context(run).wrap_socket(
            plain, server_hostname=f"{region}.origin.weddings.example"
        )
        try:
            connection.request("POST", path, body=body, headers={"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text.startswith(b"{") else {}
        finally:
            connection.close()
