"""The verdict table, row by row, on both sides of every boundary."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from controlplane.domain import freeze
from controlplane.domain.freeze import Facts
from controlplane.domain.operation import Operation
from controlplane.domain.scope import Scope, parse_scope, wedding
from controlplane.domain.verdict import Outcome, Reason, Verdict
from tests.domain.calendars import AT, COMO_DAY, COMO_END, COMO_START, calendar
from tests.domain.calendars import wedding as entry

CALENDAR = calendar()
COMO = wedding("como")
PLATFORM, REGION, VENDOR = parse_scope("platform"), parse_scope("region:eu-central-1"), parse_scope("vendor:florist-7")
MOMENT, HOUR = timedelta(microseconds=1), timedelta(hours=1)
A, R = Outcome.ADMITTED, Outcome.REFUSED
EVERY = list(Operation)
ALWAYS = [
    Operation(name)
    for name in ["takedown", "erase", "warm", "failover", "emergency", "route", "edge-rollback", "drain", "shield"]
]


def judged(op: str, scope: Scope = COMO, at: datetime = AT, **more: object) -> Verdict:
    """The verdict under the calendar of one wedding, in its window unless told otherwise."""
    return freeze.verdict(Operation(op), scope, at, CALENDAR, **more)  # type: ignore[arg-type]  # keyword pass-through


@pytest.mark.parametrize(
    ("op", "own", "vendor", "region", "platform"),
    [
        # own wedding in its window; a vendor of it; its region; what all share: freeze-and-failover, section 2
        ("content-update", A, R, R, R),
        ("takedown", A, A, A, A),
        ("erase", A, A, A, A),
        ("purge-soft", A, R, R, R),
        ("purge-hard", R, R, R, R),
        ("purge-replace", A, R, R, R),
        ("warm", A, A, A, A),
        ("failover", A, A, A, A),
        ("emergency", A, A, A, A),
        ("failback", R, R, R, R),
        ("switchover", R, R, R, R),
        ("stack-create", A, A, A, A),
        ("stack-update", R, R, R, R),
        ("stack-replace", R, R, R, R),
        ("stack-delete", R, R, R, R),
        ("route", A, A, A, A),
        ("edge-rollback", A, A, A, A),
        ("drain", A, A, A, A),
        ("shield", A, A, A, A),
        ("calendar-edit", A, A, A, A),
    ],
)
def test_the_table_in_a_window(op: str, own: Outcome, vendor: Outcome, region: Outcome, platform: Outcome) -> None:
    """Each operation of the contract has the outcome of its row while the wedding's day lasts."""
    found = [judged(op, scope).outcome for scope in (COMO, VENDOR, REGION, PLATFORM)]
    assert found == [own, vendor, region, platform]


@pytest.mark.parametrize("op", EVERY)
@pytest.mark.parametrize("scope", [COMO, VENDOR, REGION, PLATFORM], ids=str)
def test_everything_is_admitted_outside(op: Operation, scope: Scope) -> None:
    """A week before and an instant after the window nothing is refused."""
    for at in (AT - timedelta(days=7), COMO_END):
        assert freeze.verdict(op, scope, at, CALENDAR).outcome is A


def test_windows_are_half_open() -> None:
    """The first instant of a window is in it, its end is not; an instant after the end everything is open."""
    now = timedelta(0)
    assert judged("stack-update", at=COMO_START - MOMENT, lasts=now).outcome is A
    assert judged("stack-update", at=COMO_START, lasts=now).outcome is R
    assert judged("stack-update", at=COMO_END - MOMENT, lasts=now).outcome is R
    assert judged("stack-update", at=COMO_END, lasts=now).outcome is A


def test_an_operation_must_end_before_the_next_window() -> None:
    """What a window would refuse starts only if its declared longest duration ends by the window's start."""
    longest = Operation.STACK_UPDATE.treatment.longest
    assert longest > timedelta(0)
    assert judged("stack-update", at=COMO_START - longest).outcome is A
    late = judged("stack-update", at=COMO_START - longest + MOMENT)
    assert (late.outcome, late.reason, late.rules) == (R, Reason.RUNS_INTO, ())
    assert late.next_transition == COMO_START
    assert "venue:como:2027-06-12" in late.way_past[0]
    assert late.way_past[0].startswith("wait until 2027-06-13T04:00:00Z")
    assert judged("stack-update", at=COMO_START - MOMENT, lasts=2 * MOMENT).outcome is R
    assert judged("warm", at=COMO_START - MOMENT).outcome is A


def test_shared_resources_follow_exposure_not_windows() -> None:
    """What all share may change in a lead, when nobody has an event day yet, if it ends before the day begins."""
    start, end = COMO_DAY
    assert judged("stack-update", PLATFORM, at=COMO_START).outcome is A
    assert judged("stack-update", PLATFORM, at=start - 2 * HOUR, lasts=2 * HOUR).outcome is A
    late = judged("stack-update", PLATFORM, at=start - 2 * HOUR, lasts=2 * HOUR + MOMENT)
    assert (late.outcome, late.reason) == (R, Reason.EXPOSED)
    assert [rule.id for rule in late.rules] == ["venue:como:2027-06-12"]
    assert late.next_transition == start
    assert judged("stack-update", PLATFORM, at=end - MOMENT).outcome is R
    assert judged("stack-update", PLATFORM, at=end).outcome is A


def test_a_slot_opens_what_is_always_exposed() -> None:
    """With weddings on every day of a week shared resources change in its least exposed four hours and only there."""
    days = [f"2027-06-{day:02}" for day in range(5, 23)]
    busy = calendar(entry("long", days=days), entry("como"), entry("tivoli"))
    week = datetime.fromisoformat("2027-06-07T00:00:00+00:00")
    inside = freeze.verdict(Operation.STACK_UPDATE, PLATFORM, week, busy, lasts=4 * HOUR)
    assert inside.outcome is A
    assert freeze.verdict(Operation.STACK_UPDATE, PLATFORM, week, busy, lasts=4 * HOUR + MOMENT).outcome is R
    outside = freeze.verdict(Operation.STACK_UPDATE, PLATFORM, week + 4 * HOUR, busy)
    assert outside.outcome is R
    assert "use the next slot: 2027-06-14T00:00:00Z to 2027-06-14T04:00:00Z" in outside.way_past


def test_a_drained_region_may_change() -> None:
    """A region that serves nobody may change in a window; another one may not."""
    assert judged("stack-update", REGION, facts=Facts(drained=frozenset({"eu-central-1"}))).outcome is A
    refused = judged("stack-update", REGION, facts=Facts(drained=frozenset({"us-east-1"})))
    assert refused.outcome is R
    assert any("wedcache drain eu-central-1" in way for way in refused.way_past)


def test_failback_waits_unless_the_standby_is_unhealthy() -> None:
    """Failback and switchover are refused until the end; an unhealthy standby changes that."""
    for op in ("failback", "switchover"):
        assert judged(op, PLATFORM).outcome is R
        assert judged(op, PLATFORM, facts=Facts(standby_unhealthy=True)).outcome is A


def test_a_half_created_stack_may_be_finished() -> None:
    """An update that finishes a half-created stack is additive; a replace or delete of it is not."""
    half = Facts(half_created=True)
    assert judged("stack-update", facts=half).outcome is A
    assert judged("stack-replace", facts=half).outcome is R
    assert judged("stack-delete", facts=half).outcome is R


def test_a_creation_that_changes_something_shared() -> None:
    """Creating a wedding's stack is refused while it would change what an exposed wedding shares."""
    assert judged("stack-create", facts=Facts(changes_shared=True)).outcome is R


def test_a_calendar_edit_may_add_but_not_shorten() -> None:
    """A calendar push is admitted in a window, one that shortens is not."""
    assert judged("calendar-edit", facts=Facts(shortens=True)).outcome is R
    assert judged("calendar-edit", at=COMO_END, facts=Facts(shortens=True)).outcome is A


def test_break_glass_covers_all_rules_or_none() -> None:
    """A grant admits only when it covers every rule in the way, and the verdict says by what."""
    legs = [{"days": ["2027-06-12"], "venue": {"lat": 41.9, "lon": 12.45, "zone": "Europe/Rome"}}]
    two = calendar(entry("como", legs=legs))
    ids = {"venue:como:2027-06-12", "venue:como:2027-06-12-2"}
    some = freeze.verdict(Operation.STACK_UPDATE, COMO, AT, two, facts=Facts(granted=frozenset(list(ids)[:1])))
    every = freeze.verdict(Operation.STACK_UPDATE, COMO, AT, two, facts=Facts(granted=frozenset(ids)))
    assert some.outcome is R
    assert every.outcome is Outcome.ADMITTED_BY_BREAK_GLASS
    assert every.is_admitted
    assert {rule.id for rule in every.rules} == ids
    ahead = judged("stack-update", at=COMO_START - MOMENT, facts=Facts(granted=frozenset({"venue:como:2027-06-12"})))
    assert ahead.outcome is Outcome.ADMITTED_BY_BREAK_GLASS


@pytest.mark.parametrize("op", EVERY)
def test_an_unknown_calendar_is_never_open(op: Operation) -> None:
    """Without a valid calendar changes are unknown; rescue, owners' updates and warming go on."""
    goes_on = {
        *ALWAYS,
        Operation.CONTENT_UPDATE,
        Operation.PURGE_SOFT,
        Operation.PURGE_REPLACE,
        Operation.CALENDAR_EDIT,
    }
    expected = A if op in goes_on else Outcome.UNKNOWN
    for known, scope in ((None, COMO), (calendar(valid_for=timedelta(0)), COMO), (CALENDAR, wedding("nobody"))):
        answer = freeze.verdict(op, scope, AT, known)
        assert answer.outcome is expected
        assert (answer.rules, answer.next_transition) == ((), None)
        assert bool(answer.way_past) is (expected is Outcome.UNKNOWN)
    made = CALENDAR.made
    assert freeze.verdict(op, COMO, made.valid_until - MOMENT, CALENDAR).outcome is not Outcome.UNKNOWN
    assert freeze.verdict(op, COMO, made.valid_until, CALENDAR).outcome is expected


def test_platform_windows_freeze_everything() -> None:
    """A platform-wide window refuses shared and own changes alike, in a slot too, and is named."""
    window = {"id": "cutover", "start": "2027-03-01T00:00:00Z", "end": "2027-03-02T00:00:00Z"}
    dates = {"dates": ["2027-12-31", "2028-01-01"], "zone": "Europe/Rome"}
    made = calendar(windows=[window, dates])
    at = datetime.fromisoformat("2027-03-01T12:00:00+00:00")
    for scope in (COMO, VENDOR, REGION, PLATFORM):
        answer = freeze.verdict(Operation.STACK_UPDATE, scope, at - timedelta(days=90), made)
        assert answer.outcome is A
        answer = freeze.verdict(Operation.STACK_UPDATE, scope, at, made)
        assert (answer.outcome, [rule.id for rule in answer.rules]) == (R, ["platform:cutover"])
    year = next(rule for rule in made.platform if rule.id == "platform:2027-12-31")
    assert (year.local_start, year.local_end) == ("2027-12-31T00:00:00+01:00", "2028-01-02T00:00:00+01:00")


def test_the_contract() -> None:
    """The verdict's JSON is the published contract, key by key."""
    assert judged("purge-hard").to_json() == {
        "schema": "wedcache.verdict/1",
        "verdict": "REFUSED",
        "operation": "purge-hard",
        "scope": "wedding:como",
        "at": "2027-06-12T10:00:00Z",
        "rules": [
            {
                "id": "venue:como:2027-06-12",
                "start": "2027-06-11T10:00:00Z",
                "end": "2027-06-13T04:00:00Z",
                "local_start": "2027-06-11T12:00:00+02:00",
                "local_end": "2027-06-13T06:00:00+02:00",
                "zone": "Europe/Rome",
                "lead": "12h",
                "lag": "6h",
            }
        ],
        "next_transition": "2027-06-13T04:00:00Z",
        "way_past": [
            "wait until 2027-06-13T04:00:00Z",
            "wedcache purge --replace: fetch, compare, purge, warm again",
            "wedcache break-glass request --op purge-hard --scope wedding:como --rule venue:como:2027-06-12",
        ],
        "calendar": {
            "epoch": 7,
            "tzdata": "2026.6",
            "tzdata_source": "pinned",
            "valid_until": "2027-07-12T10:00:00Z",
        },
    }


def test_two_venues_are_two_rules_and_one_closed_time() -> None:
    """Apia and Pago Pago on the same date: both rules are named, and nothing opens for 66 hours."""
    apia = {"lat": -13.83, "lon": -171.76}
    legs = [{"days": ["2027-06-12"], "venue": {"lat": -14.3, "lon": -170.7}}]
    made = calendar(entry("como", venue=apia, legs=legs))
    start, end = (datetime.fromisoformat(f"2027-06-{text}:00:00+00:00") for text in ("10T23", "13T17"))
    hours = {
        judged_in.outcome
        for n in range(66)
        for judged_in in [freeze.verdict(Operation.STACK_UPDATE, COMO, start + n * HOUR, made)]
    }
    assert hours == {R}
    both = freeze.verdict(Operation.STACK_UPDATE, COMO, AT - 2 * HOUR, made)
    assert [rule.id for rule in both.rules] == ["venue:como:2027-06-12", "venue:como:2027-06-12-2"]
    assert [rule.zone for rule in both.rules] == ["Pacific/Apia", "Pacific/Pago_Pago"]
    assert all(rule.derived for rule in both.rules)
    assert both.next_transition == end
    assert freeze.verdict(Operation.STACK_UPDATE, COMO, end, made).outcome is A


def test_a_naive_time_is_no_instant() -> None:
    """A datetime without a zone is refused; one in another zone is the same instant."""
    with pytest.raises(ValueError, match="zone"):
        judged("stack-update", at=AT.replace(tzinfo=None))
    from zoneinfo import ZoneInfo

    assert judged("stack-update", at=AT.astimezone(ZoneInfo("Asia/Tokyo"))) == judged("stack-update")
