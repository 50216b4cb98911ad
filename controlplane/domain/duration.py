"""Durations as the catalogue writes them: `12h`, `90m`, `1d`; elapsed time, not wall-clock time."""

from __future__ import annotations

import re
from datetime import timedelta

PATTERN = r"^\d{1,5}[mhd]$"
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = timedelta(days=30)


class NotADuration(ValueError):
    """The text is not a duration; the message says what would be one."""


def parse_duration(text: str) -> timedelta:
    """`text` as elapsed time of 0 to 30 days. A day is 24 hours. Raises NotADuration."""
    if not re.fullmatch(PATTERN, text, re.ASCII):
        raise NotADuration(f"{text!r} is not a duration; write minutes, hours or days: 90m, 12h, 1d")
    length = int(text[:-1]) * _UNITS[text[-1]]
    if length > _LONGEST:
        raise NotADuration(f"{text!r} is longer than 30 days")
    return length


def format_duration(length: timedelta) -> str:
    """`length` (whole minutes) as `12h` where it is whole hours, as `90m` otherwise."""
    minutes = round(length.total_seconds()) // 60
    return f"{minutes}m" if minutes % 60 else f"{minutes // 60}h"
