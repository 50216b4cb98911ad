"""A real Valkey server that nobody harms, for the whole of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox import valkey


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[valkey.Server]:
    """One server; tests keep apart by scope."""
    running = valkey.start(valkey.free_port(), tmp_path_factory.mktemp("valkey"))
    yield running
    running.stop()


@pytest.fixture(params=["fake", "valkey"])
def url(request: pytest.FixtureRequest) -> str:
    """Each world in turn: "" for the fakes."""
    if request.param == "fake":
        return ""
    running: valkey.Server = request.getfixturevalue("server")
    return running.url
