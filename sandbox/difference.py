"""One way in which an emulator differs from its vendor, as a row of the tables that the README prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Difference:
    """One row: the subject, what the vendor does, what the sandbox does, and in which direction it errs."""

    subject: str
    vendor: str
    ours: str
    kind: Literal["kinder", "stricter", "other", "unverified"]
