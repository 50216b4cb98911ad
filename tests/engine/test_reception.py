"""Programs in forks of one process of the run that has the SDKs imported: what a program sees must be the same."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sandbox import processes, programs
from sandbox.engine.program import RECEPTION
from sandbox.run import Run
from tests.engine.receiving import received
from tests.engine.workbench import Bench

SEEN = """
import json, os, pathlib, sys
pathlib.Path(os.environ["SEEN"]).write_text(json.dumps({
    "pid": os.getpid(), "parent": os.getppid(), "environ": dict(os.environ), "path": sys.path, "folder": os.getcwd(),
    "argv": sys.argv,
    "imported": "pulumi_cloudflare.zone" in sys.modules, "entered": "pulumi_cloudflare" in sys.modules,
}))
import pulumi_cloudflare
assert pulumi_cloudflare.Zone and pulumi_cloudflare.AccountMember
Thing("a", {"x": 1})
"""
PATIENCE_SECONDS = 60.0


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Run]:
    """A reception of the test's own, in a folder whose path is longer than a socket's address may be."""
    with received(Run(tmp_path / ("a long way down " * 6) / ".wedcache/run")) as run:
        yield run


def _seen(bench: Bench, **environ: str) -> dict[str, object]:
    path = bench.folder / "seen.json"
    bench.program(SEEN)
    bench.must("up", "--yes", "--skip-preview", SEEN=str(path), **environ)
    found = json.loads(path.read_text())
    assert isinstance(found, dict)
    return found


def test_a_program_sees_what_it_would_see_without_it(standin: Bench, own: Run) -> None:
    """Environment, paths, folder and arguments are the engine's; the SDKs are imported, and whole if it asks."""
    alone = _seen(standin, **{RECEPTION: ""})
    standin.must("destroy", "--yes", "--skip-preview")
    seen = _seen(standin, **{RECEPTION: str(programs.socket_of(own))})
    assert seen["imported"]
    assert not seen["entered"], "whether to run the package is the program's choice"
    ours, theirs = seen.pop("environ"), alone.pop("environ")
    assert isinstance(ours, dict) and isinstance(theirs, dict)
    assert ours.pop(RECEPTION) and not theirs.pop(RECEPTION)
    assert ours == theirs
    for key in ("path", "folder", "argv"):
        assert seen[key] == alone[key]
    assert standin.resources()["a"]["inputs"] == {"x": 1}
    assert standin.must("up", "--yes", "--skip-preview", "--expect-no-changes", SEEN=os.devnull).code == 0


def test_a_dead_reception_is_no_reception(standin: Bench, own: Run) -> None:
    """Its socket is there and nobody listens: the engine starts the program by itself."""
    processes.end(own)
    seen = _seen(standin, **{RECEPTION: str(programs.socket_of(own))})
    assert not seen["imported"]


def test_a_killed_engine_leaves_no_program(standin: Bench, own: Run) -> None:
    """The engine is killed in the middle of a program: the program and its nurse leave, the reception stays."""
    path = standin.folder / "seen.json"
    standin.program(SEEN + "\nimport time; time.sleep(600)")
    engine = standin.start("up", "--yes", "--skip-preview", SEEN=str(path), **{RECEPTION: str(programs.socket_of(own))})
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline, "the program never began"
        time.sleep(0.02)
    seen = json.loads(path.read_text())
    born = [psutil.Process(seen["pid"]), psutil.Process(seen["parent"])]
    engine.send_signal(signal.SIGKILL)
    engine.communicate()
    _, alive = psutil.wait_procs(born, timeout=PATIENCE_SECONDS)
    assert alive == []
    assert list(processes.alive(own)) == [programs.NAME]
