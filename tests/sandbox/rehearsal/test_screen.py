"""The screen: every part of the weekend, no wider than the console, and nothing told by a colour alone."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from sandbox.rehearsal import programme, report, weekend
from sandbox.rehearsal.claim import Finding
from sandbox.rehearsal.evidence import Evidence
from sandbox.rehearsal.screen import TITLES, Screen
from tests.sandbox.rehearsal import saturday
from tests.sandbox.rehearsal.records import record


def told(width: int = 80, *, colours: bool = False, encoding: str = "utf-8", **changes: object) -> str:
    """What a whole rehearsal prints."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="")
    console = Console(
        file=file, width=width, force_terminal=colours, highlight=False, color_system="truecolor" if colours else None
    )
    screen, evidence = Screen(console), saturday.evidence()
    screen.open(7, "stand-in")
    for row in evidence.rows:
        screen.hear(row.kind, row.facts)
    for name in TITLES:
        screen.phase(name, 12.3)
    facts: dict[str, object] = {
        "seed": 7,
        "engine": "stand-in",
        "started": "",
        "seconds": 61.0,
        "findings": programme.judge(programme.CLAIMS, record()),
        "phases": {},
        "weekend": weekend.seen(evidence, saturday.diary()),
    }
    screen.close(report.Report(**{**facts, **changes}), "out/rehearsal/report.html")  # type: ignore[arg-type]  # by name
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [44, 80, 132])
def test_no_line_is_wider_than_the_console(width: int) -> None:
    """Bars, tables and frames keep to the width, with names and reasons that are long."""
    finding = Finding(False, 1, "of " + "x" * 200, 2, "because " + "y" * 200)
    text = told(width, findings=[(programme.CLAIMS[0], finding)], broken="z" * 300)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert text.count("y") >= 200


def test_a_log_without_colours_says_the_same() -> None:
    """No escape sequence where there is no terminal, and every word that a terminal shows."""
    plain, coloured = told(), told(colours=True)
    assert "\x1b" not in plain
    assert "\x1b" in coloured
    without = [Text.from_ansi(line).plain.rstrip() for line in coloured.splitlines()]
    assert [line.rstrip() for line in plain.splitlines()] == without


def test_every_part_is_there() -> None:
    """The three windows, the simulated now, what was refused and why, planned against taken, and the claims."""
    text = told()
    for words in ("ubud  ", "como  ", "tulum ", "Sat 12 Jun 14:00:00, in force: ubud, como, tulum"):
        assert words in text, words
    assert "venue:como:2027-06-12 until" in text
    assert "wedcache failback us-east-1" in text
    for phase in ("detect", "decide", "steer", "verify"):
        assert f"  {phase}" in text
    assert "4.00 s of  10 s" in text
    assert " 12.00 s of  60 s" in text
    assert f"of {len(programme.CLAIMS)} claims true in 61 s" in text
    for claim in programme.CLAIMS:
        assert f"  {claim.id:<3}" in text


def test_the_bars_are_drawn_when_a_freeze_begins() -> None:
    """Each jump into or out of a window is shown, with what is in force from then on."""
    text = told()
    assert "Thu 10 Jun 07:00:00, no window in force" in text
    assert "Fri 11 Jun 10:00:05, in force: ubud, como" in text
    assert "Sun 13 Jun 11:05:00, no window in force" in text


def test_a_phase_over_its_plan_says_so_in_words() -> None:
    """Red is not enough."""
    late = weekend.seen(saturday.evidence(loss={**saturday.LOSS, "detection_seconds": 11.0, "total_seconds": 19.0}), [])
    assert "OVER ITS PLAN" in told(weekend=late)
    assert "OVER ITS PLAN" not in told()


def test_a_terminal_of_ascii_gets_ascii() -> None:
    """A console that cannot draw blocks is drawn on with signs that it has."""
    text = told(encoding="ascii")
    assert "####" in text
    assert "?" not in text


def test_words_in_brackets_are_words() -> None:
    """A failure's words are no markup of the console's: they are shown as they are, and break nothing."""
    evil = "[/red] [bold]stack[/bold] [link=x]"
    assert evil in told(200, broken=evil)
    console = Console(file=io.StringIO(), width=80)
    Screen(console).tell(evil)
    assert evil in console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO above


def test_an_old_record_is_shown_without_a_weekend() -> None:
    """Nothing but the claims where nothing else is known."""
    text = told(weekend=weekend.seen(Evidence(()), []))
    assert "refused, and why" not in text
    assert "claims true" in text
