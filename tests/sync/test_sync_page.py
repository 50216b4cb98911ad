"""docs/sync.md: every block of it runs against real servers; every test that it names exists and says its promise."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox import valkey
from tests.cache.scene import in_loop
from tests.sync.regions import REGIONS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/sync.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("number", range(1, len(BLOCKS)), ids=lambda number: BLOCKS[number].split("\n")[0][:40])
@in_loop
async def test_each_block_runs_after_the_first(number: int, server: valkey.Server) -> None:
    """Every code block of the page runs, after the first one, and its claims hold."""
    # One server's databases stand for three regions: each has a memory of its own.
    databases = {region: f"redis://{server.host}:{server.port}/{n}" for n, region in enumerate(REGIONS, 1)}
    names: dict[str, Any] = {"urls": databases}
    for block in (BLOCKS[0], BLOCKS[number]):
        line = PAGE[: PAGE.index(block)].count("\n")
        compiled = compile("\n" * line + block, "docs/sync.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        answer = eval(compiled, names)
        if inspect.iscoroutine(answer):
            await answer
    for store in names["stores"].values():
        await store.aclose()


def test_the_tests_that_it_names_exist() -> None:
    """Each promise names the files that hold it, and each of these says so."""
    promises = re.findall(r"^\| (S\d+) \|.*\|(.*)\|$", PAGE, re.MULTILINE)
    assert [name for name, _ in promises] == ["S1", "S2", "S3", "S4"]
    for name, files in promises:
        found = re.findall(r"`(test_\w+\.py)`", files)
        assert found, f"{name} names no test"
        for file in found:
            text = (ROOT / "tests/sync" / file).read_text()
            told = set(re.findall(r"\bS\d+\b", text)) | {
                f"S{n}" for low, high in re.findall(r"\bS(\d+)-S(\d+)\b", text) for n in range(int(low), int(high) + 1)
            }
            assert name in told, f"{file} does not say {name}"


def test_it_opens_with_a_short_example() -> None:
    """The first block has at most 20 lines."""
    assert len([line for line in BLOCKS[0].split("\n") if line.strip()]) <= 20
