"""`make rehearsal FAULT=...`: which faults there are, that one strikes once, and that what is said next is typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.clock import OffsetClock
from sandbox.faults import TABLE as SANDBOX_FAULTS
from sandbox.faults import Faults
from sandbox.provision import Workspace
from sandbox.rehearsal import disturbance
from sandbox.rehearsal.__main__ import main
from sandbox.rehearsal.claims.fault import PHASE, claim_of
from sandbox.rehearsal.disturbance import TABLE, Disturbance
from sandbox.rehearsal.evidence import Evidence, Recorder, Row
from sandbox.rehearsal.stage import Said, Stage
from sandbox.run import Run, write_json
from sandbox.world import PROJECT

NAMES = ("slow-origin", "429-storm", "redis-killed", "lost-answers", "pop-down", "clock-jump", "apis-down")
FAULT = TABLE["clock-jump"]
WORDS = ("failover", "eu-central-1", "--yes", "--output", "json")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A run's means, with a calendar and without a single process."""
    run = Run(tmp_path / ".wedcache/rehearsal")
    write_json(run.registry, {"run": "0", "processes": {}, "endpoints": {}})
    return Stage(run, Workspace(run, "stand-in"), Recorder.begin(tmp_path / "evidence.jsonl"), 1, lambda _: None)


def test_the_faults_that_a_saturday_is_played_with() -> None:
    """Each is made of faults of the sandbox, before a command whose phase is known."""
    assert tuple(TABLE) == NAMES
    assert {name for fault in TABLE.values() for name, _ in fault.strikes} <= SANDBOX_FAULTS.keys()
    assert {fault.verb for fault in TABLE.values()} == PHASE.keys()


def test_the_page_has_every_fault_and_the_command_it_strikes() -> None:
    """docs/chaos.md, row by row."""
    rows = re.findall(r"^\| `([\w-]+)` \| `wedcache (\w+)` \|", (PROJECT / "docs/chaos.md").read_text(), re.MULTILINE)
    assert dict(rows) == {fault.name: fault.verb for fault in TABLE.values()}


def test_an_unknown_fault_lists_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """2, and nothing is started."""
    assert main(["--fault", "rain"]) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in NAMES)
    assert "nothing was changed" in said


def test_it_strikes_once_and_only_before_its_command() -> None:
    """The second failover of a Saturday is an undisturbed one."""
    own = Disturbance(FAULT)
    assert [own.takes(verb) for verb in ("warm", "failover", "failover")] == [False, True, False]


def test_what_the_command_names_is_typed_until_it_ends_well(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault is in force during the first call only, and a resume keeps the options of the command."""
    monkeypatch.setattr(disturbance, "PAUSE_SECONDS", 0.0)
    typed: list[tuple[tuple[str, ...], bool]] = []
    answers = [
        Said(13, "", "not finished\nnext: `wedcache ops resume failover-1` goes on", 0.1),
        Said(0, "{}", "", 0.1),
    ]

    def run(*words: str) -> Said:
        typed.append((words, Faults(stage.run.faults).active("clock-jump")))
        return answers[len(typed) - 1]

    before = OffsetClock(stage.run.clock).offset
    assert Disturbance(FAULT).around(stage, WORDS, run).code == 0
    assert typed == [(WORDS, True), (("ops", "resume", "failover-1", "--output", "json"), False)]
    assert abs(OffsetClock(stage.run.clock).offset - before) < 1
    row = stage.recorder.evidence().one("fault")
    assert row is not None
    assert (row["codes"], row["during"]) == ([13, 0], "wedcache failover eu-central-1 --yes --output json")
    assert "1:00:00 ahead" in row["seen"]
    assert claim_of(FAULT).judge(stage.recorder.evidence()).true


def test_a_fault_that_is_not_made_is_not_claimed(stage: Stage) -> None:
    """The counter-experiment: the command runs undisturbed, nothing is seen, the claim is false."""
    Disturbance(FAULT, skips=True).around(stage, WORDS, lambda *_: Said(0, "{}", "", 0.1))
    finding = claim_of(FAULT).judge(stage.recorder.evidence())
    assert not finding.true
    assert "seen: nothing" in finding.why_not


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param((), id="never-injected"),
        pytest.param(((("seen", "an hour"), ("codes", [13, 13])),), id="never-finished"),
        pytest.param(((("seen", ""), ("codes", [0])),), id="never-seen"),
    ],
)
def test_the_claim_is_false_without_its_evidence(rows: tuple[tuple[tuple[str, object], ...], ...]) -> None:
    """Fired, seen and finished: all three, or the claim is not true."""
    facts = {"name": FAULT.name, "during": "wedcache failover", "first": "words"}
    evidence = Evidence(tuple(Row("loss", "fault", 0.0, {**facts, **dict(row)}) for row in rows))
    assert not claim_of(FAULT).judge(evidence).true
