"""Como's Saturday against both vendors' emulators: a published calendar, its window, three people with keys."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controlplane.domain.inventory import PLATFORM_KEY, Inventory
from controlplane.domain.purge import receipt_key
from sandbox.clock import OffsetClock
from tests.cli.conftest import Online, Said
from tests.contracts.cloud import Cloud, Platform, provisioned
from tests.contracts.test_signatures import public, written
from tests.fakes.clock_server import clock_server
from tests.fakes.inventory import REGIONS

IN = datetime(2027, 6, 12, 10, tzinfo=UTC)
NUMBERS = itertools.count(1)
RULE = "venue:como:2027-06-12"
PURGE = ["purge", "wedding:como", "--hard", "--yes"]


@dataclass
class Saturday:
    """A platform of one test's own, in como's window, with three signers: lena (two keys), boris, and a stranger."""

    online: Online
    cloud: Cloud
    platform: Platform
    folder: Path
    clock: OffsetClock
    keys: dict[str, Path] = field(default_factory=dict)

    def __call__(self, *arguments: str) -> Said:
        return self.online(*arguments)

    def text(self, said: Said) -> str:
        """What a command printed, as a file."""
        assert said.code == 0, said.err
        path = self.folder / f"text-{next(NUMBERS)}"
        path.write_text(said.out)
        return str(path)

    def asked(self, *more: str) -> str:
        """The text of a request to purge como hard."""
        return self.text(self("break-glass", "request", "--op", "purge-hard", "--scope", "wedding:como", *more))

    def signed(self, text: str, *who: str) -> str:
        """The text with these persons' signatures."""
        for one in who:
            said = self("break-glass", "approve", text, "--key", str(self.keys[one]), "--yes")
            text = self.text(said)
        return text

    def refused(self, *each: tuple[str, Sequence[str]]) -> None:
        """Each ends with 17 and its words, and no mutating call reached any vendor, the store's buckets included."""
        before = len(self.cloud.mutations())
        for words, arguments in each:
            said = self(*arguments)
            assert said.code == 17, said.err
            assert words in said.err
            assert "nothing was changed" in said.err
        assert len(self.cloud.mutations()) == before


@pytest.fixture(scope="module")
def landscape(cloud: Cloud) -> Platform:
    """One platform for this file: every request is another one, so that no grant meets another test's marks."""
    return provisioned(cloud)


@pytest.fixture
def saturday(
    online: Online, cloud: Cloud, landscape: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Saturday]:
    """The published calendar, como's window, receipts of both regions' agents for every purge."""
    clock = OffsetClock(cloud.run.clock)
    landscape.profile(tmp_path)
    keys = {name: tmp_path / name / "ed25519" for name in ("lena", "lena2", "boris", "stranger")}
    for path in keys.values():
        path.parent.mkdir()
        written(path.parent, "ed25519")
    signers = [f"{name.rstrip('2')}@weddings.example {public(keys[name])}" for name in ("lena", "lena2", "boris")]

    def identity(_: object, kind: str) -> str:
        made = f"{kind}-{next(NUMBERS)}"
        if kind == "purge":
            for region in REGIONS:
                landscape.write(receipt_key(made, region), json.dumps({"region": region}))
        return made

    monkeypatch.setattr("controlplane.bootstrap.Plant.operation_id", identity)
    with clock_server(clock.now) as endpoint:
        whole = json.loads(landscape.inventory.to_json())
        whole |= {"kind": "sandbox", "clock": endpoint, "allowed_signers": signers}
        landscape.write(PLATFORM_KEY, Inventory.from_mapping(whole).to_json())
        clock.set(IN)
        assert online("freeze", "push", "--yes").code in (0, 13)
        yield Saturday(online, cloud, landscape, tmp_path, clock, keys)
        clock.set(datetime.now(UTC))
