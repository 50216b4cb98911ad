"""Guests are watched; the same requests are asked of an origin without caches; then a thousand guests come at once."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from typing import Any

from sandbox import certificates, processes, valkey
from sandbox.rehearsal import figures
from sandbox.rehearsal.evidence import read_log
from sandbox.rehearsal.stage import Stage, StageBroken
from sandbox.rehearsal.tiers import ask_origin
from sandbox.run import Run, write_json

WATCH_SECONDS = 20.0
AT_ONCE = 1000
AT_ONCE_SECONDS = 120.0
BARE = "origin-without-caches"


def play(stage: Stage) -> None:
    """Watch, replay, and let a thousand open the first page."""
    began, before = time.monotonic(), database_reads(stage)
    time.sleep(WATCH_SECONDS)
    reads = database_reads(stage) - before
    until = time.monotonic()
    diary = between(read_log(stage.run.log("guests"), began), until)
    pops = [
        row
        for pop in stage.world.pops
        for row in between(read_log(stage.run.log(f"pop-{pop.code}"), began), until)
        if str(row["user_agent"]).startswith("guest/")
    ]
    origins = [
        row
        for region in stage.world.regions
        for row in between(read_log(stage.run.log(f"origin-{region}"), began), until)
    ]
    elsewhere = sum(int(row["database_reads"]) for row in origins if row["cache"] == "-")
    cacheable = [row for row in diary if row["class"] == "cacheable"]
    stage.record(
        "crowd",
        guests=stage.world.crowd.count,
        seconds=round(until - began, 1),
        asked=len(diary),
        failed=sum(not 200 <= int(row["status"]) < 400 for row in cacheable),
        hits=figures.by_tier(pops),
        caches=figures.by_cache(pops, origins),
        latency=figures.by_city(cacheable),
        reads=max(0, reads - elsewhere),
        reads_without=without_caches(stage, cacheable),
    )
    stage.record("at-once", **at_once(stage))


def between(rows: Iterable[dict[str, Any]], until: float) -> list[dict[str, Any]]:
    """The rows before an instant."""
    return [row for row in rows if row["monotonic"] < until]


def database_reads(stage: Stage) -> int:
    """What all regions' databases were asked so far, by the origins' own count."""
    return sum(
        int(json.loads(ask_origin(stage.run, region, "localhost", "/_sandbox/db")[2])["database_reads"])
        for region in stage.world.regions
    )


def without_caches(stage: Stage, rows: list[dict[str, Any]]) -> int:
    """Database reads for the same requests, in their order, at an origin that has no cache and no POP before it."""
    bare = Run(stage.run.folder / "without-caches")
    bare.folder.mkdir(mode=0o700)
    for name in (stage.run.ca, stage.run.ca.with_suffix(".key"), stage.run.clock, stage.run.faults):
        shutil.copy(name, bare.folder / name.name)
    # Nobody listens there: nothing of the region's own Redis is read, written or confirmed.
    nowhere = f"127.0.0.1:{valkey.free_port()}"
    write_json(bare.registry, {"endpoints": {f"valkey-{stage.world.home}-primary": nowhere}})
    words = ("--region", stage.world.home, "--catalogue", str(stage.world.catalogue), "--without-caches")
    command = processes.python("sandbox.origin", "--run", str(bare.folder), *words)
    process = processes.start(stage.run, BARE, command)
    try:
        port = int(processes.wait_ready(stage.run, BARE, process).said)
        return replayed(stage, bare, port, [(str(row["host"]), str(row["path"])) for row in rows])
    finally:
        processes.end(stage.run, [BARE])


def replayed(stage: Stage, bare: Run, port: int, asks: list[tuple[str, str]]) -> int:
    """Ask everything once over one connection; the reads that its log counts. Raises StageBroken where it fails."""
    name = f"{stage.world.home}.origin.weddings.example"
    context = certificates.client_context(bare)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        connection = http.client.HTTPConnection(name, timeout=20)
        connection.sock = context.wrap_socket(plain, server_hostname=name)
        for host, path in asks:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise StageBroken(f"the origin without caches answered {answer.status} for {host}{path}")
        connection.close()
    return sum(int(row["database_reads"]) for row in read_log(bare.log(f"origin-{stage.world.home}")))


def at_once(stage: Stage) -> dict[str, Any]:
    """A thousand guests open their wedding's first page at the same moment."""
    done = subprocess.run(
        stage.guests("--count", str(AT_ONCE), "--diary", "at-once", "--at-once"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=AT_ONCE_SECONDS,
        env=processes.marked(stage.run),
    )
    if done.returncode != 0:
        raise StageBroken(f"the thousand guests ended with {done.returncode}:\n{done.stderr[-2000:]}")
    rows = list(read_log(stage.run.log("at-once")))
    return {
        "guests": AT_ONCE,
        "answered": sum(row["status"] == 200 for row in rows),
        "seconds": round(float(json.loads(done.stdout.splitlines()[-1])["seconds"]), 3),
    }
