"""`RegionStore` on Redis or Valkey: a hash of records, a head and the removals to forget, in one slot a partition.

Keys, all without a TTL: `{wc:<scope>:p<NN>}:head` (state, incarnation, whose process, number of records, view),
`:records` (name -> record), `:stones` (name -> when to forget it). Servers that may evict them (`allkeys-*`) are
refused. What acknowledges must also be durable: in ElastiCache a Valkey 9 group with `durability` sync, else a promoted
replica catches up first, as after any loss.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from controlplane.adapters.redis import eviction
from controlplane.adapters.redis.address import parse
from controlplane.adapters.redis.connect import connect, script, translated
from controlplane.domain import keys as key_names
from controlplane.domain.record import (
    MAX_DELIVERY_US,
    MAX_FAST_US,
    Change,
    Record,
    Refusal,
    Reply,
    Stamp,
    Standing,
    State,
    Told,
    name_of,
    partition_of,
)
from controlplane.errors import Refused, Unavailable

# Values have up to 1 MiB, and a page is one answer.
_PAGE = 32
# Each holds one question for a whole round trip, which may be 100 ms.
_CONNECTIONS = 64
_HEADER = re.compile(rb"([VTS]) (\d+) (\S+) (\S+)\n")


class RedisRegionStore:
    """One region's records of one scope. Every call ends within `timeout` seconds.

    `max_delivery`: microseconds for which a settled removal is kept, the same in every region.
    """

    def __init__(
        self, url: str, *, scope: str = "main", timeout: float = 1.0, max_delivery: int = MAX_DELIVERY_US
    ) -> None:
        self._shown = parse(url).shown
        self._slot = f"wc:{key_names.encode(scope)}:p"
        self._timeout = timeout
        self._max_delivery = max_delivery
        self._redis: Any = connect(url, timeout=timeout, text=False, most=_CONNECTIONS)
        self._look, self._apply, self._page, self._absorb, self._stand = (
            self._redis.register_script(script("voter", f"voter_{name}"))
            for name in ("look", "apply", "page", "absorb", "stand")
        )

    async def look(self, key: str) -> Reply:
        """One script; nothing is written."""
        answer = await self._ask(self._look, partition_of(key), [name_of(key)], "the record was not read")
        return Reply(_standing(answer), _record(answer[4]))

    async def apply(self, key: str, record: Record, begun: int) -> Reply:
        """One script: compare and set by the stamp."""
        arguments = [name_of(key), _raw(record), record.stamp.hlc, begun, self._max_delivery, MAX_FAST_US]
        answer = await self._ask(self._apply, partition_of(key), arguments, "the record is not known to be stored")
        standing, verdict = _standing(answer), answer[3].decode()
        if verdict == "taken":
            return Reply(standing, record)
        return Reply(standing, _record(answer[4]), Refusal(verdict) if verdict else None)

    async def stand(self, partition: int, change: Change) -> Told:
        """One script."""
        view = [text for region, n in change.view.items() for text in (key_names.encode(region), n)]
        arguments = [change.verb.value, change.n, key_names.encode(change.region), change.token, *view]
        answer = await self._ask(self._stand, partition, arguments, "the voter is not known to have changed")
        if len(answer) > 5:
            raise eviction.verdict(answer[5], self._shown) or Refused(
                f"the Redis at {self._shown} does not say by which policy it evicts; nothing was changed"
            )
        return Told(_standing(answer), bool(answer[3]), token=answer[4].decode())

    async def page(self, partition: int, cursor: str) -> Told:
        """HSCAN, about 32 at a time, and the standing of the same moment."""
        answer = await self._ask(self._page, partition, [cursor, _PAGE], "the records were not read")
        names, raws = answer[4][::2], answer[4][1::2]
        pairs = ((name.decode(), _record(raw)) for name, raw in zip(names, raws, strict=True))
        records = tuple((name, record) for name, record in pairs if record is not None)
        return Told(_standing(answer), True, answer[3].decode(), records)

    async def absorb(self, partition: int, n: int, records: Sequence[tuple[str, Record]], begun: int) -> Told:
        """One script for all of them."""
        pairs = [part for name, record in records for part in (name, _raw(record))]
        arguments = [n, begun, self._max_delivery, *pairs]
        answer = await self._ask(self._absorb, partition, arguments, "the copies are not known to be stored")
        return Told(_standing(answer), bool(answer[3]))

    async def aclose(self) -> None:
        """Close the client and its pool."""
        await self._redis.aclose(close_connection_pool=True)

    async def _ask(self, which: Any, partition: int, arguments: Sequence[object], otherwise: str) -> list[Any]:
        """Run a script over the partition's keys. Raises Unavailable."""
        slot = f"{{{self._slot}{partition:02}}}"
        with translated(otherwise):
            async with asyncio.timeout(self._timeout):
                answer = await which(keys=[f"{slot}:head", f"{slot}:records", f"{slot}:stones"], args=arguments)
        if not isinstance(answer, list):
            raise Unavailable(f"the Redis at {self._shown} answered a script with something else: {otherwise}")
        return answer


def _standing(answer: list[Any]) -> Standing:
    """The first three parts of every answer."""
    state, n, flat = answer[:3]
    view = {region.decode(): int(one) for region, one in zip(flat[::2], flat[1::2], strict=True)}
    return Standing(State(state.decode()), int(n), view)


def _raw(record: Record) -> bytes:
    """A record as it is stored."""
    kind = "S" if record.settled else "T" if record.payload is None else "V"
    hlc, region, writer = record.stamp
    head = f"{kind} {hlc} {key_names.encode(region)} {key_names.encode(writer)}\n"
    return head.encode() + (record.payload or b"")


def _record(raw: bytes | None) -> Record | None:
    """A stored record; None for nothing. Raises Unavailable for what is none: a voter that holds it cannot vote."""
    if raw is None:
        return None
    header = _HEADER.match(raw)
    if header is None:
        raise Unavailable("what is stored under the record's name is no record; nothing was changed")
    kind, hlc, region, writer = header.groups()
    stamp = Stamp(int(hlc), region.decode("utf-8", "replace"), writer.decode("utf-8", "replace"))
    return Record(stamp, raw[header.end() :] if kind == b"V" else None, kind == b"S")
