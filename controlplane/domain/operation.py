"""Operations as the freeze sees them: a row each says what a window does to it, on a wedding and on what is shared."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta


class Operation(enum.Enum):
    """What somebody wants to do; the names are those of the command line."""

    STACK_UPDATE = "stack-update"
    STACK_CREATE = "stack-create"
    STACK_REPLACE = "stack-replace"
    STACK_DELETE = "stack-delete"
    CONTENT_UPDATE = "content-update"
    PURGE_SOFT = "purge-soft"
    PURGE_HARD = "purge-hard"
    PURGE_REPLACE = "purge-replace"
    TAKEDOWN = "takedown"
    ERASE = "erase"
    WARM = "warm"
    FAILOVER = "failover"
    SWITCHOVER = "switchover"
    FAILBACK = "failback"
    EMERGENCY = "emergency"
    ROUTE = "route"
    EDGE_ROLLBACK = "edge-rollback"
    DRAIN = "drain"
    CALENDAR_EDIT = "calendar-edit"
    SHIELD = "shield"

    @property
    def treatment(self) -> Treatment:
        """This operation's row of the table."""
        return TREATMENTS[self]


class Hold(enum.Enum):
    """What a window does to an operation."""

    NEVER = "never refused: it serves guests, or makes things safer"
    WINDOW = "refused in a window of any wedding that it touches"
    SHARED = "a change of what weddings share: exposure, slots, drained regions decide"
    TRAFFIC = "refused in a window unless the region that serves now is unhealthy"
    CREATION = "additive: admitted unless something shared changes with it"
    CALENDAR = "admitted when it adds, refused in a window when it shortens"


@dataclass(frozen=True)
class Treatment:
    """One row: `own` is for one wedding, `shared` for everything wider, `longest` the declared longest duration."""

    own: Hold
    shared: Hold
    longest: timedelta


def _always(minutes: int) -> Treatment:
    return Treatment(Hold.NEVER, Hold.NEVER, timedelta(minutes=minutes))


def _held(own: Hold, shared: Hold, minutes: int) -> Treatment:
    return Treatment(own, shared, timedelta(minutes=minutes))


# Durations are the longest that the doors allow themselves: the engine's and the vendors' own limits for the step.
TREATMENTS: dict[Operation, Treatment] = {
    Operation.STACK_UPDATE: _held(Hold.WINDOW, Hold.SHARED, 30),
    Operation.STACK_CREATE: _held(Hold.CREATION, Hold.CREATION, 30),
    Operation.STACK_REPLACE: _held(Hold.WINDOW, Hold.SHARED, 60),
    Operation.STACK_DELETE: _held(Hold.WINDOW, Hold.SHARED, 60),
    Operation.CONTENT_UPDATE: _held(Hold.NEVER, Hold.WINDOW, 1),
    Operation.PURGE_SOFT: _held(Hold.NEVER, Hold.WINDOW, 5),
    Operation.PURGE_HARD: _held(Hold.WINDOW, Hold.WINDOW, 15),
    Operation.PURGE_REPLACE: _held(Hold.NEVER, Hold.WINDOW, 15),
    Operation.TAKEDOWN: _always(10),
    Operation.ERASE: _always(60),
    Operation.WARM: _always(60),
    Operation.FAILOVER: _always(10),
    Operation.SWITCHOVER: _held(Hold.TRAFFIC, Hold.TRAFFIC, 60),
    Operation.FAILBACK: _held(Hold.TRAFFIC, Hold.TRAFFIC, 60),
    Operation.EMERGENCY: _always(5),
    Operation.ROUTE: _always(10),
    Operation.EDGE_ROLLBACK: _always(10),
    Operation.DRAIN: _always(10),
    Operation.CALENDAR_EDIT: _held(Hold.CALENDAR, Hold.CALENDAR, 1),
    Operation.SHIELD: _always(5),
}

STACK_CHANGES = frozenset(
    {Operation.STACK_UPDATE, Operation.STACK_CREATE, Operation.STACK_REPLACE, Operation.STACK_DELETE}
)
"""What the engine does from a saved plan."""
