"""Tells the sizes of the tree at the end of a run, whether they hold or not."""

from __future__ import annotations

import pytest

SIZES = pytest.StashKey[str]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line, before pytest's own."""
    told = config.stash.get(SIZES, None)
    if told is not None:
        terminalreporter.write_line(told)
