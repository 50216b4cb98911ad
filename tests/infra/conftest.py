"""Both stacks, declared once a session: creations pass although no calendar was ever published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.infra.landscape import ROOT, Declared, Served, Stack


@dataclass(frozen=True)
class Stacks:
    """The platform as `Pulumi.prod.yaml` says and the wedding `como`, as they were first declared."""

    folder: Path
    served: Served
    platform: Stack
    wedding: Stack
    shared: Declared
    own: Declared

    @property
    def calendar(self) -> Path:
        """Where both programs look for the calendar."""
        return self.folder / "calendar.json"

    @property
    def inventory(self) -> Path:
        """Where the wedding's program looks for the platform's inventory."""
        return self.folder / "platform.json"


@pytest.fixture(scope="session")
def stacks(tmp_path_factory: pytest.TempPathFactory, reception: str) -> Iterator[Stacks]:
    """Declare both."""
    folder = tmp_path_factory.mktemp("landscape")
    served = Served(reception)
    try:
        calendar = str(folder / "calendar.json")
        platform = Stack(folder / "platform", served, ROOT, "prod", {"calendar": calendar})
        platform.up()
        (folder / "platform.json").write_text(platform.outputs()["inventory"])
        theirs = {"catalogue": str(ROOT / "catalogue.yaml"), "inventory": str(folder / "platform.json")}
        wedding = Stack(folder / "wedding", served, ROOT / "weddings", "como", {"calendar": calendar, **theirs})
        wedding.up()
        shared, own = (Declared(tuple(stack.resources())) for stack in (platform, wedding))
        yield Stacks(folder, served, platform, wedding, shared, own)
    finally:
        served.close()


@pytest.fixture(scope="session")
def shared(stacks: Stacks) -> Declared:
    """What the platform's stack declares."""
    return stacks.shared


@pytest.fixture(scope="session")
def own(stacks: Stacks) -> Declared:
    """What the wedding's stack declares."""
    return stacks.own
