"""Instants, durations, scopes and saved plans: what is understood, and what is refused with what would be right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.duration import NotADuration, format_duration, parse_duration
from controlplane.domain.instant import NotAnInstant, parse_instant, zulu
from controlplane.domain.operation import TREATMENTS, Operation
from controlplane.domain.scope import NotAScope, Reach, of_resource, of_stack, parse_scope, urn_type
from controlplane.domain.stack_plan import PlannedChange, PlanUnreadable, planned_changes, planned_stacks

OWN = "urn:pulumi:como::wedcache-weddings::wedcache:edge:Edge$aws:cloudfront/distribution:Distribution::como"
SHARED = "urn:pulumi:prod::wedcache::cloudflare:index/ruleset:Ruleset::cache::rules"


@given(st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001  # strategy bounds
def test_instants_round_trip(at: datetime) -> None:
    """What is printed with Z is read back as the same instant."""
    assert parse_instant(zulu(at)) == at


@pytest.mark.parametrize(
    "text",
    [
        "2027-06-12T10:00:00",
        "2027-06-12",
        "2027-06-12 10:00:00Z",
        "2027-06-12T10:00Z",
        "2027-02-30T10:00:00Z",
        "2027-06-12T24:00:00Z",
        "2027-06-12T10:00:00+2",
        "1969-06-12T10:00:00Z",
        "9999-12-31T23:59:59Z",
        "1812708000",
        "now",
        "",
        "２０２７-06-12T10:00:00Z",
    ],
)
def test_what_is_no_instant(text: str) -> None:
    """Anything but RFC 3339 with an offset is an error that shows what would be one."""
    with pytest.raises(NotAnInstant):
        parse_instant(text)


def test_instants_with_offsets() -> None:
    """Offsets, fractions and small letters are understood; all come out in UTC."""
    ten = datetime(2027, 6, 12, 10, tzinfo=UTC)
    assert parse_instant("2027-06-12T12:00:00+02:00") == parse_instant("2027-06-12t10:00:00z") == ten
    assert parse_instant("2027-06-12T10:00:00.5Z") - ten == timedelta(seconds=0.5)
    assert parse_instant("2027-06-11T23:00:00-11:00").tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "minutes", "told"), [("12h", 720, "12h"), ("90m", 90, "90m"), ("1d", 1440, "24h"), ("0h", 0, "0h")]
)
def test_durations(text: str, minutes: int, told: str) -> None:
    """Minutes, hours and days are elapsed time, told again in hours where they are whole."""
    assert parse_duration(text) == timedelta(minutes=minutes)
    assert format_duration(timedelta(minutes=minutes)) == told


@pytest.mark.parametrize("text", ["12", "h", "12 h", "1.5h", "-1h", "12H", "1w", "99999d", "1h30m", "१h", ""])
def test_what_is_no_duration(text: str) -> None:
    """Any other form is an error."""
    with pytest.raises(NotADuration):
        parse_duration(text)


def test_scopes() -> None:
    """The five forms reach as far as they say; a wedding's own stack is its own, any other stack is shared."""
    reaches = {
        "wedding:como": (Reach.WEDDING, "como"),
        "vendor:florist-7": (Reach.VENDOR, "florist-7"),
        "region:eu-central-1": (Reach.REGION, "eu-central-1"),
        "platform": (Reach.GLOBAL, ""),
        f"resource:{OWN}": (Reach.WEDDING, "como"),
        f"resource:{SHARED}": (Reach.GLOBAL, ""),
    }
    for text, (reach, name) in reaches.items():
        scope = parse_scope(text)
        assert (scope.reach, scope.name, str(scope)) == (reach, name, text)
    assert of_stack("wedcache-weddings", "como").text == "wedding:como"
    assert of_stack("wedcache", "prod").text == "platform"
    assert urn_type(OWN) == "aws:cloudfront/distribution:Distribution"
    for text in (
        "como",
        "wedding:",
        "Wedding:como",
        "global:x",
        "resource:como",
        "resource:urn:pulumi:a::b",
        "platform:x",
        "",
    ):
        with pytest.raises(NotAScope):
            parse_scope(text)


def test_a_regional_cache_is_one_regions_share() -> None:
    """A cache of the shared stack belongs to its region when that is known; a wedding's own resource stays its own."""
    cache = "urn:pulumi:prod::wedcache::aws:elasticache/replicationGroup:ReplicationGroup::high"
    assert of_resource(cache).reach is Reach.GLOBAL
    scope = of_resource(cache, "us-east-1")
    assert (scope.reach, scope.name, scope.text) == (Reach.REGION, "us-east-1", f"resource:{cache}")
    assert of_resource(SHARED, "us-east-1").reach is Reach.GLOBAL
    assert of_resource(OWN, "us-east-1").reach is Reach.WEDDING


def test_every_operation_has_a_row() -> None:
    """The table treats each operation of the contract, and each has a longest duration."""
    assert set(TREATMENTS) == set(Operation)
    assert len(Operation) == 20
    assert all(treatment.longest > timedelta(0) for treatment in TREATMENTS.values())


def plan(**steps: list[str]) -> dict[str, Any]:
    """A saved plan with one distribution per keyword."""
    urn = "urn:pulumi:como::wedcache-weddings::aws:cloudfront/distribution:Distribution::"
    return {"resourcePlans": {urn + name: {"goal": {"custom": True}, "steps": done} for name, done in steps.items()}}


def test_planned_steps_are_operations() -> None:
    """Each resource counts once, with its gravest step; what changes nothing does not count."""
    whole = plan(
        a=["create"],
        b=["update"],
        c=["create-replacement", "replace", "delete-replaced"],
        d=["delete"],
        e=["same"],
        f=["refresh", "read"],
        g=["import"],
    )
    found = {change.urn[-1]: change.operation for change in planned_changes(whole)}
    assert found == {
        "a": Operation.STACK_CREATE,
        "b": Operation.STACK_UPDATE,
        "c": Operation.STACK_REPLACE,
        "d": Operation.STACK_DELETE,
        "g": Operation.STACK_CREATE,
    }
    assert planned_stacks(whole) == [("wedcache-weddings", "como")]


def test_only_vendor_resources_count() -> None:
    """Stacks, providers and components have no vendor behind them; a deletion without a goal has."""
    plans = {
        "urn:pulumi:como::wedcache-weddings::pulumi:pulumi:Stack::x": {"steps": ["update"]},
        "urn:pulumi:como::wedcache-weddings::pulumi:providers:aws::x": {"steps": ["replace"]},
        "urn:pulumi:como::wedcache-weddings::wedcache:edge:Edge::x": {"goal": {"custom": False}, "steps": ["update"]},
        OWN: {"steps": ["delete"]},
    }
    assert planned_changes({"resourcePlans": plans}) == [PlannedChange(OWN, Operation.STACK_DELETE)]


@pytest.mark.parametrize(
    "whole",
    [
        None,
        [],
        {},
        {"resourcePlans": []},
        {"resourcePlans": {OWN: []}},
        {"resourcePlans": {OWN: {"goal": {}}}},
        {"resourcePlans": {OWN: {"steps": ["transmogrify"]}}},
        {"resourcePlans": {OWN: {"steps": [{}]}}},
        {"resourcePlans": {"not a urn": {"steps": ["update"]}}},
    ],
)
def test_a_plan_that_cannot_be_judged(whole: object) -> None:
    """A plan with anything that we do not know is unreadable, never empty."""
    with pytest.raises(PlanUnreadable):
        planned_changes(whole)
