from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.origin.regions import HOME, Regions


@pytest.fixture(scope="package")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Regions]:
    regions = Regions(tmp_path_factory.mktemp("run"))
    yield regions
    regions.end()


@pytest.fixture
def regions(pair: Regions) -> Iterator[Regions]:
    if not pair.is_plain:
        pair.lead(HOME)
    yield pair
    if pair.stopped:
        pair.wake()
