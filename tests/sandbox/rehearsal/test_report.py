"""What a rehearsal leaves to read: report.json as it was promised, and a page that needs nothing but itself."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sandbox.rehearsal import __main__ as front
from sandbox.rehearsal import page, programme, report
from sandbox.rehearsal.claim import Finding
from sandbox.rehearsal.evidence import Evidence, Recorder, Row, read_log
from tests.sandbox.rehearsal.records import record

FIELDS = {"schema", "seed", "machine", "engine", "started", "seconds", "claims", "not_shown", "versions"}
CLAIM_FIELDS = {"id", "text", "true", "figure", "unit", "of", "witness", "counter_experiment"}
EVIL = "<script>alert('x')</script> & \"quoted\""


def made(**changes: object) -> report.Report:
    """A report on the good record."""
    whole = report.Report(
        seed=7,
        engine="stand-in",
        started="2026-11-22T16:00:00Z",
        seconds=61.25,
        findings=programme.judge(programme.CLAIMS, record()),
        phases={"start": 12.34, "end": 0.5},
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # each test names fields of the report


def test_the_object_has_the_fields_of_its_schema() -> None:
    """`wedcache.rehearsal/1`: exactly its fields, each claim with exactly theirs, all of it JSON."""
    whole = json.loads(json.dumps(made().to_json()))
    assert set(whole) == FIELDS
    assert next(iter(whole)) == "schema"
    assert (whole["schema"], whole["seed"], whole["seconds"]) == ("wedcache.rehearsal/1", 7, 61.2)
    assert [claim["id"] for claim in whole["claims"]] == [claim.id for claim in programme.CLAIMS]
    for claim in whole["claims"]:
        assert set(claim) == CLAIM_FIELDS
        assert claim["true"] is True
    assert set(whole["machine"]) == {"cores", "system", "python"}
    assert whole["not_shown"] == list(report.NOT_SHOWN)
    assert {"pulumi", "moto", "tzdata"} <= set(whole["versions"])


def test_a_false_claim_says_why() -> None:
    """Only a claim that is not true has a `why_not`, and one is enough to fail the run."""
    evidence = record(guests__cached_failed=3)
    result = made(findings=programme.judge(programme.CLAIMS, evidence))
    rows = {claim["id"]: claim for claim in result.to_json()["claims"]}
    assert rows["C9"]["true"] is False
    assert "3 cached pages failed" in rows["C9"]["why_not"]
    assert [name for name, row in rows.items() if "why_not" in row] == ["C9"]
    assert (made().all_true, result.all_true) == (True, False)


def test_figures_stand_in_the_object_where_guests_were_watched() -> None:
    """Hit ratios, latency and the thousand at once, as recorded; without them there is no such key."""
    assert report.saturday(record(without=["crowd"])) == {}
    found = made(figures=report.saturday(record())).to_json()["figures"]
    assert found["hits"]["low"] == [450, 500]
    assert found["at_once"]["seconds"] == 4.2


def test_a_broken_run_is_not_true() -> None:
    """What broke off is told among what is not shown, and no run that broke off ends with 0."""
    result = made(broken="no POP")
    assert not result.all_true
    assert result.to_json()["not_shown"][-1] == "broken off: no POP"
    assert "broken off: no POP" in page.render(result, record())


class Reader(HTMLParser):
    """Collects tags, what they point to, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.pointers: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.pointers += [name for name, _ in attrs if name in ("src", "href", "srcset", "action") or name[:2] == "on"]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_needs_nothing_but_itself() -> None:
    """No script, no link, no image, no font or import from anywhere; every claim is there."""
    html = page.render(made(), record())
    read = Reader(html)
    assert not {"script", "link", "img", "iframe", "object"} & set(read.tags)
    assert read.pointers == []
    for outside in ("http:", "https:", "//", "@import", "url("):
        assert outside not in html, outside
    assert read.tags.count("section") == len(programme.CLAIMS)
    for claim in programme.CLAIMS:
        assert claim.text in read.text
    assert f"{len(programme.CLAIMS)} of {len(programme.CLAIMS)} claims are true" in read.text


@pytest.mark.parametrize("place", ["figure", "unit", "of", "why_not", "phase", "broken", "engine", "not_shown"])
def test_the_page_escapes_what_it_was_told(place: str) -> None:
    """Words of a failing program stand on the page as words."""
    finding = Finding(False, 1, "u", 2, "w")
    if place in ("figure", "unit", "of", "why_not"):
        finding = Finding(**{**vars(finding), place: EVIL})
    changes: dict[str, object] = {"findings": [(programme.CLAIMS[0], finding)]}
    changes |= {"broken": EVIL} if place == "broken" else {}
    changes |= {"engine": EVIL} if place == "engine" else {}
    changes |= {"phases": {EVIL: 1.0}} if place == "phase" else {}
    changes |= {"not_shown": [EVIL]} if place == "not_shown" else {}
    read = Reader(page.render(made(**changes), record()))
    assert "script" not in read.tags
    assert EVIL in read.text


def test_times_of_phases_come_from_the_evidence() -> None:
    """Each phase's real seconds, in the order in which they ended."""
    rows = tuple(Row(name, "phase", 0.0, {"name": name, "seconds": at}) for at, name in enumerate(("warm", "end")))
    assert report.phase_seconds(Evidence(rows)) == {"warm": 0.0, "end": 1.0}


def test_evidence_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """A line a finding, each with its phase; the last of a kind is the one that counts; a new run begins anew."""
    path = tmp_path / "out/evidence.jsonl"
    recorder = Recorder.begin(path)
    recorder.of("warm").record("warm", code=1)
    recorder.of("warm").record("warm", code=0)
    evidence = recorder.evidence()
    assert [row.phase for row in evidence.rows] == ["warm", "warm"]
    last = evidence.one("warm")
    assert last is not None
    assert last["code"] == 0
    assert evidence.one("warm", code=1) is evidence.rows[0]
    assert evidence.one("cold") is None
    assert Recorder.begin(path).evidence().rows == ()


def test_a_log_that_is_being_written_is_read(tmp_path: Path) -> None:
    """A half-written last line is left for later, a log that does not exist is empty, and `since` counts."""
    path = tmp_path / "pop.jsonl"
    assert list(read_log(path)) == []
    path.write_text('{"monotonic": 1.0}\n{"monotonic": 2.0}\n{"monot')
    assert [row["monotonic"] for row in read_log(path)] == [1.0, 2.0]
    assert [row["monotonic"] for row in read_log(path, since=1.5)] == [2.0]


def test_the_report_lies_where_scripts_look() -> None:
    """`make rehearsal` writes below out/rehearsal, the full one beside it, named after their run folders."""
    found = {world: front.OUT.with_name(folder.name) for world, folder in front.FOLDERS.items()}
    assert found == {"short": Path("out/rehearsal"), "full": Path("out/rehearsal-full")}
