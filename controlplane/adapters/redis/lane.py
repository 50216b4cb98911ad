"""The read lane: one connection, the GETs of one event-loop tick in one write, one parse and one time limit.

redis.asyncio pays a connection, a lock and 160 us of Python for each GET; here a tick's reads share them (hiredis packs
and parses). A read that is not answered within the time limit is `SILENT`; a connection whose oldest question waits for
three limits is given up, and reads are `SILENT` at once until another one has answered.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from typing import Any, cast

import hiredis

from controlplane.adapters.redis.address import Address
from controlplane.adapters.redis.answers import SILENT, Answer, LaneStats, Question, Reading, Redirect, hush, silence
from controlplane.adapters.redis.dial import Dialler
from controlplane.errors import Refused

_log = logging.getLogger("wedcache.redis.lane")
MOST_KEYS = 128
MOST_WAITING = 20_000
# The largest part of an answer that is kept while its end is awaited; values have at most 1 MiB, 128 come at once.
MOST_BYTES = 64 * 1024 * 1024
# A connection is given up when its oldest question is this many limits old; that is looked at by the second number.
_PATIENCE = (2.95, 3.05)
# Time limits are looked at this often within one, so that thousands of questions share few timers.
_GRAIN = 0.05


class _Wire(asyncio.Protocol):
    """One connection: answers come in the order of the questions, within `timeout` seconds or not at all."""

    def __init__(self, timeout: float, stats: LaneStats, redirect: Redirect | None, reading: Reading | None) -> None:
        self._reader = hiredis.Reader(replyError=hiredis.ReplyError)
        self._timeout = timeout
        self._stats = stats
        self._redirect = redirect
        self._reading = reading
        self._found = reading.found if reading else bytes
        self._unparsed = 0
        self._asked: deque[Question] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.waiting = 0
        self.transport: asyncio.Transport | None = None
        self.loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = self.loop.create_future()

    @property
    def is_alive(self) -> bool:
        """Whether it was made and nobody has begun to close it."""
        return self.transport is not None and not self.transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Hand each complete answer to its question; a late one (nobody waits any more) is dropped."""
        self._reader.feed(data)
        self._unparsed += len(data)
        try:
            while (answer := self._reader.gets()) is not False:
                self._unparsed = 0
                question = self._asked[0]
                if self._is_complete(question, answer):
                    self._asked.popleft()
                    self.waiting -= len(question.keys)
        except (hiredis.ProtocolError, IndexError) as error:
            _log.warning("Redis spoke out of turn (%s); the read lane reconnects", error)
            self.abort()
        if self._unparsed > MOST_BYTES:
            self._stats.oversized += 1
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop: everyone who waits learns it now."""
        if self._timer is not None:
            self._timer.cancel()
        while self._asked:
            hush(self._asked.popleft())
        if not self.closed.done():
            self.closed.set_result(None)

    def send(self, packed: bytes, *questions: Question) -> None:
        """Send packed commands; on a connection that is closing, their questions are silent."""
        if self.transport is None or self.transport.is_closing():
            for question in questions:
                hush(question)
            return
        self._asked.extend(questions)
        self.waiting += sum(len(question.keys) for question in questions)
        self.transport.write(packed)
        self._watch(questions[-1].deadline)

    async def command(self, *words: bytes) -> Any:
        """One other command: its answer, an Exception for an error, None when the connection ends first."""
        future: asyncio.Future[Any] = self.loop.create_future()
        self.send(hiredis.pack_command(words), Question([], [future], self.loop.time(), math.inf, False))
        answer = await future
        return None if answer is SILENT else answer

    def abort(self) -> None:
        """Give the connection up without waiting for the other side."""
        if self.transport is not None:
            self.transport.abort()

    def _is_complete(self, question: Question, answer: Any) -> bool:
        """Take one answer; whether the question has all of its own."""
        futures = question.futures
        if question.is_joined:
            if type(answer) is list and len(answer) == len(futures):
                found = self._found
                for future, value in zip(futures, answer, strict=True):
                    if not future.done():
                        future.set_result(None if value is None else found(value))
            else:
                self._stats.errors += 1
                hush(question)
            return True
        at = question.heard
        question.heard = at + 1
        if at < len(futures) and not futures[at].done():
            if not question.keys:
                futures[at].set_result(answer)
            elif not isinstance(answer, Exception):
                futures[at].set_result(None if answer is None else self._found(answer))
            elif not self._is_redirected(question.keys[at], futures[at], question.deadline, str(answer)):
                silence(futures[at], self._reading)
        return question.heard >= len(question.keys)

    def _is_redirected(self, key: str, future: asyncio.Future[Answer], deadline: float, words: str) -> bool:
        """Whether the error of a single GET was turned into another node's answer, or into nothing found."""
        if words.startswith("WRONGTYPE"):
            future.set_result(None)
            return True
        if self._redirect is not None and self._redirect(key, future, deadline, words):
            return True
        self._stats.errors += 1
        return False

    def _watch(self, deadline: float) -> None:
        """Have the time limits looked at, by one timer for all."""
        if deadline == math.inf or (self._timer is not None and self._timer.when() <= deadline):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(deadline, self._look)

    def _look(self) -> None:
        """Whoever waits beyond the limit hears silence; a connection that is silent for too long is given up."""
        self._timer = None
        if not self._asked:
            return
        now = asyncio.get_running_loop().time()
        least, most = _PATIENCE
        nearest = self._asked[0].sent + most * self._timeout
        for question in self._asked:
            if question.deadline > now:
                nearest = min(nearest, question.deadline)
            else:
                self._stats.timeouts += 1
                hush(question)
                question.deadline = math.inf
        if now - self._asked[0].sent >= least * self._timeout:
            self.abort()
        else:
            self._watch(max(nearest, now + _GRAIN * self._timeout))


class Lane:
    """GETs against one server. `get` never raises and never takes longer than `timeout` seconds.

    `redirect` makes it a lane to one node of a Cluster: keys are asked one by one (a node refuses MGET across slots),
    and it hears of every error. `reading` makes other answers of bytes and silence.
    """

    def __init__(
        self,
        address: Address,
        *,
        timeout: float,
        connect_timeout: float = 0.5,
        stats: LaneStats | None = None,
        redirect: Redirect | None = None,
        reading: Reading | None = None,
    ) -> None:
        self.stats = stats or LaneStats()
        self.dialler = Dialler(
            address, lambda: _Wire(timeout, self.stats, redirect, reading), self._adopt, max(timeout, connect_timeout)
        )
        self._reading = reading
        self._timeout = timeout
        self._is_node = redirect is not None
        self._wire: _Wire | None = None
        self._keys: list[str] = []
        self._futures: list[asyncio.Future[Answer]] = []

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that has answered; if not, `trouble` says why, without secrets."""
        return self._wire is not None and self._wire.is_alive

    @property
    def trouble(self) -> str:
        """Why there is no connection; "" while there is one."""
        return self.dialler.trouble

    @property
    def refusal(self) -> Refused | None:
        """Set while the server may evict the control keys: it is not used."""
        return self.dialler.refusal

    async def open(self) -> None:
        """Connect within the time limit; otherwise go on trying behind."""
        await self.dialler.open()

    def get(self, key: str) -> asyncio.Future[Any]:
        """The bytes under `key`, None for nothing, SILENT for every failure; ends within the time limit."""
        keys, wire = self._keys, self._wire
        if wire is None or len(keys) >= MOST_WAITING - wire.waiting:
            self.stats.reads += 1
            self.stats.refused += 1
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            silence(future, self._reading)
            return future
        loop = wire.loop
        if not keys:
            loop.call_soon(self._flush)
        keys.append(key)
        future = loop.create_future()
        self._futures.append(future)
        return future

    def get_redirected(self, key: str, future: asyncio.Future[Answer], deadline: float, *, asking: bool) -> None:
        """Answer a read that another node sent here, by loop second `deadline`; `asking` after its ASK."""
        if self._wire is None:
            silence(future, self._reading)
            return
        now = self._wire.loop.time()
        if asking:
            self._wire.send(hiredis.pack_command((b"ASKING",)), Question([], [], now, math.inf, False))
        question = Question([key], [future], now, deadline, False, self._reading)
        self._wire.send(hiredis.pack_command((b"GET", key)), question)

    async def command(self, *words: bytes, limit: float) -> Any:
        """The answer to another command, parsed; None for every failure, within `limit` seconds."""
        if self._wire is None:
            return None
        try:
            async with asyncio.timeout(limit):
                answer = await self._wire.command(*words)
        except TimeoutError:
            return None
        return None if isinstance(answer, Exception) else answer

    async def aclose(self) -> None:
        """Stop reconnecting, end the connection; everyone who waits hears silence."""
        await self.dialler.aclose()
        wire, self._wire = self._wire, None
        self._flush()
        if wire is not None:
            wire.abort()
            await wire.closed

    def _adopt(self, wire: _Wire) -> None:
        """Read over this connection from now on, until it ends."""
        self._wire = wire
        self.stats.connects += 1
        wire.closed.add_done_callback(lambda _: self._give_up(wire))

    def _give_up(self, wire: _Wire) -> None:
        """Drop the connection; reads are silent at once until another one has answered."""
        if self._wire is wire:
            self._wire = None
            self.dialler.mend()
        wire.abort()

    def _flush(self) -> None:
        """Send everything of this tick in one write, at most 128 keys a command."""
        keys, futures = self._keys, self._futures
        self._keys, self._futures = [], []
        if not keys:
            return
        wire = self._wire
        self.stats.reads += len(keys)
        now = asyncio.get_running_loop().time()
        if wire is None:
            hush(Question(keys, futures, now, now, False, self._reading))
            return
        self.stats.flushes += 1
        word, at_once = (b"GET", 1) if self._is_node else (b"MGET", MOST_KEYS)
        starts = range(0, len(keys), at_once)
        packed = b"".join([hiredis.pack_command((word, *keys[at : at + at_once])) for at in starts])
        size, deadline = len(keys) if self._is_node else MOST_KEYS, now + self._timeout
        parts = [(keys[at : at + size], futures[at : at + size]) for at in range(0, len(keys), size)]
        wire.send(packed, *[Question(*part, now, deadline, not self._is_node, self._reading) for part in parts])
