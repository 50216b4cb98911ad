"""What a person sees while a rehearsal runs and at its end: rich on a terminal, plain lines elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sandbox.rehearsal.report import Report

TITLES = {
    "calendar": "the calendar against the reviewed table",
    "start": "a cloud starts, Pulumi provisions it, agents push the calendar ahead",
    "obey": "POPs obey what was declared, knob by knob",
    "warm": "every page at every POP, then sixty guests arrive",
    "crowd": "the guests are watched, and a thousand more come at once",
    "again": "a second `up` changes nothing",
    "purge": "one tag, every tier",
    "freeze": "the freeze begins by the clock, with nobody there",
    "glass": "two persons break the glass, once",
    "loss": "the home region dies on the Saturday",
    "home": "after the window the region is home again",
    "unprotect": "protection holds until an `up` takes it off",
    "destroy": "everything declared is destroyed",
    "end": "everything ends",
}


class Screen:
    """Writes to one console."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def open(self, seed: int, engine: str) -> None:
        """The first line."""
        self._console.print(f"[bold]wedcache rehearsal[/bold]  seed {seed}, engine {engine}")

    def tell(self, line: str) -> None:
        """A remark inside a phase."""
        self._console.print(f"         [dim]{line}[/dim]")

    def phase(self, name: str, seconds: float) -> None:
        """A phase is over."""
        self._console.print(f"[cyan]{seconds:6.1f} s[/cyan] [bold]{name:<9}[/bold] {TITLES.get(name, '')}")

    def close(self, report: Report, place: str) -> None:
        """The claims, and where the report lies."""
        table = Table(box=None, padding=(0, 1), show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        for claim, finding in report.findings:
            mark = Text("true", style="bold green") if finding.true else Text("FALSE", style="bold red")
            body = Text(claim.text)
            body.append(f"\n{finding.figure} of {finding.of} {finding.unit}", style="dim")
            if not finding.true:
                body.append(f"\n{finding.why_not}", style="red")
            table.add_row(Text(claim.id, style="bold"), mark, body)
        count = sum(finding.true for _, finding in report.findings)
        title = f"{count} of {len(report.findings)} claims true in {report.seconds:.0f} s"
        self._console.print(Panel(table, title=title, border_style="green" if report.all_true else "red"))
        if report.broken:
            self._console.print(f"[red]broken off:[/red] {report.broken}")
        self._console.print(f"report: {place}")
