"""`wedcache ledger verify`: whether an operation's hash chain holds, against its anchors and the announced head."""

from __future__ import annotations

from typing import Literal

import cyclopts

from controlplane.cli import session
from controlplane.errors import BadInput

app = cyclopts.App(name="ledger", help="The ledger: one hash chain per operation.")
Output = Literal["text", "json"]
BROKEN = 14


@app.command
def verify(identity: str | None = None, /, *, head: str | None = None, output: Output = "text") -> int:
    """Check one operation's chain, or every one. Ends with 14 where one does not hold.

    Parameters
    ----------
    identity
        The operation's id; every operation by default.
    head
        The head that the operation's announcement printed: then also a cut-off tail shows.
    output
        text or json (wedcache.ledger-verify/1).
    """
    from controlplane.operations.ledger import operations
    from controlplane.operations.ledger import verify as verified

    if head is not None and identity is None:
        raise BadInput("--head belongs to one operation", next_step="wedcache ledger verify ID --head HEAD")
    store = session.plant().store
    known = operations(store)
    if identity is not None and identity not in known:
        raise BadInput(f"no ledger of {identity!r}; known: {', '.join(known) or 'none'}")
    findings = [verified(store, name, head) for name in (known if identity is None else [identity])]
    if output == "json":
        rows = [
            {
                "id": one.operation,
                "holds": one.holds,
                "entries": one.entries,
                "head": one.head,
                "broken": list(one.broken),
                "unsure": list(one.unsure),
            }
            for one in findings
        ]
        session.show_json({"schema": "wedcache.ledger-verify/1", "operations": rows})
    else:
        lines = []
        for one in findings:
            lines.append(
                f"{'ok    ' if one.holds else 'BROKEN'} {one.operation}: {one.entries} entries, head {one.head}"
            )
            lines += [f"         {words}" for words in (*one.broken, *one.unsure)]
        session.show(lines or ["no operation was ever begun"])
    return 0 if all(one.holds for one in findings) else BROKEN
