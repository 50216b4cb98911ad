"""The read lane: one connection, GETs of one event-loop tick joined to one MGET, one timer a flush.

redis.asyncio pays a connection, a lock and 160 us of Python for each GET; here a tick's reads share one write, one
parse (hiredis) and one time limit. When the server does not answer, reads answer None after the time limit; after
three limits in a row the connection is given up and reads answer None at once, until a new one has answered a PING.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import hiredis

from controlplane.adapters.redis.address import Address

_log = logging.getLogger("wedcache.redis.lane")
MOST_KEYS = 128
MOST_WAITING = 20_000
_FAILURES = 3
_RECONNECT = (0.05, 0.1, 0.2, 0.5)
_Batch = list[tuple[bytes, asyncio.Future[bytes | None]]]


@dataclass(slots=True)
class LaneStats:
    """Plain counters since the start. `refused`: answered None at once; `timeouts`: flushes that hit the limit."""

    reads: int = 0
    flushes: int = 0
    timeouts: int = 0
    refused: int = 0
    errors: int = 0
    connects: int = 0


class _Wire(asyncio.Protocol):
    """One connection: answers come in the order of the questions, each to the future that asked."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._asked: deque[asyncio.Future[Any]] = deque()
        self.transport: asyncio.Transport | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Hand each complete answer to its future; a late one (nobody waits any more) is dropped."""
        self._reader.feed(data)
        try:
            while (answer := self._reader.gets()) is not False:
                waiting = self._asked.popleft()
                if not waiting.done():
                    waiting.set_result(answer)
        except (hiredis.ProtocolError, IndexError) as error:
            _log.warning("Redis spoke out of turn (%s); the read lane reconnects", error)
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop: everyone who waits learns it now."""
        while self._asked:
            waiting = self._asked.popleft()
            if not waiting.done():
                waiting.set_result(None)
        if not self.closed.done():
            self.closed.set_result(None)

    def ask(self, *arguments: bytes) -> asyncio.Future[Any]:
        """Send one command; the future gets the answer, or None when the connection ends first."""
        future = asyncio.get_running_loop().create_future()
        if self.transport is None or self.transport.is_closing():
            future.set_result(None)
        else:
            self._asked.append(future)
            self.transport.write(hiredis.pack_command(arguments))
        return future

    def abort(self) -> None:
        """Give the connection up without waiting for the other side."""
        if self.transport is not None:
            self.transport.abort()


class Lane:
    """GETs against one server. `get` never raises and never takes longer than `timeout` seconds."""

    def __init__(self, address: Address, *, timeout: float) -> None:
        self.stats = LaneStats()
        self._address = address
        self._timeout = timeout
        self._wire: _Wire | None = None
        self._failures = 0
        self._pending: _Batch = []
        self._waiting = 0
        self._mender: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that has answered."""
        return self._wire is not None

    async def open(self) -> None:
        """Connect within the time limit; otherwise go on trying behind."""
        if not await self._connect():
            self._mend()

    async def get(self, key: str) -> bytes | None:
        """The bytes under `key`; None for nothing, and for every failure."""
        self.stats.reads += 1
        if self._wire is None or self._waiting >= MOST_WAITING:
            self.stats.refused += 1
            if self._wire is None:
                self._mend()
            return None
        loop = asyncio.get_running_loop()
        if not self._pending:
            loop.call_soon(self._flush)
        future: asyncio.Future[bytes | None] = loop.create_future()
        self._pending.append((key.encode(), future))
        self._waiting += 1
        try:
            return await future
        finally:
            self._waiting -= 1

    async def aclose(self) -> None:
        """Stop reconnecting, end the connection, answer None to everyone who waits."""
        self._closing = True
        if self._mender is not None:
            self._mender.cancel()
            await asyncio.gather(self._mender, return_exceptions=True)
        self._flush()
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.abort()
            await wire.closed

    def _flush(self) -> None:
        """Send everything of this tick, at most 128 keys a command, under one timer."""
        pending, self._pending = self._pending, []
        if not pending:
            return
        wire = self._wire
        if wire is None:
            _answer(pending, None)
            return
        self.stats.flushes += 1
        questions: list[asyncio.Future[Any]] = []
        for start in range(0, len(pending), MOST_KEYS):
            batch = pending[start : start + MOST_KEYS]
            question = wire.ask(b"MGET", *[key for key, _ in batch])
            question.add_done_callback(functools.partial(self._answered, batch))
            questions.append(question)
        timer = asyncio.get_running_loop().call_later(self._timeout, self._late, wire, pending)
        questions[-1].add_done_callback(lambda _: timer.cancel())

    def _answered(self, batch: _Batch, question: asyncio.Future[Any]) -> None:
        """One MGET was answered; anything but a list of the right length is a failure and a miss."""
        answer = question.result()
        if isinstance(answer, list) and len(answer) == len(batch):
            self._failures = 0
            _answer(batch, answer)
            return
        self.stats.errors += 1
        if self._wire is not None and self._wire.closed.done():
            self._give_up(self._wire)
        _answer(batch, None)

    def _late(self, wire: _Wire, pending: _Batch) -> None:
        """The time limit of one flush: whoever still waits gets None."""
        self.stats.timeouts += 1
        _answer(pending, None)
        self._failures += 1
        if self._failures >= _FAILURES:
            self._give_up(wire)

    def _give_up(self, wire: _Wire) -> None:
        """Drop the connection; reads answer None at once until another one has answered."""
        if self._wire is wire:
            self._wire = None
            self._failures = 0
            self._mend()
        wire.abort()

    def _mend(self) -> None:
        """Start reconnecting behind, once."""
        if not self._closing and (self._mender is None or self._mender.done()):
            self._mender = asyncio.get_running_loop().create_task(self._reconnect(), name="wedcache lane")

    async def _reconnect(self) -> None:
        """Try until a server answers, at most half a second apart."""
        tries = 0
        while not await self._connect():
            await asyncio.sleep(_RECONNECT[min(tries, len(_RECONNECT) - 1)])
            tries += 1

    async def _connect(self) -> bool:
        """One try: connect, authenticate, PING; a stopped server accepts connections, so only an answer counts."""
        wire: _Wire | None = None
        try:
            async with asyncio.timeout(self._timeout):
                _, wire = await asyncio.get_running_loop().create_connection(
                    _Wire, self._address.host, self._address.port, ssl=self._address.tls
                )
                for command in (*self._address.greeting(), (b"PING",)):
                    answer = await wire.ask(*command)
                    if answer not in (b"OK", b"PONG"):
                        raise ConnectionError(f"{command[0].decode()} was answered with {answer!r}")
        except (OSError, TimeoutError) as error:
            _log.debug("the read lane to %s:%s is not up: %s", self._address.host, self._address.port, error)
            if wire is not None:
                wire.abort()
            return False
        except asyncio.CancelledError:
            if wire is not None:
                wire.abort()
            raise
        wire.closed.add_done_callback(lambda _: self._give_up(wire))
        self._wire = wire
        self.stats.connects += 1
        return True


def _answer(batch: _Batch, values: Sequence[Any] | None) -> None:
    """Resolve a batch: the values in order, or None for all."""
    for index, (_, future) in enumerate(batch):
        if not future.done():
            value = values[index] if values is not None else None
            future.set_result(value if isinstance(value, bytes) else None)
