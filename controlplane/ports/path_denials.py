"""A CDN's own list of paths that it answers with 410, before its cache and without an origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class PathDenials(Protocol):
    """One CDN's denials."""

    @property
    def edge(self) -> str:
        """`cloudfront` or `cloudflare`."""
        ...

    def put(self, denied: Mapping[str, Sequence[str]]) -> bool:
        """Deny exactly these: host -> patterns (`domain/denied_paths.py`). Idempotent; reads back what it did.

        Whether anything had to be changed. Raises Unavailable (safe to retry), Refused for more than the CDN takes
        (nothing was changed), VerificationFailed if it does not read back.
        """
        ...
