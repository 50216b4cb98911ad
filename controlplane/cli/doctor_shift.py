"""`wedcache doctor --shift`: what has to last through Sunday, and what to do about each thing that does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from controlplane.domain.roles import ROLES_KEY
from controlplane.errors import FreezeUnknown, Incomplete, UnsafeClock

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant

MOST_SKEW_SECONDS = 120
OLDEST_KIT = timedelta(days=7)


def end(plant: Plant) -> datetime:
    """Until when everything has to last."""
    from controlplane.domain.shift import shift_end

    return shift_end(plant.clock.now())


def clock(plant: Plant) -> str:
    """Our clock against the three buckets'. Raises UnsafeClock."""
    ours = plant.clock.now().timestamp()
    skew = ours - median(stamp.now.timestamp() for stamp in plant.store.stamps(ROLES_KEY))
    if abs(skew) > MOST_SKEW_SECONDS:
        raise UnsafeClock(
            f"this machine's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the buckets' clocks",
            next_step="set the clock (timedatectl set-ntp true); failover does not need it",
        )
    return f"within {max(1, round(abs(skew)))} s of the buckets' clocks"


def buckets(plant: Plant) -> str:
    """All three buckets answer: with two, one more loss stops every decision."""
    from controlplane.adapters.aws.reach import unreachable

    plant.store.read(ROLES_KEY)
    away, all_three = unreachable(plant.aws, plant.profile.store), len(plant.profile.store)
    if away:
        said = ", ".join(f"{bucket}: {why}" for bucket, why in away.items())
        raise Incomplete(
            f"{all_three - len(away)} of {all_three} buckets answer ({said}): one more loss stops every decision",
            next_step="look at the buckets' regions and the credentials' permissions there",
        )
    return f"all {all_three} buckets answer"


def calendar(plant: Plant) -> str:
    """The calendar is valid through the shift. Raises FreezeUnknown."""
    from controlplane.operations.admit import known_calendar

    found, _ = known_calendar(plant.store, plant.last_good_calendar)
    if found is None:
        raise FreezeUnknown("there is no calendar: changes are refused", next_step="wedcache freeze push")
    _lasts("the calendar", found.made.valid_until, end(plant), FreezeUnknown, "wedcache freeze push")
    return f"epoch {found.made.epoch}, valid until {_at(found.made.valid_until)}"


def aws(plant: Plant) -> str:
    """This machine's AWS credentials last through the shift."""
    from controlplane.adapters.aws.credentials import lasting

    found = lasting(plant.aws)
    if not found.is_known:
        raise Incomplete(
            f"{found.kind} ends at a time that nothing says",
            next_step="log in again just before the shift, with a session that lasts through Sunday",
        )
    if found.until is None:
        return f"{found.kind} does not end"
    _lasts(f"{found.kind}", found.until, end(plant), Incomplete, "log in again, with a session that lasts that long")
    return f"{found.kind} until {_at(found.until)}"


def cloudflare(plant: Plant) -> str:
    """The Cloudflare token is active and lasts through the shift."""
    from controlplane.adapters.cloudflare.token import lasts_until

    until = lasts_until(plant.cloudflare)
    if until is None:
        return "the token does not end"
    _lasts("the token", until, end(plant), Incomplete, "make one that lasts that long and put it behind the profile")
    return f"the token lasts until {_at(until)}"


def kit(plant: Plant) -> str:
    """This machine holds a kit that is a week old at most."""
    from controlplane.domain.instant import parse_instant
    from controlplane.domain.kit import HELD
    from controlplane.operations.kit import Shelf, held

    def read(name: str) -> str | None:
        copy = plant.copies.read(name)
        return None if copy is None else copy.text

    found = held(Shelf(read, lambda *_: None))
    again = "wedcache kit pack FILE --key KEY, then wedcache kit open FILE here"
    if found is None:
        raise Incomplete(f"no kit was opened on this machine (no {HELD})", next_step=again)
    age = plant.clock.now() - parse_instant(found.packed_at)
    if age > OLDEST_KIT:
        raise Incomplete(f"the kit is {age.days} days old", next_step=again)
    return f"packed {found.packed_at}, signed by {found.signed_by}"


def operations(plant: Plant) -> str:
    """Nothing is half done before the shift begins."""
    from controlplane.operations.intents import open_cards

    cards = open_cards(plant.store)
    if cards:
        raise Incomplete(
            f"open: {', '.join(card.id for card in cards)}", next_step=f"wedcache ops resume {cards[0].id}"
        )
    return "nothing is open"


def _lasts(
    what: str, until: datetime, needed: datetime, kind: type[Incomplete | FreezeUnknown], next_step: str
) -> None:
    if until < needed:
        raise kind(f"{what} ends {_at(until)}, before Sunday is over ({_at(needed)})", next_step=next_step)


def _at(instant: datetime) -> str:
    return f"{instant:%a %Y-%m-%d %H:%M} UTC"
