"""`status`: process ids, ports, endpoints, run id, engine, calendar, active faults."""

from __future__ import annotations

from typing import Any

from controlplane.domain.instant import zulu
from sandbox import processes
from sandbox.clock import OffsetClock
from sandbox.faults import Faults
from sandbox.profile import profile_name
from sandbox.run import Run
from sandbox.verbs.words import STAYS, show, show_json

SCHEMA = "wedcache.sandbox-status/1"


def status(run: Run, *, as_json: bool) -> int:
    """Show what lives; 0 where something does, 1 where nothing does."""
    found = look(run)
    if as_json:
        show_json(SCHEMA, found)
    elif found["up"]:
        show(*_lines(found))
    else:
        show(f"down: no sandbox is up in {run.folder}", "next: make sandbox")
    return 0 if found["up"] else 1


def look(run: Run) -> dict[str, Any]:
    """What `status --json` shows. A process that was started and has died is listed under `dead`."""
    registry = run.read()
    living = processes.alive(run)
    started = registry.get("processes", {})
    return {
        "up": bool(living),
        "run": registry.get("run"),
        "folder": str(run.folder.resolve()),
        "profile": profile_name(run),
        "engine": registry.get("engine"),
        "detached": bool(registry.get(STAYS)),
        "at": zulu(OffsetClock(run.clock).now()),
        "processes": living,
        "dead": sorted(set(started) - set(living)) if living else [],
        "endpoints": registry.get("endpoints", {}) if living else {},
        "faults": Faults(run.faults).listed(),
    }


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [f"up        run {found['run']} in {found['folder']}, engine {found['engine'] or 'none: not provisioned'}"]
    lines.append(f"calendar  {found['at']}")
    for name, pid in sorted(found["processes"].items()):
        lines.append(f"  {pid:>7}  {name:<28} {found['endpoints'].get(name, '')}".rstrip())
    lines += [f"  died     {name}" for name in found["dead"]]
    lines += [f"fault     {row['name']} {row.get('target') or ''}".rstrip() for row in found["faults"]]
    lines.append(f"next      wedcache --profile {found['profile']} status")
    return lines
