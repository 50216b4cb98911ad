"""The read lane of a Cluster: one lane to each primary, by the slot of the key, and a slot map that is kept true.

A node refuses MGET across slots, so its lane sends the GETs of one tick one by one in one write (measured: the answers
come in one read as well). MOVED moves the slot and the read at once, ASK only the read; the whole map is asked again
after either, when a node is gone, and once a minute: https://valkey.io/topics/cluster-spec/.
"""

from __future__ import annotations

import asyncio
import binascii
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from controlplane.adapters.redis.address import Address
from controlplane.adapters.redis.answers import LaneStats, Reading, silence
from controlplane.adapters.redis.lane import Lane
from controlplane.errors import Refused

SLOTS = 16_384
_EVERY = 60.0
_AGAIN = 0.3
_SPACING = 0.05
Place = tuple[str, int]


def slot_of(key: str) -> int:
    """The slot of a key: CRC-16 (XMODEM) of it, or of what its first braces hold."""
    raw = key.encode("utf-8", "surrogateescape")
    opens = raw.find(b"{")
    if opens >= 0:
        closes = raw.find(b"}", opens + 1)
        if closes > opens + 1:
            raw = raw[opens + 1 : closes]
    return binascii.crc_hqx(raw, 0) % SLOTS


def slot_map(answer: Any, asked: str) -> list[tuple[int, int, Place]] | None:
    """(first slot, last slot, primary) of each range in an answer to CLUSTER SLOTS; None for anything else.

    A node that does not know its own name leaves it empty: then it is `asked`, the host that answered.
    """
    try:
        return [
            (int(first), int(last), ((primary[0] or b"").decode() or asked, int(primary[1])))
            for first, last, primary, *_ in answer
            if 0 <= int(first) <= int(last) < SLOTS and primary[0] != b"?"
        ]
    except (TypeError, ValueError, IndexError, AttributeError):
        return None


class ClusterLane:
    """GETs against a Cluster, as `Lane` against one server. The counters are those of all nodes."""

    def __init__(
        self, address: Address, *, timeout: float, connect_timeout: float = 0.5, reading: Reading | None = None
    ) -> None:
        self.stats = LaneStats()
        self._reading = reading
        self._address = address
        self._timeout = timeout
        self._connect_timeout = max(timeout, connect_timeout)
        self._nodes: dict[Place, Lane] = {}
        self._slots: list[Lane | None] = [None] * SLOTS
        self._doubt = asyncio.Event()
        self._turn = 0
        self._trouble = "it was not opened yet"
        self._follower: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether every slot has a node that has answered; if not, `trouble` says why, without secrets."""
        return all(lane is not None and lane.is_open for lane in set(self._slots))

    @property
    def refusal(self) -> Refused | None:
        """Set while a node may evict the control keys."""
        return next((lane.refusal for lane in self._nodes.values() if lane.refusal), None)

    @property
    def trouble(self) -> str:
        """Why a node or the map is missing; "" if none is."""
        return next((lane.trouble for lane in self._nodes.values() if lane.trouble), self._trouble)

    async def open(self) -> None:
        """Read the map and connect to every primary within the time limit; otherwise go on trying behind."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * self._connect_timeout):
                await self._look()
        self._follower = asyncio.get_running_loop().create_task(self._follow(), name="wedcache cluster")

    def get(self, key: str) -> asyncio.Future[Any]:
        """The bytes under `key`, None for nothing, SILENT for every failure; ends within the time limit."""
        lane = self._slots[slot_of(key)]
        if lane is not None and lane.is_open:
            return lane.get(key)
        self._doubt.set()
        self.stats.reads += 1
        self.stats.refused += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        silence(future, self._reading)
        return future

    async def aclose(self) -> None:
        """Stop following the map, end every connection; everyone who waits hears silence."""
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)
        nodes, self._nodes = self._nodes, {}
        self._slots = [None] * SLOTS
        await asyncio.gather(*(lane.aclose() for lane in nodes.values()))

    def _redirect(self, key: str, future: asyncio.Future[Any], deadline: float, words: str) -> bool:
        """MOVED and ASK: ask the other node, if it is connected; whatever the error, the map is in doubt."""
        self._doubt.set()
        kind, _, rest = words.partition(" ")
        slot, _, place = rest.partition(" ")
        host, _, port = place.rpartition(":")
        if kind not in ("MOVED", "ASK") or not slot.isdigit() or not port.isdigit() or int(slot) >= SLOTS:
            return False
        self.stats.redirects += 1
        lane = self._lane((host or self._address.host, int(port)))
        if kind == "MOVED":
            self._slots[int(slot)] = lane
        if not lane.is_open:
            lane.dialler.mend()
            return False
        lane.get_redirected(key, future, deadline, asking=kind == "ASK")
        return True

    def _lane(self, place: Place) -> Lane:
        """The lane to a node, known or new."""
        if place not in self._nodes:
            self._nodes[place] = Lane(
                self._address.at(*place),
                timeout=self._timeout,
                connect_timeout=self._connect_timeout,
                stats=self.stats,
                redirect=self._redirect,
                reading=self._reading,
            )
        return self._nodes[place]

    async def _follow(self) -> None:
        """Keep the map true, for ever."""
        while True:
            pause = _EVERY if self.is_open else _AGAIN
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._doubt.wait()
            await asyncio.sleep(_SPACING)
            self._doubt.clear()
            await self._look()

    async def _look(self) -> None:
        """Ask one node for the map and use it; if none tells it, the old one stays."""
        async for host, lane in self._tellers():
            answer = await lane.command(b"CLUSTER", b"SLOTS", limit=self._connect_timeout)
            found = slot_map(answer, host)
            if found:
                self._trouble = ""
                await self._use(found)
                return
            self._trouble = lane.trouble or f"{host} tells no slot map; is it a Cluster?"

    async def _tellers(self) -> AsyncIterator[tuple[str, Lane]]:
        """Connected nodes, a different one first each time (one may be cut off from the others); then the seeds."""
        self._turn += 1
        known = [(place[0], lane) for place, lane in self._nodes.items() if lane.is_open]
        turn = self._turn % len(known) if known else 0
        for one in known[turn:] + known[:turn]:
            yield one
        for place in self._address.seeds:
            lane = Lane(self._address.at(*place), timeout=self._timeout, connect_timeout=self._connect_timeout)
            try:
                await lane.open()
                yield place[0], lane
            finally:
                await lane.aclose()

    async def _use(self, found: list[tuple[int, int, Place]]) -> None:
        """Connect to nodes that are new, take the map over, leave those that have no slot any more."""
        slots: list[Lane | None] = [None] * SLOTS
        for first, last, place in found:
            slots[first : last + 1] = [self._lane(place)] * (last - first + 1)
        wanted = {place for _, _, place in found}
        await asyncio.gather(*(self._nodes[place].open() for place in wanted if not self._nodes[place].is_open))
        self._slots = slots
        gone = [self._nodes.pop(place) for place in set(self._nodes) - wanted]
        await asyncio.gather(*(lane.aclose() for lane in gone))
