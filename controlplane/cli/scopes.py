"""Which scopes a purge by tags touches: a wedding's or a vendor's own, otherwise what all share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from controlplane.domain import freeze
from controlplane.domain.calendar import Calendar
from controlplane.domain.operation import Operation
from controlplane.domain.scope import Reach, Scope, parse_scope, wedding
from controlplane.domain.tags import CacheTag
from controlplane.domain.verdict import Outcome
from controlplane.errors import BadInput, FreezeUnknown, Refused


def scope_of_tags(tags: Sequence[str]) -> list[Scope]:
    """The scope of each tag. Raises BadInput for no tag, or for one that is none."""
    if not tags:
        raise BadInput("no cache tag was named", next_step="wedcache purge wedding:como")
    return [_scope(CacheTag(tag)) for tag in tags]


def other_tags(tags: Sequence[str], calendar: Calendar | None, at: datetime) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`tags` as the tags of the weddings that a hard purge may touch now, and the weddings that are left out.

    Raises BadInput for a tag that names neither a wedding nor a vendor, Refused where nothing is left, and
    FreezeUnknown for weddings of which nobody knows.
    """
    if calendar is None or at >= calendar.made.valid_until:
        raise FreezeUnknown("nobody knows which weddings are in their window: the calendar is missing or too old")
    touched: dict[str, None] = {}
    for scope in scope_of_tags(tags):
        if scope.reach is Reach.VENDOR:
            touched |= dict.fromkeys(name for name, one in calendar.weddings.items() if scope.name in one.vendors)
        elif scope.reach is Reach.WEDDING:
            touched[scope.name] = None
        else:
            raise BadInput("--except-frozen wants tags of weddings and vendors: what all share leaves nobody out")
    verdicts = {name: freeze.verdict(Operation.PURGE_HARD, wedding(name), at, calendar) for name in touched}
    unknown = [name for name, answer in verdicts.items() if answer.outcome is Outcome.UNKNOWN]
    if unknown:
        raise FreezeUnknown(f"the calendar does not know {', '.join(unknown)}")
    free = tuple(f"wedding:{name}" for name, answer in verdicts.items() if answer.is_admitted)
    if not free:
        raise Refused(f"nothing is left: {', '.join(touched) or 'no wedding'} is all that {', '.join(tags)} touches")
    return free, tuple(name for name, answer in verdicts.items() if not answer.is_admitted)


def _scope(tag: CacheTag) -> Scope:
    kind = tag.partition(":")[0]
    return parse_scope(tag if kind in ("wedding", "vendor") else "platform")
