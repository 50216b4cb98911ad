"""`wedcache report`: the last rehearsal's report in short, as `out/rehearsal/report.json` has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from controlplane.cli import session
from controlplane.errors import BadInput

REPORT = Path("out/rehearsal/report.json")
Output = Literal["text", "json"]


def report(*, path: Path = REPORT, output: Output = "text") -> int:
    """Show the claims of the last rehearsal. Ends with 0 if every one is true, with 14 if not.

    Parameters
    ----------
    path
        The report's file.
    output
        text or json (wedcache.rehearsal/1, the file's own object).
    """
    found = _read(path)
    if output == "json":
        session.show_json(found)
    else:
        session.show(_lines(found, path))
    return 0 if all(claim["true"] for claim in found["claims"]) else 14


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
        if not isinstance(found, dict) or found.get("schema") != "wedcache.rehearsal/1" or not found["claims"]:
            raise BadInput(f"{path} is not a wedcache.rehearsal/1 report", next_step="make rehearsal")
        _lines(found, path)
    except FileNotFoundError as error:
        raise BadInput(f"no report at {path}: no rehearsal was run here", next_step="make rehearsal") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} cannot be read as a report: {error}", next_step="make rehearsal") from error
    return found


def _lines(found: dict[str, Any], path: Path) -> list[str]:
    claims = found["claims"]
    held = sum(claim["true"] is True for claim in claims)
    rows = [
        f"{'true ' if claim['true'] else 'FALSE'} {claim['id']:<3} {claim['text']}: {claim['figure']} {claim['unit']}"
        + ("" if claim["true"] else f"\n          {claim.get('why_not', '')}")
        for claim in claims
    ]
    began = f"begun {found['started']}, {found['seconds']:.0f} s, engine {found['engine']}"
    return [*rows, f"{held} of {len(claims)} claims are true ({began})", f"the page: {path.with_suffix('.html')}"]
