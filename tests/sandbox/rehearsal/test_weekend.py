"""The weekend in figures: series, cities, refusals and the failover's phases, and how report.json has them."""

from __future__ import annotations

import json

import pytest

from sandbox.rehearsal import phase_budget, refusals, series, weekend
from sandbox.rehearsal.claims import c9_region_loss
from sandbox.rehearsal.evidence import Evidence, Row
from sandbox.world import FULL, World
from tests.sandbox.rehearsal import saturday
from tests.sandbox.rehearsal.saturday import request


def test_the_series_ends_where_everything_was_taken_down() -> None:
    """Each request counts in its step; what guests got while the stacks were destroyed does not."""
    found = weekend.seen(saturday.evidence(), saturday.diary()).series
    assert (found.began, found.step, len(found.points)) == (100.0, 1.0, 100)
    assert sum(point.asked for point in found.points) == 100 * len(FULL.pops) + 1
    assert sum(point.failed for point in found.points) == 0
    assert [(point.at, point.bare_failed) for point in found.points if point.bare] == [(55.0, 1)]


def test_a_step_has_its_quantiles_and_its_share_from_the_edge() -> None:
    """Median, 95th percentile and hit ratio are those of the pages that were answered; a failed one is counted."""
    rows = [request(10.0, "FRA", ms=1), request(10.1, "FRA", ms=2), request(10.2, "FRA", ms=9, cache="Miss")]
    (point,) = series.series([*rows, request(10.3, "FRA", status=504)], 99).points
    assert (point.asked, point.failed, point.median, point.p95, point.from_edge) == (4, 1, 2, 9, 0.6667)
    (empty,) = series.series([request(10.0, "FRA", status=503)], 99).points
    assert (empty.median, empty.p95, empty.from_edge) == (None, None, None)


@pytest.mark.parametrize(
    ("words", "is_hit"),
    [
        ("Hit from cloudfront", True),
        ("RefreshHit from cloudfront", True),
        ("Miss from cloudfront", False),
        ("HIT", True),
        ("UPDATING", True),
        ("EXPIRED", False),
        ("", False),
    ],
)
def test_both_vendors_words_are_understood(words: str, is_hit: bool) -> None:
    """What a POP answered from its own copy came from the edge, stale copies included."""
    assert series.from_edge(request(0.0, "FRA", cache=words)) is is_hit


@pytest.mark.parametrize(("seconds", "step"), [(60, 1.0), (200, 2.0), (500, 5.0), (3600, 30.0)])
def test_a_long_rehearsal_has_longer_steps(seconds: int, step: float) -> None:
    """A series has at most 120 points."""
    found = series.series([request(float(at), "FRA") for at in range(seconds)], 1e9)
    assert found.step == step
    assert len(found.points) <= series.MOST_POINTS


@pytest.mark.parametrize("world", saturday.WORLDS.values(), ids=saturday.WORLDS)
def test_every_city_has_its_figures(world: World) -> None:
    """Both CDNs' POPs of a city are one city, in the world's order; a city without guests is there as well."""
    found = weekend.seen(saturday.evidence(world), saturday.diary(world)).cities
    assert list(found) == list(dict.fromkeys(pop.code[:3] for pop in world.pops))
    assert all(city.asked >= 200 and city.from_edge is not None for city in found.values())
    nobody = series.cities([], 1.0, ["FRA"])
    assert nobody == {"FRA": series.City()}


def test_what_was_refused_says_why() -> None:
    """Commands, the program's hook, the edge and the protection: each with its ending, its rule and its sentence."""
    found = {one.act: one for one in refusals.refusals(saturday.evidence())}
    assert list(found) == ["GET /_ops/...", "pulumi up", "wedcache failback us-east-1", "pulumi destroy"]
    command = found["wedcache failback us-east-1"]
    assert (command.code, command.rules) == (10, ("venue:como:2027-06-12",))
    assert command.why == "failback on platform: venue:como:2027-06-12 until 2027-06-13T06:00:00+02:00"
    assert found["pulumi up"].why.startswith("stack-update of edge-como: freeze venue:como:2027-06-12")


def test_a_refusal_without_words_has_its_codes_meaning() -> None:
    """What `wedcache explain` says of the code; the same refusal is told once."""
    row = Row("freeze", "command", 5.0, {"arguments": ["purge", "x", "--yes"], "code": 17})
    (found,) = refusals.refusals(Evidence((row, row)))
    assert found.act == "wedcache purge x"
    assert found.why == "the break-glass grant does not fit; nothing was changed"
    assert found.to_json()["at"] is None


def test_a_refusal_in_other_words_is_told_in_them() -> None:
    """What a command said last before `nothing was changed`."""
    said = "looking\nthe grant is for another plan\nnothing was changed\nnext: ask for one\n"
    row = Row("glass", "command", 5.0, {"arguments": ["gate"], "code": 17, "words": said})
    assert [one.why for one in refusals.refusals(Evidence((row,)))] == ["the grant is for another plan"]


def test_the_budget_is_the_minute_of_the_claim() -> None:
    """The phases' plans add up to what C9 allows, and its detection is C9's."""
    assert sum(phase_budget.PLANNED.values()) == c9_region_loss.MOST_TOTAL_SECONDS
    assert phase_budget.PLANNED["detect"] == c9_region_loss.MOST_DETECTION_SECONDS


def test_each_phase_of_the_failover_has_its_seconds() -> None:
    """Steps are gathered into phases, and what is left of the whole is the decision."""
    found = {phase.name: phase.taken for phase in phase_budget.phases(saturday.evidence())}
    assert found == {"detect": 4.0, "decide": 6.25, "steer": 0.75, "verify": 1.0}
    assert sum(found.values()) == saturday.LOSS["total_seconds"]  # type: ignore[arg-type]  # none of these is None


def test_a_failover_that_did_not_happen_took_nothing() -> None:
    """A loss that nobody noticed, or a command that failed, leaves its phases without seconds: not within the plan."""
    lost = saturday.evidence(loss={"detection_seconds": None, "code": 1, "steps": {}, "total_seconds": 80.0})
    assert [(phase.taken, phase.is_within) for phase in phase_budget.phases(lost)] == [(None, False)] * 4
    late = saturday.evidence(loss={**saturday.LOSS, "detection_seconds": 11.0})
    assert [phase.is_within for phase in phase_budget.phases(late)] == [False, True, True, True]


def test_the_figures_are_plain_json() -> None:
    """Every part has its key, instants end in Z, columns are as long as one another."""
    seen = weekend.seen(saturday.evidence(), saturday.diary())
    found = json.loads(json.dumps(seen.to_json()))
    assert set(found) == {"windows", "events", "refused", "failover", "cities", "series"}
    assert found["windows"][0]["start"] == "2027-06-11T04:00:00Z"
    assert {"name": "region lost: eu-central-1", "at": "2027-06-12T14:00:03Z", "second": 53.0} in found["events"]
    assert found["failover"]["detect"] == {"planned": 10.0, "taken": 4.0}
    columns = [column for column in found["series"].values() if isinstance(column, list)]
    assert {len(column) for column in columns} == {100}


def test_without_a_world_row_nothing_is_told() -> None:
    """An old record has no weekend, and no figures of it."""
    assert weekend.seen(Evidence(()), []).to_json() == {}
