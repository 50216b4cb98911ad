"""Publishing a calendar, the door of commands, and who sees what, on fakes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controlplane.domain import operation as doors
from controlplane.domain.calendar_json import CALENDAR_KEY, to_json
from controlplane.domain.health import Health
from controlplane.domain.heartbeat import Heartbeat, heartbeat_key
from controlplane.domain.scope import parse_scope
from controlplane.domain.verdict import Outcome, Reason
from controlplane.errors import FreezeUnknown
from controlplane.operations.admit import known_calendar, verdict
from controlplane.operations.observe_regions import MONITORS, look, observe
from controlplane.operations.publish_calendar import publish_calendar
from tests.domain.calendars import AT, COMO_END, calendar, wedding
from tests.fakes.clock import FakeClock
from tests.fakes.edges import FakeSteering
from tests.fakes.inventory import HOME, REGIONS, STANDBY
from tests.fakes.store import FakeSharedStore


def test_an_epoch_only_grows() -> None:
    """Each publication is a later one, whatever number the catalogue's compilation carries."""
    store = FakeSharedStore()
    epochs = [publish_calendar(store, calendar(epoch=number), AT).calendar.made.epoch for number in (1, 1, 9, 1)]
    assert epochs == [1, 2, 9, 10]


def test_an_edit_cannot_shorten_a_window_that_is_in_force() -> None:
    """The wedding is gone from the catalogue on its own Saturday: the window is kept, and that is said."""
    store = FakeSharedStore()
    publish_calendar(store, calendar(), AT)
    published = publish_calendar(store, calendar(wedding("lugano", days=["2027-07-03"])), AT)
    assert [(one.subject, one.kept_until) for one in published.kept] == [("wedding:como", COMO_END)]
    assert published.calendar.of_wedding("como").frozen_until(AT) == COMO_END  # type: ignore[union-attr]  # kept
    later = publish_calendar(store, calendar(wedding("lugano", days=["2027-07-03"])), COMO_END)
    assert later.kept == ()
    assert later.calendar.of_wedding("como") is None


def test_a_stored_calendar_that_cannot_be_read_is_not_written_over() -> None:
    """Nobody knows what is in force then: 16, and nothing was changed."""
    store = FakeSharedStore({CALENDAR_KEY: "{garbage"})
    with pytest.raises(FreezeUnknown, match="cannot be read") as caught:
        publish_calendar(store, calendar(), AT)
    assert caught.value.exit_code == 16
    assert store.registers[CALENDAR_KEY] == "{garbage"


def test_the_calendar_is_the_stores_or_the_last_good_copy_or_unknown() -> None:
    """A store that is away leaves the copy; a store that answers garbage or nothing leaves unknown."""
    text = to_json(calendar())
    store = FakeSharedStore({CALENDAR_KEY: text})
    assert known_calendar(store, lambda: None)[1] == text
    store.is_down = True
    assert known_calendar(store, lambda: text)[1] == text
    assert known_calendar(store, lambda: None) == (None, None)
    assert known_calendar(store, lambda: "{garbage") == (None, None)
    assert known_calendar(FakeSharedStore({CALENDAR_KEY: "{garbage"}), lambda: text) == (None, None)
    assert known_calendar(FakeSharedStore(), lambda: text) == (None, None)


def test_unknown_and_expired_calendars_refuse_changes_and_let_rescue_pass() -> None:
    """16 for what a window might forbid; failover, warming and takedown never wait for a calendar."""
    made = calendar()
    expired = replace(made, made=replace(made.made, valid_until=AT - timedelta(seconds=1)))
    for known in (None, expired):
        for operation in doors.Operation:
            said = verdict(operation, parse_scope("wedding:como"), AT, known)
            never = operation.treatment.own in (doors.Hold.NEVER, doors.Hold.CALENDAR)
            assert said.outcome is (Outcome.ADMITTED if never else Outcome.UNKNOWN)
            assert never or said.reason is Reason.CALENDAR_UNKNOWN


def beat(region: str, number: int, **views: Health) -> str:
    """A heartbeat's text."""
    return Heartbeat(
        region=region,
        beat=number,
        at="2027-06-12T10:00:00Z",
        calendar_epoch=1,
        roles_epoch=1,
        cache_answers=True,
        edge_lease=False,
        views={name.replace("_", "-"): health for name, health in views.items()},
    ).to_json()


DOWN = {"eu_central_1": Health.DOWN, "us_east_1": Health.UP}


def living(store: FakeSharedStore, clock: FakeClock, *regions: str) -> None:
    """Time passes, and these regions' agents beat."""
    clock.pause(0.5)
    number = int(clock.elapsed * 2)
    for region in regions:
        store.objects[heartbeat_key(region)] = beat(region, number, **DOWN)


def test_two_of_three_call_a_region_lost() -> None:
    """Both agents say down, the monitors not yet; with one agent silent it is a minority."""
    store, clock = FakeSharedStore(), FakeClock()
    steering = FakeSteering({HOME: (True, True), STANDBY: (True, None)})
    living(store, clock, *REGIONS)
    sight = look(store, steering, REGIONS, clock, lambda _: living(store, clock, *REGIONS))
    assert sight.verdicts[HOME].is_lost
    assert sight.verdicts[HOME].views == {
        f"agent {HOME}": Health.DOWN,
        f"agent {STANDBY}": Health.DOWN,
        MONITORS: Health.UP,
    }
    assert sight.verdicts[STANDBY].views[MONITORS] is Health.UNKNOWN
    silent = look(store, steering, REGIONS, clock, lambda _: living(store, clock, STANDBY))
    assert silent.living == {STANDBY}
    assert not silent.verdicts[HOME].is_lost


def test_cloudflare_away_leaves_the_agents_views() -> None:
    """No pools, no monitors' view; two agents are enough."""
    store, clock = FakeSharedStore(), FakeClock()
    living(store, clock, *REGIONS)
    steering = FakeSteering({HOME: (True, True)}, is_down=True)
    sight = look(store, steering, REGIONS, clock, lambda _: living(store, clock, *REGIONS))
    assert sight.verdicts[HOME].is_lost
    assert sight.enabled is None


def test_an_old_copy_of_a_heartbeat_is_no_sign_of_life() -> None:
    """A bucket that was away answers with an older beat: the agent did not move. Garbage counts as never spoken."""
    store = FakeSharedStore(objects={heartbeat_key(HOME): beat(HOME, 9, **DOWN), heartbeat_key(STANDBY): "{}"})
    before = {HOME: Heartbeat.from_json(beat(HOME, 9, **DOWN))}
    store.objects[heartbeat_key(HOME)] = beat(HOME, 5, **DOWN)
    sight = observe(store, FakeSteering(), REGIONS, before)
    assert sight.living == frozenset()
    assert list(sight.heartbeats) == [HOME]
    assert sight.verdicts[HOME].views == {}
