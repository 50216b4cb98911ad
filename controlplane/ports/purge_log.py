"""The purge log as its users see it: purgers append, followers listen.

Every method but `aclose` raises Unavailable when the log does not answer in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from controlplane.domain.purge_log import Barrier, Beat, Kind, Position, Purge, Roll


class Purger(Protocol):
    """What a process needs that purges without caching anything (an agent, the command line)."""

    async def append(self, tags: Iterable[str], kind: Kind, *, seen: int = 0) -> Purge:
        """Append one purge and raise its tags' barriers; all of it has happened when this returns.

        One step, atomic, for up to 500 tags; larger ones may be several, of which the answer has the last number.
        `seen` is the highest number that the caller knows of; the new number is above it. Repeating it is harmless (a
        later purge of the same tags). Raises BadInput for a tag that is not one, before anything is sent. On
        Unavailable the purge may have happened; append it again.
        """
        ...

    async def roll(self) -> Roll:
        """Who follows the log and how far each has confirmed."""
        ...


class PurgeFeed(Protocol):
    """What a process needs that caches: everything that was purged, in order, and a heartbeat."""

    async def beat(self, member: str, applied: Position | None, *, keep: float = 0.0) -> Beat:
        """Confirm `applied` as `member` (None: joined, nothing applied yet); read epoch and newest number.

        A barrier that was last raised longer ago than the longest `keep` of all members, in seconds that the log itself
        has seen go by, may be forgotten there (0: this member has nothing to say about it).
        """
        ...

    async def listen(self, after: Position, wait: float) -> Sequence[Purge]:
        """Purges after `after.n`, oldest first; waits at most `wait` seconds for the first.

        Does not notice a lost log: `beat` does.
        """
        ...

    async def barriers(self) -> Sequence[Barrier]:
        """All barriers; each is at least as high as it was when this was called."""
        ...

    async def restore(self, epoch: str, removed: Sequence[Barrier]) -> Position:
        """Put hard barriers of a lost epoch back, under their own numbers where this epoch began above them.

        Followers hear of it. What the log already holds, or has removed anew, is left alone. The answer is where the
        log holds them all; if it is of another epoch than `epoch`, the log began anew again and some may be missing.
        """
        ...

    async def leave(self, member: str) -> None:
        """Stop being a member: completion no longer waits for this process. Its memory must be gone by then."""
        ...


class PurgeLog(Purger, PurgeFeed, Protocol):
    """Both sides, as the cache takes it."""

    async def aclose(self) -> None:
        """Close connections; never raises."""
        ...
