"""The front door: what the README says is what CI runs, what the code does and where the files are."""

from __future__ import annotations

import re
import subprocess

import pytest
from ruamel.yaml import YAML

from controlplane.cli.main import app
from sandbox import differences
from tests.architecture.source import ROOT, files

README = (ROOT / "README.md").read_text()
CI = (ROOT / ".ci/run").read_text()
CI_PREFIX = re.compile(r"^(?:\s*)(?:run|within \d+|expect \d+) (.*?)(?: >.*)?$", re.MULTILINE)


def console() -> list[str]:
    """Every command of the README's console blocks, in order."""
    blocks = re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert lines
    assert all(line.startswith("$ ") for line in lines), "a console block holds commands only"
    return [line.removeprefix("$ ") for line in lines]


def test_ci_runs_every_command_of_the_readme() -> None:
    """What a newcomer is told to type is executed by .ci/run, in the same order after the two first ones."""
    executed = ["make test", *CI_PREFIX.findall(CI)]
    assert [one for one in console() if one not in executed] == []
    told = [one for one in console() if one not in ("make rehearsal", "make test")]
    assert told == [one for one in executed if one in told]


def test_ci_stops_at_the_first_failure_and_leaves_nothing() -> None:
    """.ci/run is strict bash that parses, tests before it rehearses, and ends what it started however it ends."""
    assert CI.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in CI
    assert "trap end EXIT" in CI
    assert CI.index("\ntest_all\n") < CI.index("run make rehearsal")
    subprocess.run(["bash", "-n", str(ROOT / ".ci/run")], check=True)
    assert (ROOT / ".ci/run").stat().st_mode & 0o100


def test_every_make_verb_that_is_told_exists() -> None:
    """README, CHANGELOG and CI name only verbs that the Makefile has."""
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = set(re.findall(r"(?:`|\$ |run )make ([a-z-]+)", README + CI + (ROOT / "CHANGELOG.md").read_text()))
    assert told <= verbs


def test_every_wedcache_verb_that_is_told_exists() -> None:
    """README and CHANGELOG name only commands of wedcache that exist."""
    told = re.findall(r"(?:`|\.venv/bin/)wedcache (?:--profile \w+ )?([a-z][a-z-]*)", README)
    listed = re.search(r"`wedcache`: ([a-z,\s-]+)\.", (ROOT / "CHANGELOG.md").read_text())
    assert listed is not None
    known = {name for name in app if not name.startswith("-")}
    assert told
    assert set(told) <= known
    assert set(re.split(r",\s+", listed.group(1))) == known


def test_every_path_that_is_told_exists() -> None:
    """Paths in the README are files or folders of the tree, or what a run writes."""
    told = set(re.findall(r"[`(]((?:[\w.-]+/)+[\w.-]*)[`)]", README))
    there = {name for name in told if (ROOT / name).exists()}
    assert {name for name in told - there if not name.startswith(("out/", ".wedcache/", ".venv/"))} == set()
    drawn = re.search(r"## The map\n\n```\n(.*?)```", README, re.DOTALL)
    assert drawn is not None
    folders = re.findall(r"^( *)([a-z]+)/", drawn.group(1), re.MULTILINE)
    assert all((ROOT / ("controlplane" if indent else "") / name).is_dir() for indent, name in folders)


@pytest.mark.parametrize("name", ["README.md", "docs/sandbox-differences.md"])
def test_tables_are_current(name: str) -> None:
    """The tables between markers are what the code's tables say now."""
    text = (ROOT / name).read_text()
    assert differences.renewed(text) == text, (
        "python -m sandbox.differences --write README.md docs/sandbox-differences.md"
    )


def test_the_readme_shows_the_important_differences_only() -> None:
    """Each important row exists, each part of the sandbox has one, and there are few enough to read."""
    shown = [row for row in differences.rows() if differences.is_important(row)]
    assert len(shown) == len(differences.IMPORTANT)
    assert {row.part for row in shown} >= {row.part for row in differences.rows()} - {"clock"}
    assert 15 <= len(shown) <= 25


def test_workflows_run_the_same_script_with_no_rights() -> None:
    """Each workflow calls .ci/run, pins what it uses by commit, and starts without permissions."""
    found = [name for name in files() if name.startswith(".github/workflows/")]
    assert found
    for name in found:
        text = (ROOT / name).read_text()
        workflow = YAML(typ="safe").load(text)
        assert workflow["permissions"] == {}
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        assert [step["run"] for step in steps if "run" in step] == [".ci/run"]
        uses = [step["uses"] for step in steps if "uses" in step]
        assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", use) for use in uses)
        machines = {machine for job in workflow["jobs"].values() for machine in job["strategy"]["matrix"]["machine"]}
        assert {machine.endswith("-arm") for machine in machines} == {True, False}
