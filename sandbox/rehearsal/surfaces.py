"""The surfaces on which a freeze acts, looked at from outside."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
from collections.abc import Mapping
from datetime import datetime

from controlplane.adapters.redis.tier import RedisTier
from controlplane.cache.settings import Settings
from controlplane.domain.keys import in_namespace
from sandbox import certificates, valkey
from sandbox.probe import endpoint, probe
from sandbox.provisioned import WEDCACHE
from sandbox.rehearsal.stage import Stage
from sandbox.rehearsal.tiers import ask_origin, redis_url
from sandbox.run import Run

OPERATOR_URL = "https://como.weddings.example/_ops/rehearsal"
POP = "FRA56-P1"


def gate(stage: Stage, at: datetime, wedding: str = "como") -> int:
    """The exit code of the offline gate, as CI runs it: no store, no network, no profile."""
    done = subprocess.run(
        [
            str(WEDCACHE),
            "gate",
            "--catalogue",
            str(stage.world.catalogue),
            "--stack",
            wedding,
            "--at",
            at.isoformat(),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=30,
    )
    stage.record("gate", wedding=wedding, at=at.isoformat(), code=done.returncode)
    return done.returncode


def edge_answer(stage: Stage) -> dict[str, object]:
    """What the edge function makes of an operator's path, and whether a guest's request is marked for the origin."""
    answer = probe(OPERATOR_URL, POP, {}, stage.run)
    headers = answer["headers"]
    return {
        "status": answer["status"],
        "rule": headers.get("x-wedcache-freeze", ""),
        "retry_after": headers.get("retry-after", ""),
        "guest_status": probe("https://como.weddings.example/", POP, {}, stage.run)["status"],
    }


def cache_life(stage: Stage, end: datetime) -> dict[str, object]:
    """Whether a fresh entry of the wedding lives physically to the window's end: its TTL in Redis against what is left.

    Valkey's own expiry is real time, so the time left is asked of the sandbox's calendar in the same breath.
    """
    region, key = "eu-central-1", "wedding:como:home"
    ask_origin(stage.run, region, "como.weddings.example", "/")
    server, _, port = stage.run.endpoint(f"valkey-{region}-primary").rpartition(":")
    name = RedisTier(redis_url(stage.run, region)).name(in_namespace(Settings().namespace, key))
    answer = valkey.ask(int(port), "PTTL", name, host=server)
    lives = int(answer.removeprefix(":").strip()) / 1000
    return {"seconds": round(lives), "needed": round((end - stage.clock.now()).total_seconds())}


def send(
    run: Run, method: str, host: str, path: str, body: Mapping[str, object], headers: Mapping[str, str]
) -> tuple[int, dict[str, object]]:
    """A write through the POP of CloudFront, as the application of an owner sends it."""
    _, address = endpoint(POP, run)
    connection = http.client.HTTPConnection(host, timeout=10)
    with socket.create_connection(address, timeout=10) as plain:
        connection.sock = certificates.client_context(run).wrap_socket(plain, server_hostname=host)
        try:
            sent = {"Host": host, "Content-Type": "application/json", "User-Agent": "wedcache-owner", **headers}
            connection.request(method, path, body=json.dumps(dict(body)), headers=sent)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text.startswith(b"{") else {}
        finally:
            connection.close()
