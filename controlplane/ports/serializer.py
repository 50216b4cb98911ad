"""A serializer: how a value becomes bytes for the second tier, and comes back."""

from __future__ import annotations

from typing import Any, Protocol


class Serializer(Protocol):
    """One format. Stateless, so that any thread may use it; it must never run what it reads (no pickle).

    `name` is for people. `code` (1 to 255) stands in every envelope and never changes its meaning: 1 to 63 are this
    project's, 64 to 255 are free for applications.
    """

    name: str
    code: int

    def __hash__(self) -> int: ...

    def encode(self, value: Any) -> bytes:
        """The value's bytes. Raises any Exception for a value that has none here: it then stays in memory."""
        ...

    def decode(self, raw: bytes, kind: Any) -> Any:
        """The value of type `kind` (None: whatever the bytes say by themselves).

        Raises any Exception for bytes that are not such a value: the cache takes that for a miss and counts it.
        """
        ...
