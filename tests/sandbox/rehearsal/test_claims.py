"""Each claim on synthetic evidence: true on a good record, false for every single fact made wrong, saying which."""

from __future__ import annotations

import ast
import importlib
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from sandbox.provision import Workspace
from sandbox.rehearsal import patched, programme
from sandbox.rehearsal.claim import Claim
from sandbox.rehearsal.evidence import Evidence, Recorder, Row
from sandbox.rehearsal.phases.start import DEFECTS
from sandbox.rehearsal.stage import Stage, StageBroken
from sandbox.run import Run
from sandbox.world import PROJECT, WORLDS
from tests.sandbox.rehearsal.records import RULE, record
from tests.sandbox.rehearsal.wrong import WRONG

REHEARSAL = Path(programme.__file__).parent
BY_ID = {claim.id: claim for claim in programme.CLAIMS}


@dataclass(frozen=True)
class Asked(Evidence):
    """Evidence that remembers which kinds were asked for."""

    kinds: frozenset[str] = frozenset()

    def of(self, kind: str, **facts: Any) -> list[Row]:
        object.__setattr__(self, "kinds", self.kinds | {kind})
        return super().of(kind, **facts)


def asked(claim: Claim) -> frozenset[str]:
    """The kinds of evidence that a claim reads."""
    evidence = Asked(record().rows)
    claim.judge(evidence)
    return evidence.kinds


@pytest.mark.parametrize("claim", programme.CLAIMS, ids=lambda claim: claim.id)
def test_a_good_record_is_true(claim: Claim) -> None:
    """With everything as it should be the claim holds, with a denominator."""
    finding = claim.judge(record())
    assert finding.true, finding.why_not
    assert finding.unit
    assert finding.of or claim.id == "C5"


@pytest.mark.parametrize(("claim", "fact", "value", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_one_wrong_fact_makes_it_false(claim: str, fact: str, value: Any, said: str) -> None:
    """One fact is enough, and the words name it."""
    finding = BY_ID[claim].judge(record(**{fact: value}))
    assert not finding.true
    assert said in finding.why_not


@pytest.mark.parametrize("claim", programme.CLAIMS, ids=lambda claim: claim.id)
def test_missing_evidence_is_never_true(claim: Claim) -> None:
    """Nothing recorded, or any one kind left out: false, and why is said."""
    assert asked(claim)
    for missing in (asked(claim), *({kind} for kind in asked(claim) - {"knob-table"})):
        finding = claim.judge(record(without=sorted(missing)))
        assert not finding.true, missing
        assert finding.why_not or claim.id == "C3"


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("kind", ["doors", "traffic"])
def test_one_side_of_the_boundary_is_not_enough(kind: str, side: str) -> None:
    """The freeze is seen to begin only by who looked before and after."""
    rows = tuple(row for row in record().rows if (row.kind, row.facts.get("side")) != (kind, side))
    assert not BY_ID["C7"].judge(Evidence(rows)).true


def test_the_rule_is_the_catalogues() -> None:
    """The claim on the freeze waits for the rule that the wedding's window has."""
    from sandbox.rehearsal.claims import c7_freeze_by_clock

    assert c7_freeze_by_clock.RULE == RULE


@pytest.mark.parametrize("claim", programme.CLAIMS, ids=lambda claim: claim.id)
def test_a_claims_phases_record_what_it_reads(claim: Claim) -> None:
    """Each kind of evidence is recorded by a phase that the claim names, or by the end that always comes."""
    sources = "".join((REHEARSAL / f"phases/{name}.py").read_text() for name in (*claim.phases, "end"))
    recorded = set(re.findall(r'record\(\s*"([\w-]+)"', sources))
    assert asked(claim) <= recorded, asked(claim) - recorded


def test_the_programme_knows_every_phase_and_claim() -> None:
    """Claims stand in their order; each phase is a module with `play`, in one group, and some claim needs it."""
    numbers = [int(claim.id.removeprefix("C")) for claim in programme.CLAIMS]
    assert numbers == sorted(set(numbers))
    assert [claim.id for claim in programme.CLAIMS if "short" in claim.worlds] == [f"C{n}" for n in range(1, 11)]
    assert {name for claim in programme.CLAIMS for name in claim.worlds} == set(WORLDS)
    phases = [name for group in programme.PHASES for name in group]
    modules = {file.stem for file in (REHEARSAL / "phases").glob("*.py")} - {"__init__", "end"}
    assert sorted(phases) == sorted(modules)
    assert set(phases) == {name for claim in programme.CLAIMS for name in claim.phases}
    for name in (*phases, "end"):
        assert callable(importlib.import_module(f"sandbox.rehearsal.phases.{name}").play)


def test_only_a_claims_phases_are_played() -> None:
    """`make prove` plays what the claim needs, in the programme's order, whatever order the claims come in."""
    assert programme.phases_of([BY_ID["C2"]]) == ["calendar"]
    assert programme.phases_of([BY_ID["C9"], BY_ID["C6"]]) == ["start", "warm", "loss", "home"]
    order = programme.phases_of(programme.CLAIMS)
    assert order == [name for group in programme.PHASES for name in group]
    for first, then in (
        ("start", "warm"),
        ("warm", "crowd"),
        ("crowd", "purge"),
        ("freeze", "glass"),
        ("glass", "loss"),
        ("loss", "home"),
        ("home", "destroy"),
    ):
        assert order.index(first) < order.index(then)
    for claim in programme.CLAIMS:
        assert claim.phases == tuple(programme.phases_of([claim]))


def sabotages() -> set[str]:
    """The counter-experiments that something does: compared with `sabotage` in a source, or a row of the defects."""
    found = set(DEFECTS)
    for file in REHEARSAL.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Compare) and "sabotage" in ast.unparse(node.left):
                found |= {str(one.value) for one in node.comparators if isinstance(one, ast.Constant) and one.value}
    return found


def test_every_claim_has_a_counter_experiment_that_is_made() -> None:
    """No two claims share one, each is implemented, and none is implemented for nobody."""
    named = [claim.counter_experiment for claim in programme.CLAIMS]
    assert len(set(named)) == len(named)
    assert set(named) == sabotages()


def test_a_hook_is_taken_off_in_a_copy(tmp_path: Path) -> None:
    """The patch fits the program as it is, and the project's own file keeps its words."""
    folder = patched.without_a_hook(tmp_path / "programs")
    theirs = (folder / "infra/freeze_hooks.py").read_text()
    assert 'args.type_.endswith(":Distribution")' in theirs
    assert 'args.type_.endswith(":Distribution")' not in (PROJECT / "infra/freeze_hooks.py").read_text()
    compile(theirs, "freeze_hooks.py", "exec")
    assert (folder / "controlplane/domain/freeze.py").exists()
    assert patched.without_a_hook(tmp_path / "programs") == folder


def test_a_patch_that_does_not_fit_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that says it otherwise would be left whole: then the experiment would prove nothing."""
    monkeypatch.setattr(patched, "HOOKED", "if args.custom:")
    with pytest.raises(patched.PatchDoesNotFit, match="no longer says"):
        patched.without_a_hook(tmp_path / "programs")


class Played:
    """Phases made up for a test; each notes that it was played."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.order: list[str] = []
        self._monkeypatch = monkeypatch

    def phase(self, name: str, *, fails: Exception | None = None, meets: threading.Barrier | None = None) -> None:
        def play(stage: Stage) -> None:
            self.order.append(name)
            stage.record("seen", by=name)
            if meets:
                meets.wait(60)
            if fails:
                raise fails

        module = ModuleType(name)
        module.play = play  # type: ignore[attr-defined]  # a module made here
        self._monkeypatch.setitem(sys.modules, f"sandbox.rehearsal.phases.{name}", module)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    """Three groups, the second with two phases."""
    monkeypatch.setattr(programme, "PHASES", (("one",), ("two", "three"), ("four",)))
    made = Played(monkeypatch)
    for name in ("one", "four", "end"):
        made.phase(name)
    yield made


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage that no phase here acts on."""
    recorder = Recorder.begin(tmp_path / "evidence.jsonl")
    return Stage(Run(tmp_path), cast(Workspace, None), recorder, 1, lambda _: None)


def test_a_group_is_played_at_once_and_the_end_last(played: Played, stage: Stage) -> None:
    """Phases of a group meet; what was not asked for is left out; each row carries its phase."""
    meeting = threading.Barrier(2)
    for name in ("two", "three"):
        played.phase(name, meets=meeting)
    told: list[str] = []
    assert programme.play(stage, ["three", "two", "one"], lambda name, _: told.append(name)) == ""
    assert (played.order[0], set(played.order[1:3]), played.order[3:]) == ("one", {"two", "three"}, ["end"])
    assert sorted(told) == ["end", "one", "three", "two"]
    assert all(row.phase == row["by"] for row in stage.recorder.evidence().of("seen"))


@pytest.mark.parametrize(("fault", "said"), [(StageBroken("no POP"), "no POP"), (ValueError("odd"), "ValueError: odd")])
def test_a_broken_phase_ends_the_programme_and_is_told(
    fault: Exception, said: str, played: Played, stage: Stage
) -> None:
    """Later phases are not played, the end is, and the claims are judged on what was seen."""
    played.phase("two", fails=fault)
    played.phase("three")
    assert programme.play(stage, ["one", "two", "four"], lambda *_: None) == said
    assert played.order == ["one", "two", "end"]
    assert not any(finding.true for _, finding in programme.judge(programme.CLAIMS, stage.recorder.evidence()))
