"""Fixtures of the engine's tests. Where a real Pulumi CLI is on PATH and ENGINE=pulumi is set, every scenario runs on
it too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.memory_provider import Serving
from tests.engine.workbench import Bench, real_cli

REAL = os.environ.get("ENGINE") == "pulumi" and real_cli() is not None
ENGINES = ["standin", "pulumi"] if REAL else ["standin"]

# The comparison with the real CLI is collected only where there is one to compare with.
collect_ignore = [] if REAL else ["test_differential.py"]


@pytest.fixture
def serving() -> Iterator[Serving]:
    """A provider in memory."""
    provider = Serving()
    yield provider
    provider.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An initialised project, made once: a new salt costs a good part of a second."""
    folder = tmp_path_factory.mktemp("template") / "project"
    serving = Serving()
    try:
        Bench(folder, serving, "standin").must("stack", "init", "dev")
    finally:
        serving.close()
    return folder


@pytest.fixture(params=ENGINES)
def bench(request: pytest.FixtureRequest, tmp_path: Path, serving: Serving, template: Path, reception: str) -> Bench:
    """A new project with an empty stack `dev`, for each engine."""
    return Bench(tmp_path / "project", serving, request.param, template, reception)


@pytest.fixture
def standin(tmp_path: Path, serving: Serving, template: Path, reception: str) -> Bench:
    """As `bench`, for promises of the stand-in alone."""
    return Bench(tmp_path / "project", serving, "standin", template, reception)
