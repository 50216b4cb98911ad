"""A rehearsal empties its folder, so it begins only where nobody else is at work and nothing of others lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox.rehearsal.__main__ import main
from sandbox.run import Run, write_json
from sandbox.verbs import holding


def test_two_in_one_folder_do_not_end_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second names the first one's pid and touches nothing."""
    run = Run(tmp_path / ".wedcache/rehearsal")
    write_json(run.registry, {"run": "0", "processes": {}})
    with holding.held(run):
        assert main(["--folder", str(run.folder), "--only", "C2"]) == 1
    said = capsys.readouterr().err
    assert f"pid {os.getpid()}" in said
    assert f"--run {run.folder} down" in said
    assert run.read() == {"run": "0", "processes": {}}


def test_a_folder_of_others_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody's letters are not emptied away, wherever they lie."""
    for folder in (tmp_path / "letters", tmp_path / ".wedcache/letters"):
        folder.mkdir(parents=True)
        (folder / "letter.txt").write_text("dear guests")
        assert main(["--folder", str(folder), "--only", "C2"]) in (1, 2)
        assert (folder / "letter.txt").read_text() == "dear guests"
        assert str(folder) in capsys.readouterr().err
