"""What time it is for the freeze: the machine's clock, or the endpoint that the configuration names."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime


class ClockUnknown(Exception):
    """The endpoint gave no instant: the freeze state is unknown."""


def now(endpoint: str | None) -> datetime:
    """The instant in UTC. Raises ClockUnknown, naming the endpoint."""
    if endpoint is None:
        return datetime.now(UTC)
    try:
        with urllib.request.urlopen(endpoint, timeout=2) as answer:  # noqa: S310  (an endpoint of our own configuration)
            instant = datetime.fromisoformat(json.load(answer)["now"])
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise ClockUnknown(f"the clock at {endpoint} gave no instant: {why}") from why
    if instant.tzinfo is None:
        raise ClockUnknown(f"the clock at {endpoint} gave {instant.isoformat()}, without an offset")
    return instant.astimezone(UTC)
