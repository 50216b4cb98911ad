"""Three probes, two vantage points, no action in a minority view."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.health import Health, Probe, Verdict, judge, standby_for

views = st.dictionaries(st.text(min_size=1, max_size=3), st.sampled_from(Health), max_size=7)


@given(views)
def test_a_minority_never_acts(seen: dict[str, Health]) -> None:
    """Lost needs two who say down, and more of them than of those who say up; unknown counts for nobody."""
    down = sum(health is Health.DOWN for health in seen.values())
    up = sum(health is Health.UP for health in seen.values())
    verdict = judge("eu-central-1", seen)
    assert verdict.is_lost == (down >= 2 and down > up)
    if verdict.is_lost:
        assert 2 * down > down + up


@given(views, st.sampled_from(Health))
def test_one_vantage_point_more_cannot_turn_up_into_lost(seen: dict[str, Health], health: Health) -> None:
    """Only a further DOWN makes a region lost."""
    before, after = judge("r", seen), judge("r", {**seen, "one more": health})
    assert not (after.is_lost and not before.is_lost and health is not Health.DOWN and "one more" not in seen)


@given(st.lists(st.booleans(), max_size=12))
def test_down_after_exactly_three_failures_in_a_row(answers: list[bool]) -> None:
    """Two failures are no verdict; one good answer is UP again."""
    probe = Probe()
    for healthy in answers:
        probe = probe.after(healthy)
    run = len(answers) - max((index + 1 for index, healthy in enumerate(answers) if healthy), default=0)
    if run >= 3:
        assert probe.health is Health.DOWN
    elif answers and run == 0:
        assert probe.health is Health.UP
    else:
        assert probe.health is Health.UNKNOWN


def test_the_standby_is_one_that_somebody_sees_up() -> None:
    """A region that nobody looks at, or that one calls down, is nowhere to send guests to."""

    def seen(*healths: Health) -> Verdict:
        return judge("r", {str(number): health for number, health in enumerate(healths)})

    regions = ["a", "b", "c"]
    verdicts = {"a": seen(Health.DOWN, Health.DOWN), "b": seen(Health.UNKNOWN), "c": seen(Health.UP, Health.UNKNOWN)}
    assert standby_for("a", regions, verdicts) == "c"
    assert standby_for("a", regions, {**verdicts, "c": seen(Health.UP, Health.DOWN)}) is None
    assert standby_for("a", regions, {**verdicts, "c": seen()}) is None


def test_the_sentence_names_everyone() -> None:
    """On-call reads who says what, with the denominator."""
    verdict = judge("eu-central-1", {"agent us-east-1": Health.DOWN, "cloudflare monitors": Health.UP})
    assert verdict.sentence() == (
        "eu-central-1: 1 of 2 vantage points say down (agent us-east-1: down, cloudflare monitors: up)"
    )
