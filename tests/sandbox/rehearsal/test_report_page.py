"""docs/report.md: its blocks run on a report, and it names every figure that a report may have."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sandbox.rehearsal import programme, report, weekend
from tests.sandbox.rehearsal import saturday
from tests.sandbox.rehearsal.records import record

PAGE = (Path(__file__).parents[3] / "docs/report.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def made() -> dict[str, object]:
    """A report with every part."""
    whole = report.Report(
        seed=7,
        engine="stand-in",
        started="",
        seconds=61.0,
        findings=programme.judge(programme.CLAIMS, record()),
        phases={},
        figures=report.saturday(record()),
        weekend=weekend.seen(saturday.evidence(), saturday.diary()),
    )
    return whole.to_json()


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One after the other, as a reader would type them where a rehearsal has run."""
    folder = tmp_path / "out/rehearsal"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps(made()))
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in BLOCKS:
        exec(compile(block, "docs/report.md", "exec"), names)
    said = capsys.readouterr().out
    assert said.startswith("C1 True 0 of ")
    assert "detect took 4.0 of 10.0 seconds" in said
    assert "the slowest step: p95 25.0 ms, 20 s after the guests came" in said
    assert "lost at second 53.0 on the calendar 2027-06-12T14:00:03Z" in said


def test_every_figure_is_named() -> None:
    """The table has the keys that the weekend writes, and those of the watched guests."""
    told = set(re.findall(r"`(\w+)`", PAGE))
    figures = made()["figures"]
    assert isinstance(figures, dict)
    seen = saturday.evidence()
    assert set(weekend.seen(seen, saturday.diary()).to_json()) <= told
    assert {"hits", "latency", "reads", "at_once"} <= told & set(figures)
