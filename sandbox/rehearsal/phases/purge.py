"""A page changes in the database behind every cache's back; one tag purge must bring the new body everywhere."""

from __future__ import annotations

import sqlite3
import time

from sandbox.probe import probe
from sandbox.rehearsal.stage import Stage
from sandbox.rehearsal.tiers import ask_origin, redis_version

TAG = "wedding:como"
HOST, PATH, KEY = "como.weddings.example", "/schedule", "wedding:como:schedule"
EDGES = {
    "cloudfront": (f"https://{HOST}{PATH}", "FRA56-P1"),
    "cloudflare": ("https://app.weddings.example/api/weddings/como/timeline", "FRA"),
}
VERSION = "x-wedcache-version"
PATIENCE_SECONDS = 10.0


def play(stage: Stage) -> None:
    """Show the old body in every tier, change the truth, purge one tag, time the last new body."""
    look(stage)  # fills what nobody has asked for yet
    time.sleep(0.3)
    before = look(stage)
    for region in stage.world.regions:
        change_the_truth(stage, region)
    still = look(stage)
    begun = time.monotonic()
    said = stage.wedcache("purge", TAG, "--hard", "--yes", "--output", "json")
    after = look(stage)
    while not all_newer(before, after) and time.monotonic() - begun < PATIENCE_SECONDS:
        time.sleep(0.1)
        after = look(stage)
    seconds = round(time.monotonic() - begun, 3)
    report = said.json if said.code == 0 else {}
    stage.record("purge", code=said.code, before=before, still=still, after=after, seconds=seconds, report=report)


def look(stage: Stage) -> dict[str, str]:
    """Tier -> the version of the body that it gives: both CDNs, each region's memory (its origin) and Redis."""
    seen = {
        name: str(probe(url, pop, {}, stage.run)["headers"].get(VERSION, "none")) for name, (url, pop) in EDGES.items()
    }
    for region in stage.world.regions:
        seen[f"memory {region}"] = ask_origin(stage.run, region, HOST, PATH)[1].get(VERSION, "none")
        seen[f"redis {region}"] = redis_version(stage.run, region, KEY)
    return seen


def change_the_truth(stage: Stage, region: str) -> None:
    """A new version of the page, written past the application, so that nothing but a purge can bring it."""
    with sqlite3.connect(stage.run.folder / f"origin-{region}.sqlite", timeout=5) as database:
        database.execute(
            "UPDATE pages SET version = version + 1, text = text || char(10) || 'Indoors' WHERE owner = ? AND page = ?",
            ("como", "schedule"),
        )
    database.close()


def all_newer(before: dict[str, str], after: dict[str, str]) -> bool:
    """Whether every tier gives a newer version than before."""
    return all(
        version != "none" and (before[tier] == "none" or int(version) > int(before[tier]))
        for tier, version in after.items()
    )
