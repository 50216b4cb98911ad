"""A real Valkey server for the session, and a scope of its own for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from sandbox import valkey

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
