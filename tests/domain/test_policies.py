"""`read_only: strict`, and the one rule that stands for many windows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controlplane.domain import freeze
from controlplane.domain.calendar_json import CalendarUnreadable, from_json, to_json
from controlplane.domain.freeze import Facts
from controlplane.domain.operation import Operation
from controlplane.domain.scope import parse_scope, wedding
from controlplane.domain.tier import Tier
from controlplane.domain.verdict import Outcome, Reason
from tests.domain.calendars import AT, COMO_END, COMO_START, calendar
from tests.domain.calendars import wedding as entry

CALENDAR, COMO, PLATFORM = calendar(), wedding("como"), parse_scope("platform")
MOMENT = timedelta(microseconds=1)
A, R = Outcome.ADMITTED, Outcome.REFUSED


@pytest.mark.parametrize(
    ("tier", "in_window"), [(Tier.CRITICAL, A), (Tier.HIGH, A), (Tier.MEDIUM, R), (Tier.LOW, R), (None, R)]
)
def test_strict_reading_keeps_owners_from_the_lower_tiers(tier: Tier | None, in_window: Outcome) -> None:
    """`read_only: strict` refuses owners' writes of the medium and low tiers, and of none that is told, in a window."""
    strict = calendar(read_only="strict")
    facts = Facts(tier=tier)
    for at, made, expected in (
        (AT, strict, in_window),
        (COMO_END - MOMENT, strict, in_window),
        (COMO_END, strict, A),
        (COMO_START - MOMENT, strict, A),
        (AT, CALENDAR, A),
    ):
        answer = freeze.verdict(Operation.CONTENT_UPDATE, COMO, at, made, facts=facts)
        assert answer.outcome is expected
        assert (answer.reason is Reason.READ_ONLY) is (expected is R)
    for op in Operation:
        if op is not Operation.CONTENT_UPDATE:
            found = [freeze.verdict(op, COMO, AT, each).outcome for each in (strict, CALENDAR)]
            assert found[0] is found[1]


def test_strict_reading_travels_with_the_calendar() -> None:
    """It is in the calendar's JSON only where it is on, is read back, and any other word makes it unreadable."""
    strict, text = calendar(read_only="strict"), to_json(CALENDAR)
    assert from_json(to_json(strict)) == strict
    assert "read_only" not in text
    with pytest.raises(CalendarUnreadable, match="read_only 'sometimes'"):
        from_json(text.replace('"platform":', '"read_only":"sometimes","platform":', 1))


def test_many_windows_are_one_synthesised_rule() -> None:
    """Six windows at once ask for `platform:YEAR-Wweek`; a grant of that rule covers them in that week, five do not."""
    many = calendar(*(entry(f"w{number}") for number in range(6)))
    answer = freeze.verdict(Operation.PURGE_HARD, PLATFORM, AT, many)
    assert len(answer.obstacles) == 6
    assert answer.required == ("platform:2027-W23",)
    assert answer.way_past[-1] == (
        "wedcache break-glass request --op purge-hard --scope platform --rule platform:2027-W23"
    )
    for granted, expected in (
        (answer.required, Outcome.ADMITTED_BY_BREAK_GLASS),
        (answer.obstacles, R),
        (("platform:2027-W24",), R),
    ):
        facts = Facts(granted=frozenset(granted))
        assert freeze.verdict(Operation.PURGE_HARD, PLATFORM, AT, many, facts=facts).outcome is expected
