"""A lock on changes that a vendor keeps by its own clock."""

from __future__ import annotations

from typing import Protocol


class VendorLock(Protocol):
    """The deny that a vendor holds for a role, whatever becomes of us."""

    def put(self, role: str, document: str) -> None:
        """Replace the role's lock by `document` (IAM's policy language, JSON). Idempotent; at most 5 s.

        Raises Unavailable with the vendor's words, also for a role that does not exist.
        """
        ...
