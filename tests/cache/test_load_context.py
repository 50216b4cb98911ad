"""What a loader may say of its value, over real servers and in memory."""

from __future__ import annotations

import pytest

from controlplane.cache import Load, Status
from controlplane.errors import BadInput
from tests.cache.scene import Make, in_loop


@in_loop
async def test_a_source_that_says_nothing_changed(make: Make) -> None:
    """`not_modified` keeps the previous value, with its tags, as if it had been loaded now."""
    async with make() as cache:

        async def ask(context: Load) -> dict[str, str]:
            if context.previous is None:
                context.tags.append("vendor:fiori")
                return {"etag": "1", "body": "menu"}
            assert context.previous["etag"] == "1"
            answer: dict[str, str] = context.not_modified()
            return answer

        await cache.get_or_load("menu", ask)
        await cache.expire("menu")
        read = await cache.read("menu", ask)
        assert (read.value, read.status) == ({"etag": "1", "body": "menu"}, Status.LOADED)
        assert cache.peek("menu") is not None
        await cache.remove(tags=["vendor:fiori"])
        assert cache.peek("menu") is None

        async def wrong(context: Load) -> str:
            return str(context.not_modified())

        with pytest.raises(BadInput, match="no previous value"):
            await cache.get_or_load("other", wrong)


@in_loop
async def test_a_loader_that_wants_nothing_kept(make: Make) -> None:
    """`skip(value)` answers and keeps nothing; a `ttl` may be a text."""
    async with make() as cache:

        async def partial(context: Load) -> str:
            return context.skip("half")

        async def brief(context: Load) -> str:
            context.ttl = "90s"
            return "brief"

        assert await cache.get_or_load("k", partial) == "half"
        assert cache.peek("k") is None
        await cache.get_or_load("brief", brief)
        known = (await cache.explain("brief")).memory
        assert known is not None
        assert 80 < known.fresh_for <= 90
