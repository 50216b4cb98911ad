"""`wedcache freeze`: offline answers in contract shape, and errors that say what would be right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from controlplane.adapters.system import tzdata
from controlplane.cli.main import run
from controlplane.domain.calendar_json import from_json

SAMPLE = Path(__file__).parents[2] / "catalogue.yaml"
IN, OUT = "2027-06-12T10:00:00Z", "2027-06-20T10:00:00Z"


class Answer:
    """What a command printed and ended with."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """The object on stdout."""
        return json.loads(self.out)


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command line in this process."""

    def asked(*arguments: str) -> Answer:
        code = run(arguments)
        return Answer(code, *capsys.readouterr())

    return asked


def explain(ask: Any, *arguments: str) -> Any:
    """The verdict's JSON of `freeze explain` on the sample."""
    answer = ask("freeze", "explain", "--catalogue", str(SAMPLE), *arguments, "--output", "json")
    assert (answer.code, answer.err) == (0, "")
    return answer.json


def test_explain_in_the_contracts_shape(ask: Any) -> None:
    """The default operation is stack-update; schema comes first; the rule and the ways past it are named."""
    told = explain(ask, "--wedding", "como", "--at", IN)
    assert list(told) == [
        "schema",
        "verdict",
        "operation",
        "scope",
        "at",
        "rules",
        "next_transition",
        "way_past",
        "calendar",
    ]
    assert (told["schema"], told["verdict"], told["operation"]) == ("wedcache.verdict/1", "REFUSED", "stack-update")
    assert [rule["id"] for rule in told["rules"]] == ["venue:como:2027-06-12"]
    assert told["calendar"]["tzdata_source"] == "pinned"
    assert told["way_past"][0] == "wait until 2027-06-13T04:00:00Z"
    assert told["way_past"][-1].startswith("wedcache break-glass ")


def test_explain_ends_with_zero_for_any_verdict(ask: Any) -> None:
    """Admitted, refused and unknown are answers, not failures."""
    assert explain(ask, "--wedding", "como", "--at", OUT)["verdict"] == "ADMITTED"
    assert explain(ask, "--wedding", "como", "--at", IN, "--op", "warm")["verdict"] == "ADMITTED"
    assert explain(ask, "--scope", "platform", "--at", IN)["verdict"] == "REFUSED"
    assert explain(ask, "--scope", "wedding:nobody", "--at", IN)["verdict"] == "UNKNOWN"
    assert (
        explain(ask, "--scope", "region:eu-central-1", "--at", IN, "--drained", "eu-central-1")["verdict"] == "ADMITTED"
    )
    assert (
        explain(ask, "--scope", "platform", "--at", IN, "--op", "failback", "--standby-unhealthy")["verdict"]
        == "ADMITTED"
    )
    assert explain(ask, "--wedding", "como", "--at", "2027-06-11T09:59:59Z")["verdict"] == "REFUSED"
    assert explain(ask, "--wedding", "como", "--at", "2027-06-11T09:59:59Z", "--lasts", "0m")["verdict"] == "ADMITTED"


def test_offsets_name_the_same_instant(ask: Any) -> None:
    """The same instant with another offset gives the same answer."""
    assert explain(ask, "--wedding", "como", "--at", "2027-06-12T12:00:00+02:00") == explain(
        ask, "--wedding", "como", "--at", IN
    )


def test_explain_for_people(ask: Any) -> None:
    """Text says what, until when in both times, why, the way past it, and what no verdict covers."""
    answer = ask("freeze", "explain", "--catalogue", str(SAMPLE), "--wedding", "como", "--at", IN)
    assert answer.out.startswith("REFUSED: stack-update on wedding:como at 2027-06-12T10:00:00Z\n")
    for words in (
        "2027-06-11 12:00:00+02:00 to 2027-06-13 06:00:00+02:00  Europe/Rome",
        "lead 12h, lag 6h",
        "ways past it:",
        "tzdata 2026.6 (pinned)",
        "not covered by any verdict: the vendors' consoles",
    ):
        assert words in answer.out


def test_a_derived_zone_is_shown_as_derived(ask: Any, tmp_path: Path) -> None:
    """A zone that follows from the venue's place says so."""
    path = tmp_path / "c.yaml"
    path.write_text(SAMPLE.read_text().replace(", zone: Europe/Rome}", "}"))
    assert (
        "Europe/Rome (derived from the venue's place)"
        in ask("freeze", "show", "--catalogue", str(path), "--at", IN).out
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--wedding", "como", "--at", "2027-06-12T10:00:00"], "is not an RFC 3339 instant with an offset"),
        (["--wedding", "coma", "--at", IN], "--wedding 'coma' is not in the catalogue; did you mean 'como'?"),
        (["--wedding", "como", "--at", IN, "--op", "stack-updat"], "did you mean 'stack-update'?"),
        (["--scope", "wedings:como", "--at", IN], "is not a scope; write one of wedding:ID"),
        (["--wedding", "como", "--at", IN, "--lasts", "soon"], "--lasts 'soon' is not a duration"),
        (["--at", IN], "--wedding ID or --scope SCOPE"),
        (["--weding", "como"], "--wedding"),
        (["--wedding", "como", "--at", IN, "--catalogue", "/nowhere/c.yaml"], "/nowhere/c.yaml: No such file"),
    ],
)
def test_what_is_typed_wrong(ask: Any, arguments: list[str], words: str) -> None:
    """A wrong argument ends with 2, nothing on stdout, and the right form on stderr."""
    given = [] if "--catalogue" in arguments else ["--catalogue", str(SAMPLE)]
    answer = ask("freeze", "explain", *given, *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err
    assert "nothing was changed" in answer.err


def test_a_wrong_catalogue_names_its_line(ask: Any, tmp_path: Path) -> None:
    """File, line and suggestion reach the screen."""
    path = tmp_path / "c.yaml"
    path.write_text(SAMPLE.read_text().replace("    hosts:", "    hots:"))
    answer = ask("freeze", "explain", "--catalogue", str(path), "--wedding", "como", "--at", IN)
    line = 1 + SAMPLE.read_text()[: SAMPLE.read_text().index("    hosts:")].count("\n")
    assert answer.code == 2
    assert f"{path}:{line}: weddings[0].hots: unknown key; did you mean 'hosts'?" in answer.err
    assert f"next: correct {path}" in answer.err


def test_show_is_a_calendar_that_every_command_reads(ask: Any, tmp_path: Path) -> None:
    """The JSON of `show` is the compiled calendar; explain gives the same answer from it."""
    shown = ask("freeze", "show", "--catalogue", str(SAMPLE), "--at", IN, "--output", "json")
    assert from_json(shown.out).made.tzdata == "2026.6"
    saved = tmp_path / "calendar.json"
    saved.write_text(shown.out)
    answer = ask("freeze", "explain", "--catalogue", str(saved), "--wedding", "como", "--at", IN, "--output", "json")
    assert answer.json == explain(ask, "--wedding", "como", "--at", IN)
    later = ask("freeze", "explain", "--catalogue", str(saved), "--wedding", "como", "--at", "2027-09-01T00:00:00Z")
    assert later.out.startswith("UNKNOWN")
    only = ask("freeze", "show", "--catalogue", str(SAMPLE), "--wedding", "como", "--at", IN)
    assert "venue:como:2027-06-12  2027-06-11 12:00:00+02:00" in only.out


def test_diff_shows_what_an_edit_changes(ask: Any, tmp_path: Path) -> None:
    """A moved wedding is shown with both times, and in its window also that the door does not take it."""
    edited = tmp_path / "edited.yaml"
    edited.write_text(SAMPLE.read_text().replace("2027-06-12]", "2027-06-13]"))
    arguments = ("freeze", "diff", "--against", str(SAMPLE), "--catalogue", str(edited), "--at", IN)
    told = ask(*arguments, "--output", "json").json
    assert told["schema"] == "wedcache.freeze-diff/1"
    assert [(change["kind"], change["rule"], change["in_force"]) for change in told["changes"]] == [
        ("removed", "venue:como:2027-06-12", True),
        ("added", "venue:como:2027-06-13", False),
    ]
    assert told["refused"] == []  # the new window covers what remains of the old one
    edited.write_text(SAMPLE.read_text().replace("2027-06-12]", "2027-06-19]"))
    text = ask(*arguments).out
    assert "not taken now: venue:como:2027-06-12 is in force until 2027-06-13T04:00:00Z" in text
    assert "removed venue:como:2027-06-12 (wedding:como), in force now" in text
    assert ask(*arguments[:-1], OUT, "--output", "json").json["refused"] == []


def test_diff_shows_what_another_tzdata_changes(ask: Any, tmp_path: Path) -> None:
    """Compiled with the machine's older zones, Vancouver's window is an hour later; the releases are named."""
    try:
        older = tzdata.system()
    except FileNotFoundError:
        pytest.skip("this machine has no time zone files")
    if older.version >= "2026":
        pytest.skip(f"this machine's time zones are {older.version}")
    path = tmp_path / "c.yaml"
    changed = SAMPLE.read_text().replace("Europe/Rome", "America/Vancouver").replace("2027-06-12]", "2026-11-07]")
    path.write_text(changed)
    arguments = ("--against", str(path), "--catalogue", str(path), "--at", IN, "--against-tzdata", "system")
    told = ask("freeze", "diff", *arguments, "--output", "json").json
    assert told["tzdata"] == {"old": older.version, "new": "2026.6"}
    [change] = told["changes"]
    assert (change["old"]["start"], change["new"]["start"]) == ("2026-11-06T20:00:00Z", "2026-11-06T19:00:00Z")


def test_the_command_as_it_is_installed(tmp_path: Path) -> None:
    """A process of its own in an empty folder: JSON on stdout, words on stderr, codes as promised."""
    command = [
        sys.executable,
        "-m",
        "controlplane.cli.main",
        "freeze",
        "explain",
        "--wedding",
        "como",
        "--output",
        "json",
    ]
    root = str(SAMPLE.parent)

    def asked(*more: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.defpath, "PYTHONPATH": root}
        return subprocess.run(
            [*command, *more], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    right = asked("--catalogue", str(SAMPLE), "--at", IN)
    assert (right.returncode, right.stderr) == (0, "")
    assert json.loads(right.stdout)["verdict"] == "REFUSED"
    wrong = asked("--at", IN)  # no catalogue.yaml here
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "catalogue.yaml: No such file" in wrong.stderr


def test_the_command_imports_nothing_heavy() -> None:
    """What the command line costs before any sub-command is imported: no vendor SDK, no model, no YAML."""
    program = (
        "import sys, controlplane.cli.main\n"
        "heavy = {'boto3', 'cloudflare', 'pulumi', 'redis', 'aiohttp', 'pydantic', 'ruamel.yaml', 'tzfpy', 'msgspec'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
