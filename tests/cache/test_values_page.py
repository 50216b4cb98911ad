"""The page about values, HTTP and the edge: its code runs, its defaults are the code's, its counters exist."""

from __future__ import annotations

import ast
import functools
import inspect
import re
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request, Response
from prometheus_client import CollectorRegistry, generate_latest

from controlplane.cache import Load, Settings
from controlplane.cache.stats import Stats
from controlplane.domain.content_update import ContentUpdate
from tests.cache.fakes import FakeTier
from tests.cache.scene import in_loop, world
from tests.fakes.owners_updates import FakeOwnersUpdates

PAGE = (Path(__file__).parents[2] / "docs/cache-values-and-edge.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


async def load(context: Load) -> str:
    """The source."""
    return f"{context.key} from the loader"


async def run(code: str, names: dict[str, Any]) -> None:
    """Run a block of the page, which may wait."""
    result = eval(compile(code, "docs", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    if inspect.isawaitable(result):
        await result


@in_loop
async def test_the_code_of_the_page_runs() -> None:
    """Each block runs as it stands, and does what is said beside it."""
    scene, registry, app = world(), CollectorRegistry(), FastAPI()
    names: dict[str, Any] = {
        "Request": Request,
        "Response": Response,
        "REGISTRY": registry,
        "app": app,
        "changed": "moved indoors",
        "clock": scene.clock,
        "load": load,
        "log": scene.log,
        "redis": scene.tier,
        "settings": Settings(),
        "updates": FakeOwnersUpdates(),
        "write_id": "w1",
    }
    imports, values, answers, owners, edge, outside = BLOCKS
    await run(imports, names)
    # No edge is reachable from a test: a refused connection, and so a miss.
    names["HttpEdgeReader"] = functools.partial(
        names["HttpEdgeReader"], connect={"app.weddings.example": "127.0.0.1:1"}
    )
    await run(values, names)
    await run(answers, names)
    async with names["cache"], httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://app") as client:
        got = await client.get("/weddings/como/schedule")
        assert got.json() == "schedule:como from the loader"
        assert got.headers["cache-control"].startswith("public, max-age=30, s-maxage=3600,")
        await run(owners, names)
        assert (await client.get("/weddings/como/schedule")).json() == "moved indoors"
        assert ContentUpdate.from_json((await names["updates"].waiting())["w1"]).tags == ("page:como.schedule",)
        await run(outside, names)
    async with names["cache"]:
        await names["cache"].get_or_load("k", load)
    assert "wedcache_loads_total" in generate_latest(registry).decode()
    # The edge is not read for a minute after a purge: this cache hears of none.
    names["redis"], names["log"] = FakeTier(scene.clock), world().log
    await run(edge, names)
    assert names["page"] == "schedule:como from the loader"
    assert names["cache"].stats.edge_failures == 1
    await names["cache"].aclose()


def test_the_defaults_of_the_page_are_the_codes() -> None:
    """What the table gives as default is what the settings have; every counter that is named exists."""
    settings = Settings()
    assert f"| `compress_above` | {settings.compress_above} bytes |" in PAGE
    assert f"| `copy` | `{settings.copy}` |" in PAGE
    assert f"| `max_value_bytes` | {settings.max_value_bytes // 2**20} MiB |" in PAGE
    assert set(re.findall(r"`stats\.(\w+)`", PAGE)) <= set(Stats().as_dict())
