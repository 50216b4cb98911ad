"""`wedcache runbook`: what to do in a known bad situation, from this machine's own disk; nobody is asked."""

from __future__ import annotations

import difflib
import importlib.resources
from typing import Literal

from controlplane.cli import session
from controlplane.errors import BadInput

Output = Literal["text", "json"]


def runbook(name: str = "", /, *, output: Output = "text") -> int:
    """Print a runbook, or which ones there are.

    Parameters
    ----------
    name
        The runbook's name.
    output
        text or json (wedcache.runbook/1, wedcache.runbooks/1).
    """
    known = runbooks()
    if not name:
        titles = {one: text.partition("\n")[0].removeprefix("# ") for one, text in known.items()}
        if output == "json":
            session.show_json({"schema": "wedcache.runbooks/1", "runbooks": titles})
        else:
            session.show([f"{one:<22} {title}" for one, title in titles.items()])
        return 0
    text = known.get(name)
    if text is None:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise BadInput(f"no runbook {name!r}{hint}", next_step=f"wedcache runbook: there are {', '.join(known)}")
    if output == "json":
        session.show_json({"schema": "wedcache.runbook/1", "name": name, "text": text})
    else:
        session.show([text.rstrip()])
    return 0


def runbooks() -> dict[str, str]:
    """Name -> text of every runbook in the package."""
    folder = importlib.resources.files("controlplane") / "runbooks"
    books = sorted((one for one in folder.iterdir() if one.name.endswith(".md")), key=lambda one: one.name)
    return {one.name.removesuffix(".md"): one.read_text(encoding="utf-8") for one in books}
