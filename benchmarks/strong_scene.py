"""Three voters as far away as the sandbox's regions are: real servers behind forwarders that hold every byte back.

`python -m benchmarks.strong_scene HERE REGION=PORT ...` is the forwarders' process; it prints REGION=PORT for each and
ends when its stdin does.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from controlplane.adapters.redis.region_store import RedisRegionStore
from controlplane.adapters.system.clock import SystemClock
from controlplane.sync import Mending
from sandbox import valkey
from sandbox.delays import round_trip_seconds

REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
PATIENT = 10.0


@contextmanager
def servers() -> Iterator[dict[str, valkey.Server]]:
    """A server for each region, whose voters vote."""
    with tempfile.TemporaryDirectory() as folder:
        running: dict[str, valkey.Server] = {}
        try:
            for region in REGIONS:
                running[region] = valkey.start(valkey.free_port(), Path(folder) / region)
            asyncio.run(_found(running))
            yield running
        finally:
            for server in running.values():
                server.stop()


async def _found(running: dict[str, valkey.Server]) -> None:
    stores = {region: RedisRegionStore(server.url, timeout=PATIENT) for region, server in running.items()}
    await Mending(stores, clock=SystemClock()).found()
    for store in stores.values():
        await store.aclose()


@asynccontextmanager
async def as_far_as(here: str, running: dict[str, valkey.Server]) -> AsyncIterator[dict[str, str]]:
    """The servers' URLs as seen from `here`: each with its round trip."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.strong_scene", here),
        *(f"{region}={server.port}" for region, server in running.items()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the forwarders have no pipes")
    try:
        told = [(await process.stdout.readline()).decode().strip().partition("=") for _ in running]
        yield {region: f"redis://127.0.0.1:{port}/0" for region, _, port in told}
    finally:
        process.stdin.close()
        await process.wait()


class _Held(asyncio.Protocol):
    """One direction's receiver: what comes is written to the other side `delay` seconds later, in order."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.other: asyncio.Transport | None = None

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        asyncio.get_running_loop().call_later(self.delay, self._pass, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        if self.other is not None:
            self.other.abort()

    def _pass(self, data: bytes) -> None:
        if self.other is not None and not self.other.is_closing():
            self.other.write(data)


class _Caller(_Held):
    """The client's side: connects onward, then both hold back."""

    def __init__(self, target: int, delay: float) -> None:
        super().__init__(delay)
        self._target = target

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        if isinstance(transport, asyncio.Transport):
            self._onward = asyncio.get_running_loop().create_task(self._connect(transport))

    async def _connect(self, caller: asyncio.Transport) -> None:
        far = _Held(self.delay)
        far.other = caller
        self.other, _ = await asyncio.get_running_loop().create_connection(lambda: far, "127.0.0.1", self._target)


async def _forward(here: str, pairs: Sequence[str]) -> None:
    """The forwarders' process."""
    loop = asyncio.get_running_loop()
    for pair in pairs:
        region, _, port = pair.partition("=")
        delay = round_trip_seconds(here, region) / 2
        server = await loop.create_server(lambda port=port, delay=delay: _Caller(int(port), delay), "127.0.0.1", 0)  # type: ignore[misc]  # defaults bind the pair
        print(f"{region}={server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_forward(sys.argv[1], sys.argv[2:]))
