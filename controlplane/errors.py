"""The control plane's errors, in one tree; exit codes follow the roots.

    WedcacheError
    ├── Refused        we said no; nothing was changed
    ├── Unavailable    the world said no; `safe_to_retry` says whether a retry can do harm
    └── Incomplete     some of it happened; `report` says what did

Exit codes: `controlplane/domain/exit_codes.py`, `wedcache explain CODE` at the command line.
"""

from __future__ import annotations

from collections.abc import Mapping


class WedcacheError(Exception):
    """Any error that wedcache raises on purpose. `exit_code` is what the command ends with."""

    exit_code = 1

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step


class Refused(WedcacheError):
    """We said no, before anything was changed."""


class BadInput(Refused):
    """What was typed or written in a file cannot be used; the message names the place."""

    exit_code = 2


class FreezeInForce(Refused):
    """A freeze window forbids the operation now."""

    exit_code = 10


class LeaseHeld(Refused):
    """Another operator or agent holds the lease."""

    exit_code = 11


class LeaseLost(Refused):
    """The lease went to somebody else while we worked; no further effect was made."""

    exit_code = 12


class UnsafeClock(Refused):
    """Our clock disagrees with the clocks around us by more than the allowed skew."""

    exit_code = 15


class FreezeUnknown(Refused):
    """The calendar is missing, unreadable or past its `valid_until`: changes are refused, never open."""

    exit_code = 16


class BreakGlassInvalid(Refused):
    """The break-glass grant does not fit this operation."""

    exit_code = 17


class Unavailable(WedcacheError):
    """The world said no. `safe_to_retry` is False when the outcome is unknown and must be read back first."""

    exit_code = 18

    def __init__(self, message: str, *, next_step: str = "", safe_to_retry: bool = True) -> None:
        super().__init__(message, next_step=next_step)
        self.safe_to_retry = safe_to_retry
        if not safe_to_retry:
            self.exit_code = 19


class Incomplete(WedcacheError):
    """Some of it happened. `report` maps each target to what became of it."""

    exit_code = 13

    def __init__(self, message: str, *, next_step: str = "", report: Mapping[str, str] | None = None) -> None:
        super().__init__(message, next_step=next_step)
        self.report = dict(report or {})


class VerificationFailed(Incomplete):
    """It was done, but what we see from outside is not what it should be."""

    exit_code = 14
