"""`wedcache gate`: the door in CI ends with 0, 10 or 16 and nothing else once it understood the question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_freeze import IN, OUT, SAMPLE, Answer, ask

__all__ = ["ask"]
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
OWN = f"urn:pulumi:como::wedcache-weddings::wedcache:edge:Edge${DISTRIBUTION}::"
SHARED = "urn:pulumi:prod::wedcache::cloudflare:index/ruleset:Ruleset::cache"


def gate(ask: Any, *arguments: str, catalogue: Path = SAMPLE) -> Answer:
    """`wedcache gate` on the sample."""
    answer = ask("gate", "--catalogue", str(catalogue), *arguments)
    assert isinstance(answer, Answer)
    return answer


def saved(tmp_path: Path, **steps: list[str]) -> Path:
    """A saved plan of como's stack."""
    plan = {
        "manifest": {},
        "resourcePlans": {OWN + name: {"goal": {"custom": True}, "steps": s} for name, s in steps.items()},
    }
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    return path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--stack", "como"], 10),
        (["--stack", "wedcache-weddings/como"], 10),
        (["--stack", "organization/wedcache-weddings/como"], 10),
        (["--stack", "wedcache/prod"], 10),
        (["--stack", "como", "--op", "stack-create"], 0),
        (["--stack", "comoo"], 16),
        (["--scope", "wedding:como", "--op", "takedown"], 0),
        (["--scope", "wedding:como", "--op", "purge-hard"], 10),
        (["--scope", "vendor:caterer-2"], 0),
        (["--scope", "vendor:florist-7"], 10),
        (["--scope", f"resource:{OWN}x"], 10),
        (["--scope", f"resource:{SHARED}"], 10),
    ],
)
def test_codes_in_the_window(ask: Any, arguments: list[str], code: int) -> None:
    """Admitted is 0, frozen 10, unknown 16; text and JSON agree."""
    assert gate(ask, *arguments, "--at", IN).code == code
    told = gate(ask, *arguments, "--at", IN, "--output", "json")
    assert told.code == code
    assert told.json["verdict"] == {0: "ADMITTED", 10: "REFUSED", 16: "UNKNOWN"}[code]


def test_codes_outside_the_window(ask: Any) -> None:
    """A week later everything known is admitted."""
    for arguments in (["--stack", "como"], ["--stack", "wedcache/prod"], ["--scope", "vendor:florist-7"]):
        assert gate(ask, *arguments, "--at", OUT).code == 0


def test_both_sides_of_the_boundary(ask: Any) -> None:
    """The gate counts the update's longest duration before the window, and opens at its very end."""
    codes = [
        gate(ask, "--stack", "como", "--at", at, *more).code
        for at, more in [
            ("2027-06-11T09:30:00Z", []),
            ("2027-06-11T09:30:01Z", []),
            ("2027-06-11T09:59:59Z", ["--lasts", "0m"]),
            ("2027-06-11T10:00:00Z", ["--lasts", "0m"]),
            ("2027-06-13T03:59:59.999999Z", []),
            ("2027-06-13T04:00:00Z", []),
        ]
    ]
    assert codes == [0, 10, 0, 10, 10, 0]


def test_a_plan_is_judged_step_by_step(ask: Any, tmp_path: Path) -> None:
    """One refused step refuses the plan, and each refused one is named; creations pass."""
    path = saved(tmp_path, new=["create"], same=["same"], old=["update"], gone=["delete"])
    told = gate(ask, "--plan", str(path), "--at", IN, "--output", "json")
    assert told.code == 10
    assert told.json["schema"] == "wedcache.verdict/1"
    assert told.json["refused"] == [
        {"operation": "stack-update", "scope": f"resource:{OWN}old"},
        {"operation": "stack-delete", "scope": f"resource:{OWN}gone"},
    ]
    assert [rule["id"] for rule in told.json["rules"]] == ["venue:como:2027-06-12"]
    text = gate(ask, "--plan", str(path), "--at", IN).out
    assert "3 planned changes, 2 of them may not start" in text
    assert f"REFUSED stack-delete resource:{OWN}gone" in text
    assert gate(ask, "--plan", str(path), "--at", OUT).code == 0
    assert gate(ask, "--plan", str(saved(tmp_path, new=["create"])), "--at", IN).code == 0


def test_a_plan_without_changes_is_admitted(ask: Any, tmp_path: Path) -> None:
    """A no-op preview passes in a window."""
    path = saved(tmp_path, one=["same"], two=["refresh"])
    told = gate(ask, "--plan", str(path), "--at", IN, "--output", "json")
    assert (told.code, told.json["verdict"], told.json["refused"]) == (0, "ADMITTED", [])


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"resourcePlans": {"x": {"steps": ["update"]}}}'])
def test_an_unreadable_plan_is_unknown(ask: Any, tmp_path: Path, text: str) -> None:
    """What a plan would change is unknown when it cannot be read: 16, and how to make it again."""
    path = tmp_path / "plan.json"
    path.write_text(text)
    answer = gate(ask, "--plan", str(path), "--at", OUT)
    assert (answer.code, answer.out) == (16, "")
    assert f"pulumi preview --save-plan {path}" in answer.err


def test_an_unreadable_calendar_is_unknown(ask: Any, tmp_path: Path) -> None:
    """A missing or wrong catalogue, a cut calendar and one past its date end with 16: never open."""
    wrong = tmp_path / "c.yaml"
    wrong.write_text(SAMPLE.read_text().replace("2027-06-12", "2027-06-31"))
    cut = tmp_path / "calendar.json"
    shown = ask("freeze", "show", "--catalogue", str(SAMPLE), "--at", OUT, "--output", "json").out
    cut.write_text(shown[:-20])
    for path in (wrong, cut, tmp_path / "none.yaml", tmp_path / "none.json"):
        answer = gate(ask, "--stack", "como", "--at", OUT, catalogue=path)
        assert (answer.code, answer.out) == (16, "")
        assert str(path) in answer.err
    old = tmp_path / "old.json"
    old.write_text(shown)
    assert gate(ask, "--stack", "como", "--at", OUT, catalogue=old).code == 0
    assert gate(ask, "--stack", "como", "--at", "2027-07-21T00:00:00Z", catalogue=old).code == 16


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--stack", "a/b/c/d"],
        ["--stack", "como", "--scope", "platform"],
        ["--scope", "x"],
        ["--stack", "como", "--op", "x"],
    ],
)
def test_a_question_that_is_none(ask: Any, arguments: list[str]) -> None:
    """A command line that asks nothing, or two things, is a mistake in typing: 2."""
    answer = gate(ask, *arguments, "--at", IN)
    assert (answer.code, answer.out) == (2, "")
    assert "nothing was changed" in answer.err
