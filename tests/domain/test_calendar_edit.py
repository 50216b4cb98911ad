"""Editing the calendar is a door: a window in force can only grow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.domain import freeze
from controlplane.domain.calendar import Calendar
from controlplane.domain.calendar_edit import changes, lift, merge_edit
from controlplane.domain.calendar_json import from_json, to_json
from controlplane.domain.edge_pairs import edge_pairs
from controlplane.domain.operation import Operation
from controlplane.domain.scope import parse_scope
from controlplane.domain.verdict import Outcome
from controlplane.domain.window import Rule
from tests.domain.calendars import AT, COMO_END, calendar, wedding

ZONES = ["Europe/Rome", "Pacific/Apia", "Pacific/Pago_Pago", "Asia/Beirut", "America/New_York"]
DAYS = [f"2027-06-{day:02}" for day in range(9, 17)]
venues = st.builds(lambda zone: {"lat": 45.97, "lon": 9.17, "zone": zone}, st.sampled_from(ZONES))
dates = st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True)
margins = st.sampled_from(["0h", "3h", "6h", "12h", "1d"])
HOSTS = ["a.weddings.example", "b.weddings.example", "c.weddings.example"]


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """A calendar of up to three weddings with one or two legs, and perhaps a platform window."""
    free = draw(st.permutations(HOSTS))
    weddings: list[dict[str, Any]] = []
    for name in draw(st.lists(st.sampled_from(["como", "tivoli", "apia"]), min_size=1, max_size=3, unique=True)):
        legs = draw(st.lists(st.fixed_dictionaries({"days": dates, "venue": venues}), max_size=1))
        leads = {"lead": draw(margins), "lag": draw(margins)}
        vendors = draw(st.sampled_from([[], ["florist-7"], ["caterer-2"]]))
        hosts = [free[len(weddings)]]
        more = {"legs": legs, "hosts": hosts, "vendors": vendors, **leads}
        weddings.append(wedding(name, days=draw(dates), venue=draw(venues), **more))
    windows = draw(st.lists(st.fixed_dictionaries({"dates": dates, "zone": st.sampled_from(ZONES)}), max_size=1))
    return calendar(*weddings, windows=[{"id": "cutover", **window} for window in windows])


instants = st.builds(
    lambda hours: datetime.fromisoformat("2027-06-09T00:30:00+00:00") + timedelta(hours=hours), st.integers(0, 9 * 24)
)


def frozen(made: Calendar, text: str, at: datetime) -> bool:
    """Whether an ordinary change is refused."""
    scope = parse_scope(text)
    answer = freeze.verdict(Operation.PURGE_HARD, scope, at, made, lasts=timedelta(0))
    return answer.outcome is Outcome.REFUSED


@settings(max_examples=150, deadline=None)
@given(calendars(), calendars(), instants)
def test_an_edit_never_shortens_a_window_in_force(old: Calendar, new: Calendar, at: datetime) -> None:
    """Each window that holds when the edit is made holds until its old end: for its wedding, vendors, hosts and all."""
    merged, _ = merge_edit(old, new, at)
    assert merged.made.epoch == old.made.epoch + 1
    held: list[tuple[str | None, Rule]] = [(None, rule) for rule in old.platform if rule.holds_at(at)]
    held += [(name, rule) for name, known in old.weddings.items() for rule in known.rules if rule.holds_at(at)]
    for name, rule in held:
        later = [at, rule.end - timedelta(microseconds=1), at + (rule.end - at) / 2]
        for moment in later:
            assert frozen(merged, "platform", moment)
            if name is None:
                assert all(frozen(merged, f"wedding:{each}", moment) for each in merged.weddings)
                continue
            assert frozen(merged, f"wedding:{name}", moment)
            assert all(frozen(merged, f"vendor:{vendor}", moment) for vendor in old.weddings[name].vendors)
            second = moment.timestamp()
            for host in old.weddings[name].hosts:
                assert any(start <= second < end for start, end, _ in edge_pairs(merged, host, at))


@settings(max_examples=100, deadline=None)
@given(calendars(), calendars(), instants)
def test_an_edit_takes_all_of_the_new_calendar(old: Calendar, new: Calendar, at: datetime) -> None:
    """Whatever the new calendar freezes is frozen after the edit, and what is kept of the old one is reported."""
    merged, refusals = merge_edit(old, new, at)
    for name, known in new.weddings.items():
        for rule in known.rules:
            for moment in (rule.start, rule.end - timedelta(microseconds=1)):
                assert frozen(merged, f"wedding:{name}", moment)
    kept = {refusal.rule for refusal in refusals}
    for name, known in merged.weddings.items():
        before = new.weddings[name].rules if name in new.weddings else ()
        extra = {rule.id for rule in known.rules} - {rule.id for rule in before}
        assert {each for each in extra if not each.endswith("Z")} <= kept


@settings(max_examples=60, deadline=None)
@given(calendars(), instants)
def test_the_same_calendar_is_no_edit(old: Calendar, at: datetime) -> None:
    """Publishing what is published refuses nothing and changes nothing but the epoch."""
    merged, refusals = merge_edit(old, old, at)
    assert refusals == []
    assert changes(old, merged, at) == []


def test_what_can_be_refused() -> None:
    """In a window a move, a shorter lag, another zone and a deletion are refused by name; a longer lag is not."""
    old = calendar()
    edits = {
        "moved": calendar(wedding(days=["2027-06-19"])),
        "shorter": calendar(wedding(lag="1h")),
        "zone": calendar(wedding(venue={"lat": 0, "lon": 0, "zone": "Asia/Tokyo"})),
        "deleted": calendar(wedding("tivoli")),
    }
    for name, new in edits.items():
        merged, refusals = merge_edit(old, new, AT)
        assert [refusal.rule for refusal in refusals] == ["venue:como:2027-06-12"], name
        assert refusals[0].kept_until == COMO_END
        assert "an edit can only extend it" in refusals[0].text
        assert frozen(merged, "wedding:como", COMO_END - timedelta(seconds=1)), name
        outside, none = merge_edit(old, new, COMO_END)
        assert none == [], name
        assert changes(outside, new, COMO_END) == [], name
    longer, refusals = merge_edit(old, calendar(wedding(lag="12h")), AT)
    assert refusals == []
    assert longer.weddings["como"].rules[0].end == COMO_END + timedelta(hours=6)


def test_a_moved_host_stays_frozen() -> None:
    """When a host moves to another wedding in the window, its old window still reaches the edge."""
    host = "como.weddings.example"
    new = calendar(wedding(hosts=["new.weddings.example"]), wedding("tivoli", days=["2027-09-04"], hosts=[host]))
    merged, _ = merge_edit(calendar(), new, AT)
    assert [rule for _, _, rule in edge_pairs(merged, host, AT)] == ["venue:como:2027-06-12", "venue:tivoli:2027-09-04"]


def test_changes_are_told_by_rule() -> None:
    """Added, removed and moved rules are told; a zone by its other name is no change."""
    kolkata, calcutta = (
        calendar(wedding(venue={"lat": 22.5, "lon": 88.3, "zone": f"Asia/{city}"})) for city in ("Kolkata", "Calcutta")
    )
    assert changes(kolkata, calcutta, AT) == []
    old = calendar(wedding(), wedding("tivoli"))
    new = calendar(wedding(lag="7h"), wedding("apia"))
    told = [(change.kind, change.rule, change.in_force) for change in changes(old, new, AT)]
    assert told == [
        ("added", "venue:apia:2027-06-12", False),
        ("moved", "venue:como:2027-06-12", True),
        ("removed", "venue:tivoli:2027-06-12", True),
    ]


def test_strict_reading_is_not_switched_off_in_a_window() -> None:
    """`read_only: strict` holds while any window does, and is said to be kept; outside it goes with the edit."""
    old, new = calendar(read_only="strict"), calendar()
    merged, refusals = merge_edit(old, new, AT)
    assert merged.strict
    assert [(refusal.rule, refusal.kept_until) for refusal in refusals] == [("read_only", COMO_END)]
    outside, none = merge_edit(old, new, COMO_END)
    assert (outside.strict, none) == (False, [])
    assert merge_edit(new, old, AT)[0].strict


def test_a_lifted_rule_ends_now_and_only_it() -> None:
    """The named rule in force ends at that instant, in the venue's time too; others, and its event days, stay."""
    window = {"id": "cutover", "start": "2027-06-12T08:00:00Z", "end": "2027-06-12T12:00:00Z"}
    old = calendar(wedding(), wedding("tivoli"), windows=[window], read_only="strict")
    lifted = lift(old, {"venue:como:2027-06-12", "venue:nobody"}, AT)
    (rule,) = lifted.weddings["como"].rules
    assert (rule.end, rule.local_end) == (AT, "2027-06-12T12:00:00+02:00")
    assert rule.days == old.weddings["como"].rules[0].days
    assert lifted.weddings["tivoli"] == old.weddings["tivoli"]
    assert (lifted.platform, lifted.strict, lifted.made.epoch) == (old.platform, True, old.made.epoch + 1)
    assert from_json(to_json(lifted)) == lifted
    assert [one.id for one in lift(old, {"platform:cutover"}, AT).platform if one.holds_at(AT)] == []
    begun = old.weddings["como"].rules[0].start
    assert lift(old, {"venue:como:2027-06-12"}, begun).weddings["como"].rules == ()
    assert lift(old, {"venue:como:2027-06-12"}, COMO_END).weddings == old.weddings
    merged, refusals = merge_edit(lifted, calendar(wedding("tivoli")), AT)
    assert "como" not in merged.weddings
    assert {refusal.rule for refusal in refusals} == {"platform:cutover", "read_only"}
