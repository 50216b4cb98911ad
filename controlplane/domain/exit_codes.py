"""What the `wedcache` command ends with: one row a code, for `wedcache explain` and the README."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ExitCode:
    """A code, what happened, and what the one who reads it does next."""

    code: int
    meaning: str
    next_step: str


TABLE: dict[int, ExitCode] = {
    row.code: row
    for row in (
        ExitCode(0, "done", "nothing"),
        ExitCode(1, "refused or failed; the message says what was not touched", "follow the message's `next:`"),
        ExitCode(2, "what was typed, or a file that was named, cannot be used; nothing was changed", "mend it"),
        ExitCode(10, "a freeze window forbids it now; nothing was changed", "wait, or take one of the ways past it"),
        ExitCode(11, "somebody else holds the lease; nothing was changed", "`wedcache ops list` names them"),
        ExitCode(12, "the lease went to somebody else meanwhile", "`wedcache ops list`; they finish the rest"),
        ExitCode(13, "some of it happened; each target is listed with what became of it", "run the same command again"),
        ExitCode(14, "it was done, but outside it does not look so", "`wedcache status`, then `wedcache doctor`"),
        ExitCode(15, "this machine's clock disagrees with the clocks around it", "set the clock; failover needs none"),
        ExitCode(
            16, "the calendar is missing, unreadable or no longer valid: changes are refused", "`wedcache freeze push`"
        ),
        ExitCode(
            17, "the break-glass grant does not fit; nothing was changed", "ask for one that names this operation"
        ),
        ExitCode(18, "something did not answer; a retry does no harm", "run the same command again"),
        ExitCode(19, "it is unknown whether it happened", "read back (`wedcache status`) before a retry"),
        ExitCode(21, "handed over to a worker, which is named; it is not done yet", "`wedcache ops show ID`"),
        ExitCode(130, "interrupted", "`wedcache ops list`, then `wedcache ops resume`"),
    )
}


def markdown() -> str:
    """The table in Markdown."""
    rows = [f"| {row.code} | {row.meaning} | {row.next_step} |" for row in TABLE.values()]
    return "\n".join(["| code | what happened | what to do |", "| --- | --- | --- |", *rows])
