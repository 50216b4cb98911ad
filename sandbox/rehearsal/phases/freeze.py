"""The freeze begins by the clock with no wedcache process alive; then what it refuses and what it lets pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sandbox.origin.secret_files import CONTENT_EDITOR, token
from sandbox.provision import WEDDING
from sandbox.rehearsal.calls_since import mutating, received
from sandbox.rehearsal.evidence import read_log
from sandbox.rehearsal.stage import Stage, wedcache_processes
from sandbox.rehearsal.surfaces import cache_life, edge_answer, gate, send

WINDOW_START = datetime(2027, 6, 11, 10, 0, tzinfo=UTC)
WINDOW_END = datetime(2027, 6, 13, 4, 0, tzinfo=UTC)
SIDE = timedelta(seconds=5)
AHEAD = timedelta(minutes=31)
"""A stack update may take half an hour: the doors close for it that long before the window."""
WARM_SECONDS = 600.0
PRICE_CLASS = "wedcache-weddings:price_class"


def play(stage: Stage) -> None:
    """Look at every surface on both sides of the boundary, then knock at every door."""
    stage.workspace.set(WEDDING, PRICE_CLASS, "PriceClass_200")
    stop_agents(stage)
    stage.set_clock(WINDOW_START - AHEAD)
    look_at_doors(stage, "before")
    stage.set_clock(WINDOW_START - SIDE)
    look_at_traffic(stage, "before")
    stage.set_clock(WINDOW_START + SIDE)
    look_at_traffic(stage, "after")
    knock(stage)
    stage.workspace.set(WEDDING, PRICE_CLASS, "PriceClass_All")
    stage.start_agents()
    allowed(stage)


def stop_agents(stage: Stage) -> None:
    """End the agents and look into the process table: nobody is left who could begin the freeze."""
    ended = stage.stop_agents()
    stage.record("processes", ended=ended, wedcache=wedcache_processes(stage.profile))


def look_at_doors(stage: Stage, side: str) -> None:
    """The offline gate and the hooks inside the Pulumi program."""
    verb = ("preview",) if side == "before" else ("up", "--yes")  # an `up` previews first, and is refused there
    begun = time.monotonic()
    preview = stage.workspace.pulumi(WEDDING, *verb, "--stack", WEDDING[1])
    at = stage.clock.now()
    stage.record(
        "doors",
        side=side,
        at=at.isoformat(),
        gate=gate(stage, at),
        preview=preview.code,
        mutating=mutating(stage.run, begun, time.monotonic()),
        preview_words="REFUSED" in preview.text and "venue:como:2027-06-12" in preview.text,
        preview_tail=preview.text[-600:],
    )


def look_at_traffic(stage: Stage, side: str) -> None:
    """The edge function, and the physical life in the caches."""
    at = stage.clock.now()
    stage.record("traffic", side=side, at=at.isoformat(), edge=edge_answer(stage), life=cache_life(stage, WINDOW_END))


def knock(stage: Stage) -> None:
    """Operators' changes, each at its own door and all at once; nothing of them may reach a vendor."""
    begun = time.monotonic()
    attempts: dict[str, Callable[[], int]] = {
        "pulumi destroy": lambda: engine_doors(stage),
        "wedcache purge --hard": lambda: stage.wedcache("purge", "wedding:como", "--hard", "--yes").code,
        "wedcache failback": lambda: stage.wedcache("failback", "us-east-1", "--yes").code,
        "wedcache gate": lambda: gate(stage, stage.clock.now()),
    }
    with ThreadPoolExecutor(max_workers=len(attempts)) as pool:
        tried = {act: pool.submit(attempt) for act, attempt in attempts.items()}
        acts = {act: attempt.result() for act, attempt in tried.items()}
    until = time.monotonic()
    stage.record(
        "forbidden",
        acts=acts,
        mutating=mutating(stage.run, begun, until),
        calls=received(stage.run, begun, until),
    )


def engine_doors(stage: Stage) -> int:
    """`up`, then `destroy`: one after the other, because a stack has one lock. Gives the exit code of `destroy`."""
    look_at_doors(stage, "after")
    return stage.workspace.pulumi(WEDDING, "destroy", "--yes", "--run-program", "--stack", WEDDING[1]).code


def allowed(stage: Stage) -> None:
    """What serves guests and owners passes in the same window."""
    begun = time.monotonic()
    acts = {
        "wedcache warm": stage.wedcache("warm", "--yes", timeout=WARM_SECONDS).code,
        "owner's update": owner_update(stage),
    }
    acts["wedcache purge (soft)"] = stage.wedcache("purge", "wedding:como", "--yes").code
    until = time.monotonic()
    frozen = [
        row
        for region in stage.world.regions
        for row in read_log(stage.run.log(f"origin-{region}"), begun)
        if row["freeze"]
    ]
    stage.record("allowed", acts=acts, mutating=mutating(stage.run, begun, until), origin_saw_freeze=len(frozen))


def owner_update(stage: Stage) -> int:
    """The couple moves the ceremony indoors, through the edge, as their own application would send it."""
    status, _ = send(
        stage.run,
        "PUT",
        "como.weddings.example",
        "/pages/schedule",
        {"title": "Schedule", "text": "16:00 Ceremony, now indoors\n18:00 Dinner"},
        {"Authorization": f"Bearer {token(stage.run, CONTENT_EDITOR)}", "Idempotency-Key": "rehearsal-owner-update"},
    )
    return 0 if status in (200, 201) else status
