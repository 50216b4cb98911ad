"""The agent's watch for changes made outside: one region's agent asks, and its heartbeat carries what it found."""

from __future__ import annotations

import asyncio

import pytest

from controlplane.agent.watching import watch
from controlplane.agent.world import Seen
from controlplane.errors import Refused
from tests.operations.agent_scene import Scene


def watched(found: list[str], *, holds_lease: bool = True) -> int:
    """How often the logs were asked in one look. Raises what the look raises."""
    tools, asked = Scene().tools(), []

    def outside() -> list[str]:
        asked.append(found)
        return found

    tools.outside = outside
    asyncio.run(watch(tools, Seen(holds_lease=holds_lease)))
    return len(asked)


def test_only_the_holder_of_the_lease_asks() -> None:
    """One question a minute for all regions: the others' agents ask nobody, and quiet logs are no trouble."""
    assert watched([]) == 1
    assert watched(["changed"], holds_lease=False) == 0
    asyncio.run(watch(Scene().tools(), Seen(holds_lease=True)))


def test_what_was_found_is_named() -> None:
    """The newest three in full, the others by their number."""
    with pytest.raises(Refused, match=r"changed outside: one$"):
        watched(["one"])
    with pytest.raises(Refused, match=r"changed outside: two; three; four and 1 more$"):
        watched(["one", "two", "three", "four"])
