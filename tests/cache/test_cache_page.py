"""docs/cache.md: every block of it runs, every option and setting is on it, every test that it names exists."""

from __future__ import annotations

import ast
import asyncio
import dataclasses
import functools
import inspect
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controlplane.cache import Settings
from controlplane.cache.options import CallOptions
from controlplane.domain.tier import Tier
from sandbox import valkey
from tests.cache.scene import in_loop

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/cache.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("number", range(1, len(BLOCKS)), ids=lambda number: BLOCKS[number].split("\n")[0][:40])
@in_loop
async def test_each_block_runs_after_the_first(number: int, server: valkey.Server, scope: str, tmp_path: Path) -> None:
    """Every code block of the page runs, after the first one, against a real server, and its claims hold."""
    from controlplane.adapters.redis.purge_log import RedisPurgeLog
    from controlplane.adapters.redis.tier import RedisTier

    now = datetime.now(UTC)
    names: dict[str, Any] = {"url": server.url, "print": lambda *_: None, "folder": tmp_path}
    names |= {"start": now + timedelta(days=1), "end": now + timedelta(days=2)}
    for place, block in ((0, BLOCKS[0]), (number, BLOCKS[number])):
        names["RedisTier"] = functools.partial(RedisTier, scope=f"{scope}-{place}", read_timeout=5.0, write_timeout=5.0)
        names["RedisPurgeLog"] = functools.partial(RedisPurgeLog, scope=f"{scope}-{place}", timeout=5.0)
        code = re.sub(r"^from controlplane\.adapters\.redis\.(purge_log|tier) .*$", "", block, flags=re.MULTILINE)
        line = PAGE[: PAGE.index(block)].count("\n")
        compiled = compile("\n" * line + code, "docs/cache.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        answer = eval(compiled, names)
        if inspect.iscoroutine(answer):
            await answer
        await asyncio.sleep(0)


def test_every_option_and_setting_is_explained() -> None:
    """The tables have each option and each setting."""
    told = set(
        re.findall(r"`(\w+)`", "\n".join(line.split("|")[1] for line in PAGE.split("\n") if line.startswith("|")))
    )
    settings = {field.name for field in dataclasses.fields(Settings)}
    assert set(inspect.get_annotations(CallOptions)) | set(CallOptions.__annotations__) <= told
    assert settings <= told


UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "KiB": 2**10, "MiB": 2**20}


def amounts(text: str) -> list[float]:
    """The numbers of a cell, in seconds or bytes where it says a unit."""
    found = re.findall(r"(\d[\d,.]*)(?: (s|m|h|d|KiB|MiB)\b)?", text)
    return [float(number.replace(",", "")) * UNITS[unit] for number, unit in found]


def test_the_defaults_are_the_codes() -> None:
    """Each number in the column of defaults is the one that holds."""
    told = {
        name: cells[2]
        for cells in (line.split("|") for line in PAGE.split("\n") if line.count("|") == 4)
        for name in re.findall(r"`(\w+)`", cells[1])
    }
    profiles = [tier.profile for tier in Tier]
    assert amounts(told["fresh"]) == [profile.fresh.total_seconds() for profile in profiles]
    assert amounts(told["stale"]) * 4 == [profile.stale.total_seconds() for profile in profiles]
    for cell in {cell for name, cell in told.items() if hasattr(Settings(), name) and amounts(cell)}:
        values = [
            getattr(Settings(), name) for name, other in told.items() if other == cell and hasattr(Settings(), name)
        ]
        assert amounts(cell) == [value for value in values if isinstance(value, (int, float))], cell


def test_the_tests_that_it_names_exist() -> None:
    """Each promise names the files that hold it."""
    promises = re.findall(r"^\| (G\d+) \|.*\|(.*)\|$", PAGE, re.MULTILINE)
    assert [name for name, _ in promises] == [f"G{number}" for number in range(1, 18)]
    for name, files in promises:
        found = re.findall(r"`(test_\w+\.py)`", files)
        assert found, f"{name} names no test"
        for file in found:
            assert (ROOT / "tests/cache" / file).exists(), f"{name}: {file}"
            assert re.search(rf"\b{name}\b", (ROOT / "tests/cache" / file).read_text()), f"{file} does not say {name}"


def test_it_opens_with_a_short_example() -> None:
    """The first block has at most 20 lines."""
    assert len([line for line in BLOCKS[0].split("\n") if line.strip()]) <= 20
