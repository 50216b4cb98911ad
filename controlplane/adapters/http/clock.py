"""A clock whose calendar comes from an endpoint that the inventory names; elapsed time stays the machine's own."""

from __future__ import annotations

import http.client
import json
import time
import urllib.request
from datetime import UTC, datetime, timedelta

REFRESH_SECONDS = 0.25
TIMEOUT_SECONDS = 1.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class EndpointClock:
    """`Clock` on `{"now": RFC 3339}` answers, asked at most four times a second; between them and when it does not
    answer, the last offset to the machine's clock holds."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._offset = timedelta(0)
        self._asked: float | None = None

    def now(self) -> datetime:
        """The endpoint's calendar, in UTC."""
        if self._asked is None or time.monotonic() - self._asked > REFRESH_SECONDS:
            self._refresh()
        return datetime.now(UTC) + self._offset

    def monotonic(self) -> float:
        """`time.monotonic()`."""
        return time.monotonic()

    def _refresh(self) -> None:
        self._asked = time.monotonic()
        try:
            with _DIRECT.open(self._endpoint, timeout=TIMEOUT_SECONDS) as answer:
                told = datetime.fromisoformat(json.load(answer)["now"])
            self._offset = told - datetime.now(UTC)
        except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
            return
