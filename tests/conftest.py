"""What tests of several folders share, and which files begin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import programs
from sandbox.run import Run
from tests.engine.receiving import received

LONGEST = (
    "scenarios/test_runbooks.py",
    "infra/test_break_glass.py",
    "cli/test_second_laptop.py",
    "cli/test_emergency.py",
    "cli/test_online.py",
    "cli/test_break_glass.py",
    "sandbox/test_starting.py",
    "sync/test_three_regions.py",
    "engine/test_managing.py",
    "engine/test_updates.py",
    "engine/test_hooks_and_plans.py",
    "sandbox/providers/test_derive.py",
    "sandbox/providers/test_lifecycle.py",
)
"""Files that take half a minute: they begin, so that no worker has one of them left when the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the others as they were found."""
    places = {str(Path(__file__).parent / name): place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(str(item.path), len(places)))


@pytest.fixture(scope="session")
def reception(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A process that has the SDKs imported: the programs of most tests start in forks of it."""
    with received(Run(tmp_path_factory.mktemp("reception") / ".wedcache/run")) as run:
        yield str(programs.socket_of(run))
