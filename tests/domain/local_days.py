"""An independent oracle for local days: it goes from UTC to local time only, by the list of a zone's offset changes.

The code under test goes from local time to UTC with PEP 495 folds; this finds every offset change by looking
every three days, bisects it to the second, and then reads off at which instants the local date is the wanted one.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta, tzinfo

DAY = 86_400


class LocalDays:
    """The local days of one zone between two years, in unix seconds."""

    def __init__(self, zone: tzinfo, first_year: int, last_year: int) -> None:
        start = int(datetime(first_year, 1, 1, tzinfo=UTC).timestamp()) - 7 * DAY
        end = int(datetime(last_year + 1, 1, 1, tzinfo=UTC).timestamp()) + 7 * DAY
        self._zone = zone
        self._moments, self._offsets = [start], [self._offset(start)]
        for moment in range(start, end, 3 * DAY):
            self._look(moment, moment + 3 * DAY)

    def _offset(self, moment: int) -> int:
        offset = datetime.fromtimestamp(moment, self._zone).utcoffset()
        assert offset is not None
        return offset // timedelta(seconds=1)

    def _look(self, low: int, high: int) -> None:
        new = self._offset(high)
        if new == self._offsets[-1]:
            return
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._offset(middle) == new else (middle, high)
        self._moments.append(high)
        self._offsets.append(new)

    def span(self, day: int) -> tuple[int, int]:
        """First instant of the local day number `day` (days since 1970-01-01) and the first instant after all of it."""
        midnight = day * DAY
        first, after = None, 0
        at = bisect_right(self._moments, midnight - 2 * DAY) - 1
        if at + 1 == len(self._moments) or self._moments[at + 1] > midnight + 3 * DAY:  # no change near: most days
            return midnight - self._offsets[at], midnight + DAY - self._offsets[at]
        while at < len(self._moments) and self._moments[at] < midnight + 3 * DAY:
            offset = self._offsets[at]
            begin = self._moments[at]
            end = self._moments[at + 1] if at + 1 < len(self._moments) else begin + 100 * 366 * DAY
            low, high = max(begin, midnight - offset), min(end, midnight + DAY - offset)
            if low < high:
                first = low if first is None else first
                after = high
            at += 1
        if first is None:  # a skipped date: the instant of the jump
            jump = next(
                moment
                for moment, before, offset in zip(self._moments[1:], self._offsets, self._offsets[1:], strict=True)
                if moment + before <= midnight < moment + offset
            )
            return jump, jump
        return first, after
