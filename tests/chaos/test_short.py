"""A short run of `make chaos`: real processes, real signals, and mutants that must be noticed."""

from __future__ import annotations

import subprocess
import sys

PATIENCE_SECONDS = 400


def chaos(*words: str) -> subprocess.CompletedProcess[str]:
    """`python -m sandbox.chaos` to its end."""
    command = [sys.executable, "-m", "sandbox.chaos", "--at-once", "8", *words]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )


def test_laptops_that_die_lose_nothing() -> None:
    """Ten strikes by the seed, of those at every point and those by chance: each fired, and nothing is wrong."""
    done = chaos("--only", "failover,purge", "--kills", "10", "--some", "10")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 faults, 10 fired" in done.stdout
    assert " 0 wrong" in done.stdout


def test_a_laptop_without_its_mark_or_its_lease_is_noticed() -> None:
    """The same strikes hold without the mutants, so what turns them red is what is missing."""
    done = chaos("prove")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 of 4 mutants were noticed" in done.stdout
