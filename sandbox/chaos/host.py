"""The process that is the clouds: answers on a Unix socket, and kills whoever asks where it was told to.

The kernel says who asks (SO_PEERCRED), so that a strike meets the right process and no other. A question is carried out
in one piece, as a vendor does; between its arrival and its answer the asker may die, and it may be carried out late.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.chaos.cloud import Refusal, State, answer, mutates

LIMIT = 1 << 22
LATE_SECONDS = 1.5
UNSENT, LATE, UNANSWERED = "unsent", "late", "unanswered"
"""What becomes of the question at which its asker is killed: it is dropped, carried out a while later, or carried out
with nobody left to hear of it."""
MODES = (UNSENT, LATE, UNANSWERED)


@dataclass
class Armed:
    """The `left`-th changing question of `pid` from now on kills it."""

    pid: int
    left: int
    mode: str


class Host:
    """One world."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._armed: Armed | None = None
        self._later: set[asyncio.Task[None]] = set()

    async def serve(self, path: Path) -> None:
        """Until the process is ended."""
        server = await asyncio.start_unix_server(self._talk, path, limit=LIMIT)
        async with server:
            await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        who = _pid(writer)
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(json.dumps(self._take(json.loads(line), who)).encode() + b"\n")
                await writer.drain()
        writer.close()

    def _take(self, question: dict[str, Any], who: int) -> dict[str, Any]:
        if question["service"] == "arm":
            self._armed = Armed(who, question["left"], question["mode"])
            return {}
        if question["service"] == "dump":
            return {"state": self._state.to_json()}
        if mutates(question) and self._strikes(who):
            return self._struck(question, who)
        return self._answer(question, who)

    def _strikes(self, who: int) -> bool:
        if self._armed is None or self._armed.pid != who:
            return False
        self._armed.left -= 1
        return self._armed.left == 0

    def _struck(self, question: dict[str, Any], who: int) -> dict[str, Any]:
        mode = self._armed.mode if self._armed is not None else UNSENT
        if mode == UNANSWERED:
            self._answer(question, who)
        os.kill(who, signal.SIGKILL)
        if mode == LATE:
            task = asyncio.get_running_loop().create_task(self._late(question, who))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
        return {}

    async def _late(self, question: dict[str, Any], who: int) -> None:
        await asyncio.sleep(LATE_SECONDS)
        self._answer(question, who)

    def _answer(self, question: dict[str, Any], who: int) -> dict[str, Any]:
        try:
            return {"answer": answer(self._state, question, who)}
        except Refusal as no:
            return {"error": no.code, "status": no.status}


def _pid(writer: asyncio.StreamWriter) -> int:
    peer = writer.get_extra_info("socket")
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", raw)[0])


def run(path: Path, state: State) -> None:
    """Serve a world at `path` until the process is ended."""
    asyncio.run(Host(state).serve(path))
