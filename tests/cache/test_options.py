"""Options: where they come from, durations, and what refresh ahead, jitter, memory's own time and pressure do."""

from __future__ import annotations

import asyncio
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


@in_loop
async def test_every_reason_can_be_had_and_a_refresh_fails_once_per_throttle() -> None:
    """G11: each stale answer has a reason of the list, each reason occurs, and loads are counted."""
    region, source = FakeRegion(), Source()
    async with region.cache(Settings(soft_timeout=0.01, throttle=5.0)) as cache:

        async def reason(**options: Any) -> Reason | None:
            read = await cache.read("k", source, fresh="60s", stale="1h", **options)
            assert (read.status is Status.STALE) == (read.reason is not None)
            return read.reason

        assert await reason() is None
        await cache.expire("k")
        assert (await cache.read("k")).reason is Reason.SOFT_PURGED
        await region.pass_by("61s")
        source.error = ValueError("down")
        assert [await reason() for _ in range(5)] == [Reason.LOAD_FAILED] * 5
        assert source.loads == 2
        await region.pass_by("6s")
        assert await reason() is Reason.LOAD_FAILED
        assert source.loads == 3
        await region.pass_by("6s")
        source.error = None
        source.gate.clear()
        assert await reason() is Reason.LOAD_SLOW
        source.gate.set()
        await until(lambda: cache.peek("k") is not None)
        await region.pass_by("61s")
        assert await reason(refresh_ahead=0) is Reason.REFRESHING
        await until(lambda: cache.peek("k") is not None)
        region.log.is_cut = True
        await region.pass_by("3s")
        assert await reason() is Reason.BLIND
    seen = {Reason.SOFT_PURGED, Reason.LOAD_FAILED, Reason.LOAD_SLOW, Reason.REFRESHING, Reason.BLIND}
    assert seen | {Reason.SATURDAY} == set(Reason), "Saturday is tested with the faults"


@in_loop
async def test_a_hundred_thousand_leavers_harm_nobody() -> None:
    """G12: of 102,000 callers of one load all but 2,000 leave; those get the value, from one load."""
    region, source = FakeRegion(), Source()
    source.gate.clear()
    async with region.cache() as cache:
        stayers: list[asyncio.Task[str]] = []
        for _ in range(10):
            callers = [asyncio.create_task(cache.get_or_load("k", source)) for _ in range(10_200)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            for number, caller in enumerate(callers):
                if number % 51:
                    caller.cancel()
            stayers.extend(callers[::51])
            left = await asyncio.gather(*(c for n, c in enumerate(callers) if n % 51), return_exceptions=True)
            assert all(isinstance(answer, asyncio.CancelledError) for answer in left)
        source.gate.set()
        assert set(await asyncio.gather(*stayers)) == {"v0"}
        assert len(stayers) == 2000
    assert source.loads == 1


@in_loop
async def test_under_pressure_low_is_shed_first_then_medium() -> None:
    """Refreshes of low, then medium, are left out while Redis fails; high ones, and keys without a copy, load."""
    region, source = FakeRegion(), Source()
    async with region.cache() as cache:

        async def read(tier: Tier) -> tuple[Reason | None, int]:
            answer = await cache.read(tier.value, source, tier=tier, fresh="60s", stale="1h")
            return answer.reason, source.loads

        for tier in (Tier.LOW, Tier.MEDIUM, Tier.HIGH):
            await read(tier)
        await region.pass_by("61s")
        region.tier.is_cut = True
        shared = cache._engine.shared
        assert shared is not None
        for number in range(20):
            await cache.get(f"absent {number}")
            region.clock.pass_by(0.02)
        assert shared.pressure().phase.value != "closed", "the fault must have fired"
        assert await read(Tier.LOW) == (Reason.REFRESHING, 3)
        assert await read(Tier.MEDIUM) == (Reason.REFRESHING, 3)
        assert await read(Tier.HIGH) == (None, 4)
        assert cache.stats.refreshes_shed == 2
        assert await cache.get_or_load("new", source, tier=Tier.LOW) == "v0"


@in_loop
async def test_hooks_hear_of_it_and_harm_nothing() -> None:
    """Evictions, stale answers and failed refreshes are told after the answer; a failing hook is counted."""
    region, source = FakeRegion(), Source()
    told: list[tuple[Any, ...]] = []

    def broken(*what: Any) -> None:
        raise ValueError("hook")

    async def waits(key: str) -> None: ...

    async with region.cache(Settings(max_entries=2)) as cache:
        cache.hooks.on_stale(broken)
        cache.hooks.on_stale(lambda key, reason: told.append((key, reason)))
        cache.hooks.on_evicted(lambda key: told.append(("evicted", key)))
        cache.hooks.on_refresh_failed(lambda key, error: told.append((key, str(error))))
        with pytest.raises(BadInput, match="plain function"):
            cache.hooks.on_evicted(waits)  # type: ignore[arg-type]  # it is the point
        await cache.get_or_load("k", source)
        await cache.expire("k")
        source.error = ValueError("down")
        assert (await cache.read("k", source)).value == "v0"
        await until(lambda: len(told) == 2)
        assert sorted(told, key=str) == [("k", "down"), ("k", Reason.LOAD_FAILED)]
        assert cache.stats.hook_failures == 1
        source.error = None
        for number in range(4):
            await cache.get_or_load(f"n {number}", source)
        await until(lambda: [what for what in told if what[0] == "evicted"])


@in_loop
async def test_saturday_for_many_and_decorated(caplog: pytest.LogCaptureFixture) -> None:
    """G17 through the other verbs: in a window a copy that is past its time is served by them as well."""
    from controlplane.cache import TagWindow

    region = FakeRegion()
    start = region.clock.now() + timedelta(hours=2)
    region.windows.replace([TagWindow("wedding:como", start, start + timedelta(hours=30))])
    is_down = False
    async with region.cache(Settings(options=Options(fresh="60s", stale="60s"))) as cache:

        @cache.cached("guests:{wedding}", tags=["wedding:{wedding}"])
        async def guests(wedding: str) -> str:
            if is_down:
                raise ValueError("database down")
            return "list"

        await guests("como")
        is_down = True
        await region.pass_by("1h")
        with pytest.raises(ValueError, match="database down"):
            await guests("como")
        await region.pass_by("1h")
        assert await guests("como") == "list"

        async def load(keys: Any) -> dict[str, str]:
            raise ValueError("database down")

        many = await cache.get_many_or_load(["guests:como"], load, tags=["wedding:como"])
        assert many.reads["guests:como"].reason is Reason.SATURDAY


def test_an_unknown_profile_is_refused() -> None:
    """The error names the known profiles."""
    cache = FakeRegion().cache(Settings(profiles={"search": Options(fresh="30s")}))
    assert isinstance(cache, Cache)
    with pytest.raises(BadInput, match=r"no profile 'serch'.*known: search"):
        cache.skips_memory(CallOptions(profile="serch"))
