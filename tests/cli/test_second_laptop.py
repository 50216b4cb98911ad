"""kill -9 and SIGSTOP in the middle, with real processes: another laptop with an empty disk finishes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from controlplane.adapters.aws.edge_store import KeyValueEdgeStore
from controlplane.adapters.system.clock import elapsed
from controlplane.bootstrap import Plant
from controlplane.domain.emergency import EMERGENCY_KEY
from controlplane.domain.ledger import Kind
from controlplane.operations.emergency import journal_of
from controlplane.operations.intents import all_cards, open_cards
from controlplane.operations.leases import Holder, holding
from controlplane.operations.ledger import chain, verify
from controlplane.settings import read_profile
from tests.contracts.cloud import Cloud, Platform, provisioned

PATIENCE = 120
SAFE_TO_RETRY = 18


@dataclass
class Laptop:
    """A folder with a profile, and `wedcache` run there as a process of its own with an empty home folder."""

    folder: Path

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-m", "controlplane.cli.main", "--profile", "test", *arguments],
            cwd=self.folder,
            env=os.environ | {"HOME": str(self.folder), "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command to its end; again where the world did not answer in time and it says that a retry is safe."""
        for _ in range(5):
            process = self.begin(*arguments)
            out, err = process.communicate(timeout=PATIENCE)
            if process.returncode != SAFE_TO_RETRY:
                break
        return process.returncode, out, err

    def caught(self, number: signal.Signals, word: str, *arguments: str) -> subprocess.Popen[str]:
        """Run a command and signal it as soon as it says `word`; one that was faster is undone and run again."""
        for _ in range(5):
            process = self.begin(*arguments)
            watchdog = threading.Timer(PATIENCE, process.kill)
            watchdog.start()
            assert process.stderr is not None
            for line in process.stderr:
                if word in line:
                    os.kill(process.pid, number)
                    break
            watchdog.cancel()
            if number is signal.SIGSTOP and process.poll() is None:
                return process
            process.communicate()
            if process.returncode == -number:
                return process
            self.ask("emergency", "off" if arguments[1] == "on" else "on", "--yes")
        pytest.fail(f"{arguments} ended five times before it could be signalled")


@pytest.fixture
def platform(cloud: Cloud) -> Iterator[Platform]:
    """A platform of the test's own."""
    made = provisioned(cloud)
    yield made
    made.retire()


@pytest.fixture
def laptops(platform: Platform, tmp_path: Path) -> tuple[Laptop, Laptop]:
    """Two laptops with a profile and nothing else."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        platform.profile(tmp_path / name)
    return Laptop(tmp_path / "first"), Laptop(tmp_path / "second")


@pytest.fixture
def seen(laptops: tuple[Laptop, Laptop]) -> Iterator[Plant]:
    """The shared store as anybody sees it."""
    one = Plant(read_profile("test", laptops[0].folder / ".wedcache/profiles"))
    yield one
    one.store.close()


def test_a_laptop_that_is_killed_is_followed_by_one_with_an_empty_disk(
    laptops: tuple[Laptop, Laptop], platform: Platform, seen: Plant
) -> None:
    """Killed while it switches on, and again while it switches off: each time the other one finishes."""
    first, second = laptops
    first.caught(signal.SIGKILL, "journaled", "emergency", "on", "--yes")
    (left,) = open_cards(seen.store)
    code, out, err = second.ask("ops", "resume", left.id, "--output", "json")
    assert (code, json.loads(out)["state"]) == (0, "done"), err
    assert keys(platform) == {EMERGENCY_KEY: "platform"}
    first.caught(signal.SIGKILL, "->", "emergency", "off", "--yes")
    code, _, err = second.ask("emergency", "off", "--yes")
    assert code == 0, err
    assert keys(platform) == {}
    assert open_cards(seen.store) == []
    assert all(verify(seen.store, card.id).holds for card in all_cards(seen.store))
    told = chain(seen.store, left.id)
    assert len({entry.by for entry in told.entries}) == 2
    assert (told.entries[0].kind, told.entries[-1].kind) == (Kind.BEGUN, Kind.CLOSED)


def test_a_stopped_laptop_that_wakes_makes_no_further_change(
    laptops: tuple[Laptop, Laptop], platform: Platform, seen: Plant
) -> None:
    """SIGSTOP past its lease, the other one takes over and switches off: the first wakes, and all stays off.

    It ends with 12; with 18 where it was stopped inside a question to the store, whose time is over when it wakes.
    """
    first, second = laptops
    process = first.caught(signal.SIGSTOP, "journaled", "emergency", "on", "--yes")
    try:
        code, _, err = second.ask("emergency", "off", "--yes")
        assert code == 0, err
        before = keys(platform)
        os.kill(process.pid, signal.SIGCONT)
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode in (12, 18), said
    assert keys(platform) == before == {}
    assert journal_of(seen.store).claims == {}
    assert journal_of(seen.store).entries == {}


def test_a_living_performer_is_left_alone(laptops: tuple[Laptop, Laptop], platform: Platform, seen: Plant) -> None:
    """11, and the holder is named, while another process renews the lease of the settings."""
    holder = Holder(seen.store, "anna@first emergency-on-1", elapsed, time.sleep)
    with holding(holder, "lease/emergency"):
        code, _, err = laptops[1].ask("emergency", "on", "--yes")
    assert code == 11, err
    assert "anna@first" in err
    assert "nothing was changed" in err
    assert keys(platform) == {}


def keys(platform: Platform) -> dict[str, str]:
    """The edge store's keys, read by nobody's laptop."""
    arn = platform.inventory.cloudfront.key_value_store_arn
    return KeyValueEdgeStore(platform.cloud.session(), arn, random.Random(1)).read()
