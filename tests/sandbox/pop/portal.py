"""The portal's host behind a Cloudflare POP, for scenes of wire tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.sandbox.pop.declared import rule
from tests.sandbox.pop.world import Answer, World, played_at

APP = "app.weddings.example"


class Portal:
    """A scene's stage with requests to the portal's host."""

    def __init__(self, stage: World) -> None:
        self.stage, self.home, self.clock, self.declare = stage, stage.home, stage.clock, stage.api.declare

    async def get(self, path: str, **how: Any) -> Answer:
        return await self.stage.get(path, how.pop("host", APP), **how)

    async def seen(self, *paths: str) -> list[str]:
        """The cache status of each path, asked for in order."""
        return [(await self.get(path)).cf for path in paths]


def played(folder: Path, scene: Callable[[Portal], Awaitable[None]], http: bool = False) -> None:
    """Play one scene at a Cloudflare POP."""
    played_at("cloudflare", "FRA")(folder, lambda stage: scene(Portal(stage)), http)


def cached(**parameters: Any) -> dict[str, Any]:
    """A cache rule that makes everything eligible."""
    return rule("set_cache_settings", {"cache": True, **parameters})
