"""Durations as callers write them: `"2h"`, `"1h30m"`, `"250ms"`, a timedelta, or a number of seconds."""

from __future__ import annotations

import math
import re
from datetime import timedelta

from controlplane.errors import BadInput

Duration = str | timedelta | float
"""Elapsed time: `"90s"`, `"15m"`, `"1h30m"`, `"1d"` (24 hours), a timedelta, or seconds."""

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_WHOLE = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(length: Duration, option: str) -> float:
    """`length` in seconds, zero or more. Raises BadInput, which names `option` and says what would be right."""
    if isinstance(length, timedelta):
        found = length.total_seconds()
    elif isinstance(length, str):
        if not _WHOLE.fullmatch(length):
            raise BadInput(f"{option}={length!r} is no duration; write for example '90s', '15m', '1h30m' or '1d'")
        found = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(length))
    elif isinstance(length, int | float) and not isinstance(length, bool):
        found = float(length)
    else:
        raise BadInput(f"{option}={length!r} is no duration; give a text such as '15m', a timedelta or seconds")
    if not (found >= 0 and math.isfinite(found)):
        raise BadInput(f"{option}={length!r} is not a duration of zero or more")
    return found
