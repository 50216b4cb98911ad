"""Instants as people and scripts write them: RFC 3339, always with an offset; printed in UTC with `Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)
_YEARS = range(1970, 2200)


class NotAnInstant(ValueError):
    """The text is not an RFC 3339 instant with an offset; the message says what would be one."""


def parse_instant(text: str) -> datetime:
    """`text` (RFC 3339 with an offset or Z, years 1970 to 2199) as an aware datetime in UTC.

    Raises NotAnInstant for everything else; a time without an offset is not an instant.
    """
    example = "write it like 2027-06-12T10:00:00Z or 2027-06-12T12:00:00+02:00"
    if not _RFC3339.fullmatch(text):
        raise NotAnInstant(f"{text!r} is not an RFC 3339 instant with an offset; {example}")
    try:
        at = datetime.fromisoformat(text.upper())
    except ValueError as why:
        raise NotAnInstant(f"{text!r}: {why}; {example}") from why
    if at.year not in _YEARS:
        raise NotAnInstant(f"{text!r}: the year must be {_YEARS.start} to {_YEARS.stop - 1}")
    return at.astimezone(UTC)


def zulu(at: datetime) -> str:
    """`at` (aware) in UTC, as `2027-06-12T10:00:00Z`; fractions of a second only where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
