"""Options: where they come from, durations, and what refresh ahead, jitter, memory's own time and pressure do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.cache import Cache, Options, Reason, Settings, Status
from controlplane.cache.ahead import answers_until, jittered
from controlplane.cache.durations import seconds
from controlplane.cache.options import CallOptions, Policy
from controlplane.cache.testing import FakeRegion
from controlplane.domain.tier import Tier
from controlplane.errors import BadInput
from tests.cache.scene import Source, in_loop, until


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ("90s", 90.0),
        ("15m", 900.0),
        ("1h30m", 5400.0),
        ("1d", 86400.0),
        ("250ms", 0.25),
        ("1.5h", 5400.0),
        (timedelta(minutes=2), 120.0),
        (0, 0.0),
        (2.5, 2.5),
    ],
)
def test_durations(length: Any, expected: float) -> None:
    """Texts, timedeltas and seconds."""
    assert seconds(length, "fresh") == pytest.approx(expected)


@pytest.mark.parametrize("length", ["", "2 hours", "h", "5", "1h 30m", "-5m", "١h", -1, float("nan"), True, None, [1]])
def test_what_is_no_duration_names_the_option(length: Any) -> None:
    """A wrong duration raises BadInput that names the option and what was given."""
    with pytest.raises(BadInput, match=r"^soft_timeout="):
        seconds(length, "soft_timeout")


def test_a_calls_options_win_over_profile_tier_and_settings() -> None:
    """Call, profile, the tier's options, all calls' options, the tier itself: in this order."""
    settings = Settings(
        options=Options(fresh="1m", stale="1m", throttle="1m", jitter=0.1),
        tiers={Tier.HIGH: Options(fresh="2m", stale="2m", throttle="2m")},
        profiles={"search": Options(fresh="3m", stale="3m")},
    )
    policy = settings.policies().of(Tier.HIGH, CallOptions(profile="search", fresh="4m"))
    assert (policy.fresh, policy.stale, policy.throttle, policy.jitter) == (240, 180, 120, 0.1)
    assert settings.policies().of(Tier.LOW).fresh == 60
    assert Settings().policies().of(Tier.LOW).fresh == Tier.LOW.profile.fresh.total_seconds()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"options": {"fresh": "soon"}}, "settings: fresh='soon'"),
        ({"tiers": {Tier.LOW: {"jitter": 2}}}, "settings, tier low: jitter=2"),
        ({"profiles": {"search": {"ttl": "5m"}}}, "profile 'search': ttl is no option.*fresh"),
        ({"options": {"hard_timeout": 0}}, "hard_timeout is zero"),
    ],
)
def test_wrong_settings_say_where(settings: dict[str, Any], words: str) -> None:
    """An option that cannot work is refused when the settings are made, with its place."""
    with pytest.raises(BadInput, match=words):
        Settings(**settings)


def policy(**given: Any) -> Policy:
    """A policy of the middle tier."""
    return Settings().policies().of(Tier.MEDIUM, given)


@given(
    st.floats(0, 1000),
    st.floats(0.001, 10_000),
    st.floats(0, 10_000),
    st.floats(0, 100),
    st.floats(0, 1, exclude_max=True),
)
def test_a_refresh_comes_ahead_but_never_too_early(
    started: float, fresh: float, ahead: float, took: float, draw: float
) -> None:
    """The refresh falls into the second half of `fresh`, at least half of `refresh_ahead` before its end."""
    until_then = answers_until(
        policy(refresh_ahead=ahead), started=started, fresh=fresh, now=started, took=took, draw=draw
    )
    end = started + fresh
    assert started + fresh / 2 - 1e-6 <= until_then <= end
    assert until_then <= end - min(ahead, fresh) / 2 + 1e-6
    assert answers_until(policy(), started=started, fresh=fresh, now=started, took=took, draw=draw) == end
    slower = answers_until(
        policy(refresh_ahead=ahead), started=started, fresh=fresh, now=started, took=took * 2, draw=draw
    )
    assert slower <= until_then, "what is slow to load is refreshed earlier"


@given(st.floats(0.001, 1e6), st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_jitter_only_shortens(fresh: float, jitter: float, draw: float) -> None:
    """A jittered time is at most `fresh`, and at least `fresh` without its share."""
    assert fresh * (1 - jitter) - 1e-6 <= jittered(fresh, jitter, draw) <= fresh


@in_loop
async def test_a_hit_near_the_end_starts_a_refresh_behind() -> None:
    """With `refresh_ahead` nobody waits: hits go on while one refresh runs; past fresh the copy comes at once."""
    region, source = FakeRegion(), Source()
    async with region.cache() as cache:

        async def ask() -> tuple[str | None, Status, Reason | None]:
            read = await cache.read("k", source, fresh="100s", stale="100s", refresh_ahead="20s")
            return read.value, read.status, read.reason

        await ask()
        await region.pass_by("75s")
        assert await ask() == ("v0", Status.HIT, None)
        assert source.loads == 1, "not within the window yet, whatever was drawn"
        await region.pass_by("20s")
        source.value = 1
        source.gate.clear()
        assert [await ask() for _ in range(3)] == [("v0", Status.HIT, None)] * 3
        assert cache.peek("k") == "v0"
        await until(lambda: source.loads == 2)
        source.gate.set()
        await until(lambda: cache.peek("k") == "v1")
        assert source.loads == 2
        await region.pass_by("150s")
        source.gate.clear()
        source.value = 2
        assert await ask() == ("v1", Status.STALE, Reason.REFRESHING)
        source.gate.set()
        await until(lambda: cache.peek("k") == "v2")


@in_loop
async def test_memorys_own_time() -> None:
    """After `memory` the second tier is asked again; what it has not is no reason to forget."""
    region, source = FakeRegion(), Source()
    async with region.cache() as cache:
        for _ in range(2):
            await cache.get_or_load("k", source, memory="10s", fresh="1h")
        await until(lambda: region.tier.values)
        before = region.tier.fetches
        await region.pass_by("11s")
        assert (await cache.read("k", source, memory="10s", fresh="1h")).status is Status.HIT
        assert region.tier.fetches == before + 1
        assert (await cache.read("k", source, memory="10s", fresh="1h")).tier == "memory"
        assert region.tier.fetches == before + 1
        region.tier.values.clear()
        await region.pass_by("11s")
        assert await cache.get_or_load("k", source, memory="10s", fresh="1h") == "v0"
    assert source.loads == 1


def test_an_unknown_profile_is_refused() -> None:
    """The error names the known profiles."""
    cache = FakeRegion().cache(Settings(profiles={"search": Options(fresh="30s")}))
    assert isinstance(cache, Cache)
    with pytest.raises(BadInput, match=r"no profile 'serch'.*known: search"):
        cache.skips_memory(CallOptions(profile="serch"))
