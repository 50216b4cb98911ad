"""One cloud of emulators for the contract suites; a fault that a test injects ends with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contracts.cloud import Cloud, running_cloud


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Both vendors' emulators."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture
def healed(cloud: Cloud) -> Iterator[Cloud]:
    """The cloud; every fault is taken back afterwards."""
    yield cloud
    cloud.faults.heal()
