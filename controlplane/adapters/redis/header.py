"""The header that stands before each value and tombstone of the second tier; the fill script orders writes by it.

`E2` (a value) or `T2` (a tombstone), the birth in milliseconds and the number of its as-of (8 bytes each, big-endian),
the epoch's length (1 byte) and the epoch. A value's bytes follow. Of a fixed layout, because every read takes it apart.
"""

from __future__ import annotations

import struct

from controlplane.domain.purge_log import Position
from controlplane.ports.second_tier import Stored

VALUE, TOMBSTONE = b"E2", b"T2"
_fixed = struct.Struct(">2sQQB")
_take = _fixed.unpack_from
_FIXED = _fixed.size
# The number begins behind mark and birth; from there to the header's end it tells the position.
_NUMBER = 10
# Entries that were filled between two purges share their position; a process sees few at a time.
_MOST_POSITIONS = 4_096
_positions: dict[bytes, Position] = {}


def header(mark: bytes, at: Position, born: float) -> bytes:
    """The bytes; `born` in seconds of the log's time."""
    epoch = at.epoch.encode()
    return _fixed.pack(mark, max(0, int(born * 1000)), at.n, len(epoch)) + epoch


def stored(raw: bytes) -> Stored | None:
    """The value behind the header; None for a tombstone. Raises ValueError for what is not ours."""
    # Every read comes here: what `parsed` would say of a value at a known position is not made into a tuple first.
    if len(raw) < _FIXED:
        raise ValueError
    mark, born, _, length = _take(raw)
    end = _FIXED + length
    position = _positions.get(raw[_NUMBER:end])
    if mark != VALUE or position is None:
        found = parsed(raw)
        if found is None:
            raise ValueError
        mark, position, _, end = found
        if mark != VALUE:
            return None
    return Stored(raw[end:], position, born / 1000)


def parsed(raw: bytes) -> tuple[bytes, Position, float, int] | None:
    """Mark, as-of, birth in seconds, and where the value begins; None for what is not ours."""
    if len(raw) < _FIXED:
        return None
    mark, born, number, length = _take(raw)
    end = _FIXED + length
    if (mark != VALUE and mark != TOMBSTONE) or len(raw) < end:  # noqa: PLR1714  (a set costs more than two looks)
        return None
    where = raw[_NUMBER:end]
    position = _positions.get(where)
    if position is None:
        if len(_positions) >= _MOST_POSITIONS:
            _positions.clear()
        position = _positions[where] = Position(raw[_FIXED:end].decode("ascii", "replace"), number)
    return mark, position, born / 1000, end
