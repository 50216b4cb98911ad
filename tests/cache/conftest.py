"""A real Valkey server for the session, and a scope of its own for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from controlplane.cache import Settings
from controlplane.cache.testing import FakeRegion
from sandbox import valkey
from tests.cache.scene import Make, real_cache

# A busy machine is no defect: examples have no time limit of their own.
settings.register_profile("cache", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cache")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[valkey.Server]:
    """One server that nobody harms; tests keep apart by scope."""
    running = valkey.start(valkey.free_port(), tmp_path_factory.mktemp("valkey"))
    yield running
    running.stop()


@pytest.fixture
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[valkey.Server]:
    """A server of the test's own, to be stopped, emptied and restarted."""
    running = valkey.start(valkey.free_port(), tmp_path_factory.mktemp("victim"))
    yield running
    running.stop()


@pytest.fixture
def scope() -> str:
    """A name that no other test uses."""
    return f"test-{secrets.token_hex(4)}"


@pytest.fixture(params=["fake", "real"])
def make(request: pytest.FixtureRequest, scope: str) -> Make:
    """How to make one more process's cache of the same region: in memory, or over a real server."""
    if request.param == "fake":
        region = FakeRegion()
        return lambda: region.cache(Settings(throttle=0.001))
    running: valkey.Server = request.getfixturevalue("server")
    # Blindness is tested elsewhere: here a busy machine may starve the loop for a while.
    return lambda: real_cache(running.url, scope, throttle=0.001, blind_after=30.0, start_timeout=20.0)
