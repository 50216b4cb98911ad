"""Rows to bodies (pure). Nothing in a body names a region or an instant: equal content has equal bytes everywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

STYLE = (
    "body{font:1rem/1.5 Georgia,serif;max-width:42rem;margin:2rem auto;color:#333}"
    "h1{font-weight:400}nav a{margin-right:1rem}img{max-width:100%}\n"
)
FINGERPRINT = hashlib.sha256(STYLE.encode()).hexdigest()[:12]
HTML = "text/html; charset=utf-8"
JSON = "application/json"


def page(title: str, parts: Iterable[str], version: int, *, style_host: str = "") -> bytes:
    """One HTML page; `parts` are HTML already."""
    sheet = f"https://{style_host}/static/app.{FINGERPRINT}.css" if style_host else f"/static/app.{FINGERPRINT}.css"
    body = "\n".join(parts)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<link rel="stylesheet" href="{sheet}">\n<h1>{escape(title)}</h1>\n'
        f"{body}\n<!-- version {version} -->\n</html>\n"
    ).encode()


def lines(text: str) -> list[str]:
    """A paragraph per line of text."""
    return [f"<p>{escape(line)}</p>" for line in text.splitlines()]


def gallery(photos: Iterable[Mapping[str, Any]], width: int) -> list[str]:
    """An image per photo."""
    return [f'<img src="/photos/{p["number"]}-{width}.jpg" alt="{escape(p["caption"])}">' for p in photos]


def found(vendors: Iterable[Mapping[str, Any]]) -> list[str]:
    """A link per vendor; says so when there is none."""
    links = [f'<p><a href="/vendors/{v["id"]}">{escape(v["name"])}</a> ({escape(v["trade"])})</p>' for v in vendors]
    return links or ["<p>No vendor has such a name.</p>"]


def guest(row: Mapping[str, Any]) -> list[str]:
    """What one guest sees of the own invitation."""
    if row["attending"] is None:
        answer = "You have not answered yet."
    else:
        answer = f"You come. Menu: {row['menu']}." if row["attending"] else "You do not come."
    return [
        f"<p>Guest {row['number']}, table {row['seat']}, of {row['invited']} invited.</p>",
        f"<p>{escape(answer)}</p>",
    ]


def timeline(wedding: str, text: str, version: int) -> bytes:
    """The schedule as data: [{"at", "what"}]."""
    events = [dict(zip(("at", "what"), line.split(" ", 1), strict=False)) for line in text.splitlines() if line]
    return json_bytes({"schema": "weddings.timeline/1", "wedding": wedding, "version": version, "events": events})


def json_bytes(value: Mapping[str, Any]) -> bytes:
    """One JSON object and a newline."""
    return (json.dumps(value) + "\n").encode()
