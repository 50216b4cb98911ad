"""`wedcache explain CODE`: what an exit code means and what to do next."""

from __future__ import annotations

from typing import Literal

from controlplane.cli import session
from controlplane.domain.exit_codes import TABLE
from controlplane.errors import BadInput

Output = Literal["text", "json"]


def explain(code: int, /, *, output: Output = "text") -> int:
    """Say what an exit code means. Needs no profile and no network.

    Parameters
    ----------
    code
        What a wedcache command ended with.
    output
        text or json (wedcache.exit-code/1).
    """
    row = TABLE.get(code)
    if row is None:
        raise BadInput(f"wedcache does not end with {code}; it ends with {', '.join(map(str, TABLE))}")
    if output == "json":
        session.show_json(
            {"schema": "wedcache.exit-code/1", "code": row.code, "meaning": row.meaning, "next": row.next_step}
        )
    else:
        session.show([f"{row.code}: {row.meaning}", f"next: {row.next_step}"])
    return 0
