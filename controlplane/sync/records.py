"""Records: values that several regions agree on. What is promised (S1-S4): `docs/sync.md`.

async with Records(stores, here="eu-central-1", clock=SystemClock(), serializer=MsgPack()) as records:
    receipt = await records.put("vendor:7:contract", contract, level=STRONG)
    contract = await records.get("vendor:7:contract", level=STRONG)
"""

from __future__ import annotations

import asyncio
import enum
import secrets
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

from controlplane.domain.record import Record, Stamp, State
from controlplane.errors import BadInput, Refused, Unavailable, UnsafeClock
from controlplane.ports.clock import Clock
from controlplane.ports.region_store import Voter
from controlplane.ports.serializer import Serializer
from controlplane.sync import coding
from controlplane.sync.conversation import Conversations, SyncStats
from controlplane.sync.quorum import Outcome, StrongRead, StrongWrite, settling
from controlplane.sync.stamp import HybridClock
from controlplane.sync.voters import Ballot, Voters, stamp_of


class Level(enum.Enum):
    """How much of the world an operation asks. STRONG: a majority of the voters. LOCAL (reads only): the region's own
    store, which may be behind."""

    STRONG = "strong"
    LOCAL = "local"


STRONG, LOCAL = Level.STRONG, Level.LOCAL


class Superseded(Refused):
    """A majority of the voters has something newer: this write is not the value and will never become it.

    Somebody may have read it for a moment before. `newest` is the stamp that won. Putting it again is a new write.
    """

    exit_code = 1

    def __init__(self, message: str, newest: Stamp) -> None:
        super().__init__(message, next_step="Read the record (level STRONG), decide anew, and put it again if need be.")
        self.newest = newest


class Receipt(NamedTuple):
    """Proof of a write: its stamp and the regions that had answered to hold it, a majority of the voters."""

    key: str
    stamp: Stamp
    confirmed: tuple[str, ...]


class Records:
    """One process's records. `stores` are the voters' stores by region, `here` is the region it runs in.

    `deadline` (seconds) bounds every call: a region that is stopped or cut off never delays one beyond it. `voters`:
    all of `stores` unless a voter is being changed. Closing lets what is under way end; the stores stay open.
    """

    def __init__(
        self,
        stores: Mapping[str, Voter],
        *,
        here: str,
        clock: Clock,
        serializer: Serializer,
        voters: Voters | None = None,
        deadline: float = 1.0,
        writer: str = "",
    ) -> None:
        self._voters = voters or Voters.of(*stores)
        if missing := {here, *self._voters.regions} - set(stores):
            raise BadInput(f"there is no store for {', '.join(sorted(missing))}")
        self._stores = stores
        self._here = here
        self._clock = clock
        self._serializer = serializer
        self._deadline = deadline
        # A writer's name is its own: two processes, or two lives of one, must never give the same stamp.
        self._hybrid = HybridClock(here, writer or secrets.token_hex(6))
        self._talks = Conversations(stores, deadline, lambda record: self._hybrid.observe(record.stamp))

    @property
    def stats(self) -> SyncStats:
        """Plain counters."""
        return self._talks.stats

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def put(self, key: str, value: Any, *, level: Level) -> Receipt:
        """Write, and return once a majority of the voters has answered to hold it (S2).

        Raises Superseded (it is not the value), UnsafeClock (nothing was changed), BadInput (nothing was sent), or
        Unavailable: with `safe_to_retry` False it may have been applied and may still become the value.
        """
        try:
            body = self._serializer.encode(value)
        except Exception as error:  # a serializer of the application may raise what it likes
            raise BadInput(f"the value of {_shown(key)} cannot be written: {error}; nothing was sent") from error
        if len(body) > coding.LONGEST:
            raise BadInput(f"the value of {_shown(key)} has {len(body):,} bytes; a record has at most 1 MiB")
        return await self._write(key, coding.wrap(key, self._serializer.code, body), level)

    async def remove(self, key: str, *, level: Level) -> Receipt:
        """Remove, with the same promises and errors as `put`; an older write never brings it back."""
        return await self._write(key, None, level)

    async def get(self, key: str, default: Any = None, *, level: Level, as_type: Any = None) -> Any:
        """The value, as `as_type`; `default` for none.

        STRONG is linearizable (S3) and raises Unavailable where no majority answers in time. LOCAL asks the own
        region's store alone, may be behind, and raises Unavailable while that does not answer or is catching up. A
        record of another type than `as_type` is BadInput.
        """
        record = await (self._strong(key) if level is Level.STRONG else self._local(key))
        if record is None or record.payload is None:
            return default
        found = coding.unwrap(key, record.payload)
        if found is None or found[0] != self._serializer.code:
            raise Unavailable(
                f"the record {_shown(key)} is damaged, or another serializer wrote it; nothing was changed",
                next_step="Read it with the serializer that wrote it, or put it again.",
            )
        try:
            return self._serializer.decode(found[1], as_type)
        except Exception as error:  # as above
            raise BadInput(f"the record {_shown(key)} is not of the type that was asked for: {error}") from error

    async def aclose(self) -> None:
        """Let what is under way to slower regions end, for at most the deadline or two."""
        await self._talks.aclose()

    async def _write(self, key: str, payload: bytes | None, level: Level) -> Receipt:
        """Stamp it, hold the conversation, tell how it ended."""
        if level is not Level.STRONG:
            raise BadInput(f"a write is {STRONG}, not {level}; nothing was sent")
        begun = self._now()
        record = Record(self._hybrid.tick(begun), payload)
        machine = StrongWrite(self._voters, record)
        is_removal = payload is None
        await self._talks.hold(
            machine,
            key,
            begun,
            lambda: settling(self._voters, record) if is_removal and machine.is_everywhere else (),
        )
        if machine.outcome is Outcome.ACCEPTED:
            return Receipt(key, record.stamp, machine.confirmed)
        raise _refusal(key, machine, self._voters)

    async def _strong(self, key: str) -> Record | None:
        machine = StrongRead(self._voters)
        await self._talks.hold(machine, key, self._now())
        if machine.is_failed:
            raise Unavailable(
                f"no majority of the voters agreed in time on {_shown(key)}: {_said(machine.ballot, self._voters)}",
                next_step="Ask again, or read it LOCAL if an older value will do.",
            )
        return machine.record

    async def _local(self, key: str) -> Record | None:
        try:
            async with asyncio.timeout(self._deadline):
                reply = await self._stores[self._here].look(key)
        except TimeoutError as error:
            raise Unavailable(f"the store of {self._here} did not answer in time") from error
        if reply.standing.state is not State.VOTING:
            raise Unavailable(
                f"the store of {self._here} lost its memory and has not caught up yet",
                next_step="Read it STRONG: the other regions remember.",
            )
        return reply.record

    def _now(self) -> int:
        """Microseconds of the calendar."""
        return int(self._clock.now().timestamp() * 1_000_000)


def _refusal(key: str, machine: StrongWrite, voters: Voters) -> Refused | Unavailable:
    """The error of a write that was not acknowledged."""
    said = _said(machine.ballot, voters)
    if machine.outcome is Outcome.SUPERSEDED:
        newest = max(stamp_of(reply) for reply in machine.ballot.replies.values())
        return Superseded(f"the write of {_shown(key)} came after a newer one and counts for nothing ({said})", newest)
    if machine.outcome is Outcome.UNSAFE_CLOCK:
        return UnsafeClock(
            f"every voter's clock is more than a second behind the stamp of {_shown(key)}; nothing was changed",
            next_step="Set this machine's clock, then put it again.",
        )
    return Unavailable(
        f"the write of {_shown(key)} is not acknowledged and may have been applied: {said}",
        next_step="Read it (level STRONG) before anything else, or put it again, which is a new write.",
        safe_to_retry=False,
    )


def _said(ballot: Ballot, voters: Voters) -> str:
    """What each voter said, for people."""
    votes = ballot.votes()
    words = []
    for region in voters.regions:
        reply = ballot.replies.get(region)
        if reply is None:
            words.append(f"{region} did not answer")
        elif reply.refusal is not None:
            words.append(f"{region} refused ({reply.refusal.value})")
        else:
            words.append(f"{region} {'answered' if region in votes else 'has not caught up'}")
    return ", ".join(words)


def _shown(key: str) -> str:
    """A key for people: short, and no byte that a terminal acts on."""
    return ascii(key)[:80]
