"""Hands the platform-wide windows to the vendor's own clock: the deny of every role that the inventory locks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from controlplane.domain.calendar import Calendar
from controlplane.domain.vendor_lock import deny_document, policy_text
from controlplane.errors import Unavailable
from controlplane.ports.vendor_lock import VendorLock

LOCKED = "locked"


def lock_roles(lock: VendorLock, roles: Iterable[str], calendar: Calendar, at: datetime) -> dict[str, str]:
    """Give each role the deny of the windows ahead of `at`; what became of each role: LOCKED, or the trouble.

    Safe to run again. A role that fails keeps the deny that it had and does not keep the others from theirs.
    """
    document, report = policy_text(deny_document(calendar, at)), {}
    for role in roles:
        try:
            lock.put(role, document)
            report[role] = LOCKED
        except Unavailable as why:
            report[role] = str(why)
    return report
