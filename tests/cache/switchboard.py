"""A TCP forwarder whose target can be changed and which can be cut: the endpoint name of a regional cache."""

from __future__ import annotations

import asyncio
from types import TracebackType

from controlplane.errors import Unavailable
from tests.cache.scene import accepting


class Switchboard:
    """Forwards a loopback port to `target`; `cut` refuses and drops everything, `connect` goes on, maybe elsewhere."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target: int | None = target
        self._calls: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def __aenter__(self) -> Switchboard:
        self._server = await asyncio.start_server(accepting(self._call), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is None:
            raise Unavailable("the switchboard never opened")
        self._server.close()
        await self.cut()
        await self._server.wait_closed()

    async def cut(self) -> None:
        """End every connection; new ones are dropped."""
        self._target = None
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def connect(self, target: int) -> None:
        """From now on forward to `target`."""
        self._target = target

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        if task is None or self._target is None:
            writer.transport.abort()
            return
        self._calls.add(task)
        far = None
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self._target)
            ways = [asyncio.create_task(_copy(reader, far)), asyncio.create_task(_copy(far_reader, writer))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._calls.discard(task)
            writer.transport.abort()
            if far is not None:
                far.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction, until its end."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
