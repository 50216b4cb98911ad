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
