"""What tests of several folders share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox import programs
from sandbox.run import Run
from tests.engine.receiving import received


@pytest.fixture(scope="session")
def reception(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A process that has the SDKs imported: the programs of most tests start in forks of it."""
    with received(Run(tmp_path_factory.mktemp("reception") / ".wedcache/run")) as run:
        yield str(programs.socket_of(run))
