"""What the screen says at a rehearsal's end: the time line, what was refused, the failover's phases, the claims."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.phase_budget import MEANING, Phase
from sandbox.rehearsal.refusals import Refusal


def grid(*ratios: int | None) -> Table:
    """A table without lines; a column with a ratio takes what is left and folds, the others are as wide as words."""
    table = Table(box=None, padding=(0, 1), show_header=False, expand=any(ratios))
    for ratio in ratios:
        table.add_column(ratio=ratio, no_wrap=ratio is None, overflow="fold")
    return table


def claims(findings: Sequence[tuple[Claim, Finding]]) -> Table:
    """Each claim: whether it is true, its figure, and why not."""
    table = grid(None, None, 1)
    for claim, finding in findings:
        mark = Text("true", style="bold green") if finding.true else Text("FALSE", style="bold red")
        body = Text(claim.text)
        body.append(f"\n{finding.figure} of {finding.of} {finding.unit}", style="dim")
        if not finding.true:
            body.append(f"\n{finding.why_not}", style="red")
        table.add_row(Text(claim.id, style="bold"), mark, body)
    return table


def refused(refusals: Sequence[Refusal]) -> Table:
    """How each act ended, what it was, and why it was refused."""
    table = grid(None, 1)
    for one in refusals:
        body = Text(one.act, style="bold")
        body.append(f"  {one.door}", style="not bold dim")
        body.append(f"\n{one.why}", style="not bold")
        missing = [rule for rule in one.rules if rule not in one.why]
        if missing:
            body.append(f"\nin force: {', '.join(missing)}", style="not bold dim")
        table.add_row(Text(f"{one.code:>3}", style="yellow"), body)
    return table


def failover(phases: Sequence[Phase], letters: int = 20) -> Table:
    """Each phase: a bar of what it took of its plan, the seconds, what the phase is."""
    table = grid(None, None, None, 1)
    for phase in phases:
        table.add_row(Text(phase.name, style="bold"), _bar(phase, letters), Text(_seconds(phase)), _meaning(phase))
    taken = sum(phase.taken for phase in phases if phase.taken is not None)
    whole = f"{taken:6.2f} s of {sum(phase.planned for phase in phases):3g} s"
    table.add_row(Text("in all", style="bold"), Text(""), Text(whole, style="bold"), Text(""))
    return table


def _bar(phase: Phase, letters: int) -> Text:
    if phase.taken is None:
        return Text("-" * letters, style="red")
    filled = min(letters, max(1, round(letters * phase.taken / phase.planned)))
    return Text("#" * filled, style="green" if phase.is_within else "red").append("." * (letters - filled), style="dim")


def _seconds(phase: Phase) -> str:
    taken = "   not" if phase.taken is None else f"{phase.taken:6.2f}"
    return f"{taken} s of {phase.planned:3g} s" if phase.taken is not None else f"{taken} in {phase.planned:3g} s"


def _meaning(phase: Phase) -> Text:
    words = Text("" if phase.is_within else "OVER ITS PLAN: ", style="bold red")
    return words.append(MEANING[phase.name], style="not bold dim default")
