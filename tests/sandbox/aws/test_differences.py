"""The table of what is kinder or different than AWS."""

from __future__ import annotations

from sandbox.aws.differences import TABLE, markdown


def test_every_row_says_both_sides_once() -> None:
    """Names are unique, both sides are told and differ, and the Markdown table has a line for each row."""
    assert len({row.name for row in TABLE}) == len(TABLE)
    assert all(row.aws and row.sandbox and row.aws != row.sandbox for row in TABLE)
    lines = markdown().splitlines()
    assert len(lines) == len(TABLE) + 2
    assert all(line.count(" | ") == 2 for line in lines)
