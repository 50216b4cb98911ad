"""A CloudFront POP over real TLS sockets: what was declared is what guests get."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.sandbox.pop.declared import cloudfront
from tests.sandbox.pop.world import World, world

Scene = Callable[[World], Awaitable[None]]


def played(folder: Path, scene: Scene, http: bool = False) -> None:
    """Play one scene at a CloudFront POP."""

    async def play() -> None:
        async with world(folder, "cloudfront", "FRA56-P1", http) as stage:
            await scene(stage)

    asyncio.run(play())


def test_hit_miss_and_expiry(tmp_path: Path) -> None:
    """A fetched answer is a HIT with its age until its max-age has passed on the calendar."""

    async def scene(stage: World) -> None:
        await stage.api.declare(**cloudfront())
        first, second = await stage.get("/a"), await stage.get("/a")
        assert (first.status, first.x_cache, second.x_cache) == (200, "Miss", "Hit")
        assert first.headers["x-amz-cf-pop"] == "FRA56-P1"
        stage.clock.advance(59)
        late = await stage.get("/a")
        assert (late.x_cache, int(late.headers["age"]) in (59, 60)) == ("Hit", True)
        stage.clock.advance(2)
        stage.home.body = "two"
        assert (await stage.get("/a")).text == "home:two"

    played(tmp_path, scene)
