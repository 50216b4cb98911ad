"""The other side of a write: hold what the home region sends, unless its role is history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from sandbox.origin.held import HeldWrites, Write
from sandbox.origin.role import Role, Roles


class Replica:
    """Applies the home region's writes. `applied` is called with each write that is held here from now on."""

    def __init__(
        self,
        region: str,
        held: HeldWrites,
        roles: Roles,
        applied: Callable[[Write], Awaitable[None]],
        *,
        is_fenced: bool = True,
    ) -> None:
        self.taken = 0
        self.refused = 0
        self._region = region
        self._held = held
        self._roles = roles
        self._applied = applied
        self._is_fenced = is_fenced

    async def apply(self, writes: Iterable[Write], role: Role, *, owed: bool) -> bool:
        """Hold the writes; False (nothing held) under a lower epoch than any that we heard of.

        At the same epoch only one region is home: a region that calls itself home while we are is refused too, except
        for writes that it acknowledged alone and owes us.
        """
        seen = self._held.seen_epoch(max(role.epoch, self._roles.current.epoch))
        rival = role.home != self._roles.current.home and role.epoch == self._roles.current.epoch and not owed
        if self._is_fenced and (role.epoch < seen or rival):
            self.refused += 1
            return False
        self._roles.learn(role)
        for write in writes:
            known = self._held.state(write.id)
            if known is None or known.state != "held":
                self._held.hold(write)
                self.taken += 1
                await self._applied(write)
        return True
