"""Starting and ending a sandbox, also badly: interrupted, killed, twice, on a full disk, in somebody else's folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox import valkey
from sandbox.cloud import empty
from sandbox.run import Run, write_json
from tests.sandbox.front import BARE, bearers, command, folder_in, sandbox, until


def test_down_leaves_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    """In the foreground `up` stays until `down` asks it to end; then nothing lives, and every verb says so."""
    run = folder_in(tmp_path)
    process = subprocess.Popen(command(run, "up", "--bare"), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    with process.stderr:
        until("the start", lambda: "Ctrl-C" in (process.stderr or sys.stdin).readline())
        assert sorted(bearers(run)) == sorted(sandbox(run, "status", "--json").json["processes"].values())
        refused = sandbox(run, *BARE)
        assert refused.code == 1
        assert f"pid {process.pid}" in refused.err
        assert f"pid {process.pid}" in sandbox(run, "down").out
        assert process.wait(60) == 0
    assert bearers(run) == []
    assert "nothing was up" in sandbox(run, "down").out
    for words in (("clock", "show"), ("fault", "heal"), ("probe", "https://a.example/", "--pop", "FRA")):
        said = sandbox(run, *words)
        assert said.code == 1
        assert "no sandbox is up" in said.err
        assert "make sandbox" in said.err
    assert sandbox(run, "status", "--json").json["up"] is False


def started_in_part(run: Run) -> subprocess.Popen[str]:
    """An `up` that has started some of its processes."""
    process = subprocess.Popen(command(run, *BARE), stderr=subprocess.PIPE, text=True)
    until("the first processes", lambda: run.registry.exists() and len(run.read().get("processes", {})) >= 3)
    return process


def test_ctrl_c_during_up_leaves_nothing(tmp_path: Path) -> None:
    """Interrupted half-way, `up` ends with 130 and what it had started."""
    run = folder_in(tmp_path)
    process = started_in_part(run)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "nothing was left running" in said
    assert bearers(run) == []


def test_after_a_kill_the_next_verb_ends_the_leftovers_only(tmp_path: Path) -> None:
    """After kill -9 of the starter its processes live; `down` ends them, and spares a stranger that has an old pid."""
    run = folder_in(tmp_path)
    process = started_in_part(run)
    process.kill()
    process.communicate(timeout=120)
    assert bearers(run)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        with run.edit() as registry:
            registry["processes"]["aws-of-old"] = {"pid": stranger.pid, "started": time.time() - 9999}
        assert sandbox(run, "down").code == 0
        assert bearers(run) == []
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_half_emptied_folder_is_still_ours(tmp_path: Path) -> None:
    """Emptying spares the registry, whatever else goes: a start that is killed meanwhile does not block the next."""
    run = folder_in(tmp_path)
    (run.folder / "logs").mkdir(parents=True)
    (run.folder / "logs/aws.log").write_text("a line")
    (run.folder / "calls.jsonl").write_text("{}")
    (run.folder / "current").symlink_to(tmp_path)
    write_json(run.registry, {"run": "0", "processes": {}})
    empty(run)
    assert list(run.folder.iterdir()) == [run.registry]
    assert tmp_path.is_dir()


@pytest.mark.parametrize("kind", ["not in .wedcache", "somebody's files", "a file", "a file above"])
def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path, kind: str) -> None:
    """A start empties its folder, so a folder that is not a run's is refused and stays as it is."""
    run = folder_in(tmp_path)
    if kind == "not in .wedcache":
        run = Run(tmp_path / "documents")
    if kind == "somebody's files":
        run.folder.mkdir(parents=True)
        (run.folder / "letter.txt").write_text("dear guests")
    if kind == "a file":
        run.folder.parent.mkdir()
        run.folder.write_text("dear guests")
    if kind == "a file above":
        run.folder.parent.write_text("dear guests")
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    said = sandbox(run, *BARE)
    assert said.code in (1, 2)
    assert str(tmp_path) in said.err
    assert "Traceback" not in said.err
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """On a disk without space `up` says so in words, and nothing that it had started lives."""
    run = folder_in(tmp_path)
    run.folder.parent.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(run.folder.parent)]
    inside = ["unshare", "--map-root-user", "--mount", "--", "sh", "-c"]
    allowed = shutil.which("unshare") and subprocess.run([*inside, " ".join(mounted)], capture_output=True, check=False)
    if not allowed or allowed.returncode:
        pytest.skip("this machine lets nobody mount a small disk of their own")
    done = subprocess.run(
        [*inside, f'{" ".join(mounted)} && exec "$@"', "sh", *command(run, *BARE)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "no space is left" in done.stderr
    assert "Traceback" not in done.stderr
    assert bearers(run) == []


def test_a_registry_of_a_dead_run_is_no_sandbox(tmp_path: Path) -> None:
    """Pids of a registry that now belong to others do not count as a sandbox."""
    run = folder_in(tmp_path)
    write_json(run.registry, {"run": "old", "stays": True, "processes": {"aws": {"pid": os.getpid(), "started": 1.0}}})
    assert sandbox(run, "status").code == 1


def test_ports_in_use_are_seen(tmp_path: Path) -> None:
    """A port is free only where nobody listens at any of the pair's addresses."""
    server = valkey.start(valkey.free_port(), tmp_path, host="127.0.0.2")
    try:
        assert valkey.is_free(server.port, ("127.0.0.1",))
        assert not valkey.is_free(server.port, ("127.0.0.1", "127.0.0.2"))
    finally:
        server.stop()
