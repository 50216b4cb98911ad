"""Locks, Ctrl-C and kill -9: what was running is saved or known, and nothing is left behind."""

from __future__ import annotations

import signal
import socket
import threading
import time
from pathlib import Path

import psutil

from tests.engine.workbench import Bench

TWO = """
a = Thing("a", {"x": 1})
b = Thing("b", {"after": a.arn})
"""


def _held(bench: Bench, method: str, name: str) -> threading.Event:
    """Make one provider call wait until the event is set."""
    event = threading.Event()
    bench.provider.behaviour.hold[(method, name)] = event
    return event


def _locks(bench: Bench) -> list[Path]:
    return list((bench.folder / "state/.pulumi/locks/organization/demo/dev").glob("*.json"))


def _left_over(folder: Path) -> list[str]:
    """Command lines of processes that work in `folder`, after they had some seconds to leave."""
    deadline = time.monotonic() + 5
    while True:
        found = [
            " ".join(process.info["cmdline"] or [])
            for process in psutil.process_iter(["cwd", "cmdline"])
            if process.info["cwd"] and Path(process.info["cwd"]).is_relative_to(folder)
        ]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def test_an_interrupt_lets_the_running_call_finish_and_saves_it(bench: Bench) -> None:
    """A second update is refused meanwhile; SIGINT waits for the call that runs, saves it, unlocks and returns 1."""
    bench.program(TWO)
    event = _held(bench, "Create", "a")
    running = bench.start("up", "--yes", "--skip-preview")
    assert bench.provider.wait_for("Create", "a")
    assert [pending["type"] for pending in bench.state()["pending_operations"]] == ["creating"]
    second = bench.run("up", "--yes", "--skip-preview")
    assert second.code == 1
    assert "the stack is currently locked by 1 lock(s)" in second.text
    assert f"(pid {running.pid})" in second.text
    running.send_signal(signal.SIGINT)
    threading.Timer(0.3, event.set).start()
    out, err = running.communicate(timeout=120)
    assert running.returncode == 1, out + err
    assert _locks(bench) == []
    assert bench.resources()["a"]["id"] == "a-1"
    assert "b" not in bench.resources()
    assert bench.state().get("pending_operations") is None
    assert _left_over(bench.folder) == []
    assert bench.must("up", "--yes", "--skip-preview").summary()[-1] == "Create b"


def test_a_killed_update_leaves_its_lock_and_what_was_pending(standin: Bench) -> None:
    """After kill -9 the lock holds until `cancel --yes`; the interrupted operation is shown at the next up."""
    standin.program(TWO)
    event = _held(standin, "Create", "b")
    running = standin.start("up", "--yes", "--skip-preview")
    assert standin.provider.wait_for("Create", "b")
    running.kill()
    event.set()
    running.communicate(timeout=120)
    assert len(_locks(standin)) == 1
    assert _left_over(standin.folder) == []
    assert standin.run("up", "--yes").code == 1
    standin.must("cancel", "--yes")
    assert _locks(standin) == []
    standin.provider.behaviour.hold.clear()
    resumed = standin.must("up", "--yes", "--skip-preview")
    assert "with 1 pending operations from previous deployment" in resumed.err
    assert "aws:test/thing:Thing::b, interrupted while creating" in resumed.err
    assert {"a", "b"} <= set(standin.resources())


def test_a_provider_that_is_not_there_is_named(standin: Bench) -> None:
    """Without an attached provider, or with one that has gone, the command says so and changes nothing."""
    standin.program(TWO)
    absent = standin.run("up", "--yes", "--skip-preview", PULUMI_DEBUG_PROVIDERS="")
    assert absent.code == 1
    assert "a provider that is not attached by PULUMI_DEBUG_PROVIDERS (aws)" in absent.err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gone = standin.run("up", "--yes", "--skip-preview", PULUMI_DEBUG_PROVIDERS=f"aws:{port}")
    assert gone.code == 1
    assert f"no provider for aws answers at 127.0.0.1:{port}" in gone.err
    assert "Traceback" not in absent.text + gone.text
