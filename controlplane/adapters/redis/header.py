"""The header that stands before each value and tombstone of the second tier, as the fill script orders writes by it."""

from __future__ import annotations

import re

header_of = re.compile(rb"([ET]1) ([^ \n]{0,86}) ([0-9]{1,18}) ([0-9]{1,18})\n").match
"""Bytes -> mark (`E1` a value, `T1` a tombstone), epoch, number, born in ms; None for what is not ours. The longest has
128 bytes."""
