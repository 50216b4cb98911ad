"""Break-glass in the Pulumi program: the stand-in engine, both vendors' emulators as the shared store, real keys."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controlplane.domain.calendar_json import to_json
from controlplane.domain.inventory import PLATFORM_KEY, Inventory
from sandbox.clock import OffsetClock
from tests.contracts.cloud import CATALOGUE, Platform, provisioned, running_cloud
from tests.contracts.test_signatures import public, written
from tests.domain.calendars import AT, calendar
from tests.fakes.clock_server import clock_server
from tests.infra.conftest import Stacks
from tests.infra.landscape import ROOT, Ran

PEOPLE = ("lena", "boris")


@dataclass
class Glass:
    """The wedding's stack in its window, with a store, a profile and two persons' keys beside it."""

    stacks: Stacks
    platform: Platform
    folder: Path
    patch: pytest.MonkeyPatch

    def wedcache(self, *arguments: str) -> str:
        """What the command prints; it has to end well."""
        command = [sys.executable, "-m", "controlplane.cli.main", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=180, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def engine(self, *arguments: str, **environment: str) -> Ran:
        """Run one command of the engine with these variables."""
        with self.patch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            return self.stacks.wedding.run(*arguments)

    def granted(self, plan: str) -> str:
        """A grant for the saved plan, signed by both."""
        text = self.wedcache("break-glass", "request", "--op", "stack-update", "--plan", plan)
        for person in PEOPLE:
            (self.folder / "text").write_text(text)
            text = self.wedcache(
                "break-glass", "approve", "text", "--key", str(self.folder / person / "ed25519"), "--yes"
            )
        (self.folder / "grant.txt").write_text(text)
        return "grant.txt"


@pytest.fixture
def glass(stacks: Stacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Glass]:
    """Everything in como's window, under the profile `default` beside the stack's own folder."""
    folder, keys = stacks.wedding.folder, []
    for person in PEOPLE:
        (folder / person).mkdir()
        keys.append(f"{person}@weddings.example {public(written(folder / person, 'ed25519'))}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with running_cloud(tmp_path) as cloud:
        clock = OffsetClock(cloud.run.clock)
        clock.set(AT)
        with clock_server(clock.now) as endpoint:
            platform = provisioned(cloud)
            platform.profile(folder, "default")
            sandbox = {"kind": "sandbox", "clock": endpoint}
            whole = json.loads(platform.inventory.to_json()) | sandbox | {"allowed_signers": keys}
            platform.write(PLATFORM_KEY, Inventory.from_mapping(whole).to_json())
            made = Glass(stacks, platform, folder, monkeypatch)
            made.wedcache("freeze", "push", "--catalogue", str(CATALOGUE), "--yes")
            before = stacks.inventory.read_text()
            stacks.inventory.write_text(json.dumps(json.loads(before) | sandbox))
            stacks.calendar.write_text(to_json(calendar()))
            yield made
            stacks.inventory.write_text(before)
            stacks.calendar.unlink()
            clock.set(datetime.now(UTC))


def test_the_hooks_admit_exactly_the_plan_that_was_signed(glass: Glass) -> None:
    """In the window a plan can be made; with its grant that plan passes, once, and no other change does."""
    wedding = glass.stacks.wedding
    (edge,) = [row for row in wedding.resources() if row["type"].endswith(":Distribution")]
    deployed = edge["inputs"]["priceClass"]
    mine = "PriceClass_100" if deployed != "PriceClass_100" else "PriceClass_All"
    (theirs,) = {"PriceClass_100", "PriceClass_200", "PriceClass_All"} - {mine, deployed}
    wedding.set({"price_class": mine})
    only = glass.engine("up", "--yes", "--skip-preview", WEDCACHE_PLANNING="1")
    assert (only.code, only.changes) == (1, []), only.text
    assert "nothing is ever changed" in only.text
    planned = glass.engine("preview", "--save-plan=plan.json", WEDCACHE_PLANNING="1")
    assert planned.code == 0, planned.text
    grant = {"WEDCACHE_BREAK_GLASS": glass.granted("plan.json"), "WEDCACHE_PLAN": "plan.json"}

    wedding.set({"price_class": theirs})
    other = glass.engine("up", "--yes", **grant)
    assert (other.code, other.changes) == (1, []), other.text
    assert "the plan does not set priceClass to that" in other.text
    wedding.set({"price_class": mine})
    passed = glass.engine("up", "--yes", "--plan=plan.json", **grant)
    assert passed.code == 0, passed.text
    assert [(call.method, call.name) for call in passed.changes] == [("Update", "edge-como")]

    wedding.set({"price_class": theirs})
    again = glass.engine("up", "--yes", **grant)
    assert (again.code, again.changes) == (1, []), again.text
    assert "it was used before" in again.text
    wedding.set({"price_class": mine})
