"""The stand-in can be executed the moment it is installed."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

from sandbox.engine.install import install


def test_it_can_be_executed_at_once_whoever_forks_meanwhile(tmp_path: Path) -> None:
    """No process that another thread forks meanwhile holds the script open, which the kernel would refuse to run."""
    done = threading.Event()

    def fork() -> None:
        while not done.is_set():
            subprocess.run(["true"], check=True, close_fds=True)

    threads = [threading.Thread(target=fork) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(60):
            script = install(tmp_path / str(number), {"PATH": ""})
            assert script is not None
            process = subprocess.Popen([script, "version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            process.kill()
            process.wait()
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_several_threads_may_install_at_once(tmp_path: Path) -> None:
    """All of them get a script that is whole, and nothing else is left in the folder."""
    found: list[Path | None] = []
    threads = [threading.Thread(target=lambda: found.append(install(tmp_path, {"PATH": ""}))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [tmp_path / "pulumi"] * 8
    assert [one.name for one in tmp_path.iterdir()] == ["pulumi"]
