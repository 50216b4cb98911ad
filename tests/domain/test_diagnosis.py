"""Five faults that look alike from afar have five answers; each answer says when guests notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.diagnosis import Broken, Diagnosis, Sighted, diagnose, found_broken, why_not
from controlplane.domain.failover import What
from controlplane.domain.health import Health, judge
from controlplane.domain.heartbeat import Heartbeat
from controlplane.domain.impact import HELD_SECONDS, Impact, impact, spoken

EU, US, AP = "eu-central-1", "us-east-1", "ap-southeast-1"
AT = datetime(2027, 6, 12, 14, tzinfo=UTC)
HOUR_AGO = AT - timedelta(hours=1)
UP, DOWN = Health.UP, Health.DOWN
MONITORS = "cloudflare monitors"
HELD = HELD_SECONDS - 3600


def beat(region: str, sees: Health, **more: Any) -> Heartbeat:
    """A heartbeat of an agent that sees the home region so, and the others up."""
    facts: dict[str, Any] = {"cache_answers": True, "views": {EU: sees, US: UP, AP: UP}, **more}
    return Heartbeat(
        region=region, beat=9, at="2027-06-12T14:00:00Z", calendar_epoch=1, roles_epoch=1, edge_lease=False, **facts
    )


def seen(
    *beats: Heartbeat,
    silent: frozenset[str] = frozenset(),
    monitors: Health = UP,
    edges: Mapping[str, Any] | None = None,
) -> Sighted:
    """What these agents and Cloudflare's monitors say; `silent` ones have spoken before, and not now."""
    heard = {one.region: one for one in beats}
    living = frozenset(heard) - silent
    views = {
        region: {f"agent {point}": heard[point].views[region] for point in living} | {MONITORS: UP}
        for region in (EU, US, AP)
    }
    views[EU][MONITORS] = monitors
    verdicts = {region: judge(region, one) for region, one in views.items()}
    cdns = {name: judge(name, one) for name, one in (edges or {}).items()}
    return Sighted(heard, living, verdicts, cdns, EU, (), AT)


def of(subject: str, sighted: Sighted) -> Diagnosis:
    """The diagnosis of one region or CDN."""
    return next(one for one in diagnose(sighted) if one.subject == subject)


GONE = {"down_since": {EU: HOUR_AGO}}
ABROAD = (beat(US, DOWN, **GONE), beat(AP, DOWN, **GONE))
FAULTS: dict[str, tuple[Sighted, Broken, What | None, float | None, float | None]] = {
    "all is well": (seen(beat(EU, UP), beat(US, UP), beat(AP, UP)), Broken.NOTHING, None, None, None),
    "caches only": (
        seen(beat(EU, UP, cache_answers=False, cache_silent_since=HOUR_AGO), beat(US, UP), beat(AP, UP)),
        *(Broken.CACHES, None, None, HELD),
    ),
    "origin only": (seen(beat(EU, DOWN), *ABROAD, monitors=DOWN), Broken.ORIGIN, What.ORIGIN, 0, HELD),
    "isolated: it sees itself, nobody else does": (
        seen(beat(EU, UP), *ABROAD, monitors=DOWN),
        *(Broken.ISOLATED, What.REGION, 0, HELD),
    ),
    "the whole region: nothing is heard of it": (
        seen(beat(EU, UP), *ABROAD, silent=frozenset({EU}), monitors=DOWN),
        *(Broken.REGION, What.REGION, 0, HELD),
    ),
    "origin and caches": (
        seen(beat(EU, DOWN, cache_answers=False), *ABROAD, monitors=DOWN),
        *(Broken.REGION, What.REGION, 0, HELD),
    ),
    "slow, within the edges' time-out": (
        seen(*(beat(one, DOWN, late={EU: 1.4}, **GONE) for one in (EU, US, AP))),
        *(Broken.SLOW, None, None, None),
    ),
    "slow, past the edges' time-out": (
        seen(*(beat(one, DOWN, late={EU: 3.1}, **GONE) for one in (EU, US, AP))),
        *(Broken.SLOW, What.ORIGIN, 0, HELD),
    ),
    "slow for one, silent for another": (
        seen(beat(EU, DOWN, late={EU: 3.0}), *ABROAD, monitors=DOWN),
        *(Broken.ORIGIN, What.ORIGIN, 0, HELD),
    ),
    "a minority calls it down": (
        seen(beat(EU, UP), beat(US, UP), beat(AP, DOWN)),
        *(Broken.UNSURE, None, None, None),
    ),
    "only its agent is silent": (
        seen(beat(EU, UP), beat(US, UP), beat(AP, UP), silent=frozenset({EU})),
        *(Broken.AGENT, None, None, None),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_answer_and_its_time_to_impact(fault: str) -> None:
    """What is broken, what to leave of it (None: do nothing), and when guests notice without it."""
    sighted, broken, what, uncached, cached = FAULTS[fault]
    found = of(EU, sighted)
    assert (found.broken, found.what) == (broken, what)
    assert (found.impact.uncached, found.impact.cached) == (uncached, cached)
    assert (f"failover {EU}" in found.command) is (what is not None)
    assert ("do nothing" in found.advice) is (what is None and broken is not Broken.NOTHING)
    assert [one.subject for one in found_broken(diagnose(sighted))] == ([] if broken is Broken.NOTHING else [EU])


def test_one_cdn_down_is_no_regions_fault() -> None:
    """Its hosts move to the other CDN; no region is left for it. A minority view, or both down: nothing helps."""
    calm = (beat(EU, UP), beat(US, UP), beat(AP, UP))

    def found(cloudfront: tuple[Health, ...], cloudflare: tuple[Health, ...]) -> Diagnosis:
        said = {"cloudfront": cloudfront, "cloudflare": cloudflare}
        views = {name: {f"agent {n}": health for n, health in enumerate(one)} for name, one in said.items()}
        return of("cloudfront", seen(*calm, edges=views))

    down = found((DOWN, DOWN, UP), (UP, UP, UP))
    assert (down.broken, down.what, down.impact.first) == (Broken.CDN, None, 0)
    assert "hosts to cloudflare" in down.advice
    assert down.command == "wedcache route WEDDING"
    both = found((DOWN, DOWN), (DOWN, DOWN))
    assert (both.command, both.advice) == ("", "do nothing: no other CDN answers either")
    assert found((DOWN, UP, UP), (UP, UP, UP)).broken is Broken.UNSURE
    assert found((UP, UP, UP), (UP, UP, UP)).broken is Broken.NOTHING


def test_a_cdn_is_not_blamed_for_the_region_behind_it() -> None:
    """POPs that wait for a lost region are silent too: the region is the answer, until it was left."""
    silent = {
        "cloudflare": {"agent us-east-1": DOWN, "agent ap-southeast-1": DOWN},
        "cloudfront": {"agent us-east-1": UP},
    }
    lost = seen(beat(EU, DOWN), *ABROAD, monitors=DOWN, edges=silent)
    assert [one.broken for one in found_broken(diagnose(lost))] == [Broken.ORIGIN, Broken.UNSURE]
    left = replace(lost, home=US, down=(EU,))
    assert [(one.subject, one.broken) for one in found_broken(diagnose(left))] == [("cloudflare", Broken.CDN)]


def test_what_was_left_is_not_diagnosed() -> None:
    """After the failover the region is down by intent: there is nothing to advise."""
    lost = seen(beat(EU, DOWN), *ABROAD, monitors=DOWN)
    left = replace(lost, home=US, down=(EU,))
    assert found_broken(diagnose(left)) == []


views = st.sampled_from([UP, DOWN, Health.UNKNOWN])


@given(st.tuples(views, views, views, views), st.booleans(), st.sets(st.sampled_from([EU, US, AP])))
def test_nobody_is_told_to_leave_in_a_minority_view(says: tuple[Health, ...], cache: bool, silent: set[str]) -> None:
    """Whatever is seen, leaving is advised only where a majority of at least two says down."""
    beats = [beat(one, health, cache_answers=cache) for one, health in zip((EU, US, AP), says, strict=False)]
    sighted = seen(*beats, silent=frozenset(silent), monitors=says[3])
    found = of(EU, sighted)
    is_lost = sighted.verdicts[EU].is_lost
    assert is_lost or found.what is None
    assert bool(why_not(What.REGION, found, is_lost=is_lost)) is not is_lost
    assert is_lost or bool(why_not(What.CACHES, found, is_lost=is_lost)) is (found.broken is not Broken.CACHES)


def test_the_time_that_is_left_shrinks_and_ends_at_zero() -> None:
    """Pages hold for the tiers' stale time since the fault began, never less than nothing."""
    left = [impact("region", is_home=True, late=0, lasts=hours * 3600).cached for hours in (0, 1, 77, 200)]
    assert left == [HELD_SECONDS, HELD_SECONDS - 3600, HELD_SECONDS - 77 * 3600, 0]


def test_a_region_that_is_not_home_holds_up_writes_only() -> None:
    """Guests' pages do not come from there."""
    assert impact("region", is_home=False, late=0, lasts=0) == Impact(0, None)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Impact(), "if nothing is done: no guest-visible error"),
        (Impact(None, 11_520), "if nothing is done: first guest-visible error in 3 h 12 min, or never"),
        (Impact(0, 0), "if nothing is done: first guest-visible error now"),
        (
            Impact(0, 11_520),
            "if nothing is done: first guest-visible error now (what no cache may answer),"
            " for cached pages in 3 h 12 min",
        ),
    ],
)
def test_time_to_impact_in_words(found: Impact, words: str) -> None:
    """The sentence that on-call reads first."""
    assert found.sentence() == words


def test_durations_are_spoken_in_two_units() -> None:
    """Hours and minutes, minutes, seconds."""
    assert [spoken(seconds) for seconds in (11_520, 240, 20)] == ["3 h 12 min", "4 min", "20 s"]
