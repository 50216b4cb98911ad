"""One emulator process per plan for the whole folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cloudflare import Cloudflare

from tests.sandbox.cloudflare.emulator import Emulator, running


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running(tmp_path_factory.mktemp("business")) as started:
        yield started


@pytest.fixture(scope="session")
def free(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running(tmp_path_factory.mktemp("free"), "--plan", "free") as started:
        yield started


@pytest.fixture
def client(emulator: Emulator) -> Cloudflare:
    return emulator.client()


@pytest.fixture
def zone(emulator: Emulator, client: Cloudflare) -> str:
    return emulator.zone(client)
