"""The purge log in Redis or Valkey: a stream with our own dense numbers, barriers, epoch and members in ONE hash slot.

Keys, all without a TTL: `{wc:<scope>}:head` (epoch, newest n, base, server, age), `:log` (the stream), `:barriers`
(tag -> "soft,hard,age"), `:members` (name -> "epoch n age"). The age is the log's own elapsed time in seconds: it
grows by what passes between two calls, at most 5 s a call, so that a stepping clock never makes it run ahead. Streams
are described at https://valkey.io/topics/streams-intro/.
"""

from __future__ import annotations

import asyncio
import functools
import math
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from controlplane.adapters.redis.connect import connect, script, translated
from controlplane.domain import keys as key_names
from controlplane.domain.purge_log import Barrier, Beat, Kind, Member, Position, Purge, Roll
from controlplane.domain.tags import purgeable
from controlplane.errors import BadInput

_LONGEST_LOG = 100_000
_LONGEST_WAIT = 0.5
_AT_ONCE = 500
_FORGET_MEMBER = 14 * 24 * 3600


class RedisPurgeLog:
    """`PurgeLog` on one Redis. Every call ends within `timeout` seconds (`listen`: its wait and `timeout`)."""

    def __init__(self, url: str, *, scope: str = "main", timeout: float = 0.5, longest: int = _LONGEST_LOG) -> None:
        self._again = functools.partial(RedisPurgeLog, url, scope=scope, timeout=timeout, longest=longest)
        slot = f"{{wc:{key_names.encode(scope)}}}"
        self._head, self._log = f"{slot}:head", f"{slot}:log"
        self._barriers, self._members = f"{slot}:barriers", f"{slot}:members"
        self._longest = longest
        self._timeout = timeout
        self._redis: Any = connect(url, timeout=timeout, text=True)
        # The follower's own connection: it is blocked most of the time, for at most half a second at once.
        self._blocked: Any = connect(url, timeout=_LONGEST_WAIT + timeout, text=True, most=1)
        self._purge = self._redis.register_script(script("epoch", "purge"))
        self._beat = self._redis.register_script(script("epoch", "beat"))
        self._restore = self._redis.register_script(script("epoch", "restore"))
        self._roll = self._redis.register_script(script("roll"))

    def renewed(self) -> RedisPurgeLog:
        """The same log with connections of its own."""
        return self._again()

    async def append(self, tags: Iterable[str], kind: Kind, *, seen: int = 0) -> Purge:
        """Number the purge, raise the barriers and add it to the stream, in one script for every 500 tags.

        A script of 100,000 tags would hold the server, and every read with it, for seconds. The last number stands for
        the whole purge: who has applied it has applied what was before. Where the log begins anew between two scripts,
        all of it is appended there.
        """
        wanted = tuple(dict.fromkeys(purgeable(tag) for tag in tags))
        if not wanted:
            raise BadInput("a purge needs at least one tag; nothing was purged")
        epochs: set[str] = set()
        epoch, n = "", seen
        with translated(f"the purge of {', '.join(wanted)[:200]} is not confirmed"):
            while len(epochs) != 1:
                epochs.clear()
                for start in range(0, len(wanted), _AT_ONCE):
                    async with asyncio.timeout(2 * self._timeout):
                        epoch, n = await self._purge(
                            keys=[self._head, self._log, self._barriers],
                            args=[_epoch(), n, kind.value, self._longest, *wanted[start : start + _AT_ONCE]],
                        )
                    epochs.add(epoch)
        return Purge(Position(epoch, int(n)), kind, wanted)

    async def roll(self) -> Roll:
        """Read the members; those unheard for two weeks are struck off."""
        with translated("the members of the purge log are not known"):
            async with asyncio.timeout(2 * self._timeout):
                epoch, flat, age = await self._roll(keys=[self._head, self._members])
                lines = zip(flat[::2], flat[1::2], strict=True)
                members = [_member(name, line, float(age)) for name, line in lines]
                if gone := [member.name for member in members if member.unseen_for > _FORGET_MEMBER]:
                    await self._redis.hdel(self._members, *gone)
        return Roll(epoch, tuple(m for m in members if m.unseen_for <= _FORGET_MEMBER))

    async def beat(self, member: str, applied: Position | None, *, keep: float = 0.0) -> Beat:
        """Confirm, look, and forget a few barriers that nobody needs any more, in one script."""
        at = applied or Position("", -1)
        with translated("no heartbeat of the purge log"):
            async with asyncio.timeout(self._timeout):
                epoch, n, base, oldest, seconds, micros = await self._beat(
                    keys=[self._head, self._log, self._members, self._barriers],
                    args=[_epoch(), member, at.epoch or "-", at.n, math.ceil(keep)],
                )
        return Beat(epoch, int(n), int(base), int(oldest), int(seconds) + int(micros) / 1e6)

    async def listen(self, after: Position, wait: float) -> Sequence[Purge]:
        """XREAD BLOCK on the follower's own connection."""
        block = max(1, int(min(wait, _LONGEST_WAIT) * 1000))
        with translated("the purge log cannot be followed"):
            async with asyncio.timeout(block / 1000 + self._timeout):
                answer = await self._blocked.xread({self._log: f"{after.n}-0"}, count=1000, block=block)
        if not answer:
            return ()
        return [_purge(ident, fields) for ident, fields in answer[0][1]]

    async def barriers(self) -> Sequence[Barrier]:
        """HSCAN, 1,000 at a time, so that a million barriers never block the server."""
        found: list[Barrier] = []
        cursor = 0
        with translated("the barriers are not known"):
            while True:
                async with asyncio.timeout(2 * self._timeout):
                    cursor, chunk = await self._redis.hscan(self._barriers, cursor, count=1000)
                for tag, numbers in chunk.items():
                    soft, hard = numbers.split(",")[:2]
                    found.append(Barrier(tag, int(soft), int(hard)))
                if not int(cursor):
                    return found

    async def restore(self, epoch: str, removed: Sequence[Barrier]) -> Position:
        """One script for every 500 tags."""
        at = Position(epoch, 0)
        with translated("the removals of the lost log are not all put back"):
            for start in range(0, len(removed), _AT_ONCE):
                pairs = [text for one in removed[start : start + _AT_ONCE] for text in (one.tag, one.hard)]
                async with asyncio.timeout(2 * self._timeout):
                    now, n = await self._restore(
                        keys=[self._head, self._log, self._barriers], args=[_epoch(), epoch, self._longest, *pairs]
                    )
                at = Position(now, int(n))
                if now != epoch:
                    break
        return at

    async def leave(self, member: str) -> None:
        """Strike the member off the roll."""
        with translated(f"{member} is still on the roll"):
            async with asyncio.timeout(self._timeout):
                await self._redis.hdel(self._members, member)

    async def aclose(self) -> None:
        """Close both clients and their pools."""
        for client in (self._redis, self._blocked):
            await client.aclose(close_connection_pool=True)


def _epoch() -> str:
    """A new epoch's name, used only if one begins."""
    return secrets.token_hex(8)


def _purge(ident: str, fields: dict[str, str]) -> Purge:
    """One stream entry as a Purge."""
    number = int(ident.partition("-")[0])
    marks = tuple(int(mark) for mark in fields.get("m", "").split(",") if mark)
    return Purge(Position(fields["e"], number), Kind(fields["k"]), tuple(fields["t"].split(",")), marks)


def _member(name: str, line: str, age: float) -> Member:
    """One field of the members hash, when the log is of this age."""
    epoch, n, seen = line.split(" ")
    return Member(name, Position("" if epoch == "-" else epoch, int(n)), max(0.0, age - float(seen)))
