"""Runs the emulator: the wire, the monitors, one line `ready <port>`, and an orderly end on SIGTERM."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import Callable

from aiohttp import web

from sandbox.calls import CallLog
from sandbox.clock import OffsetClock
from sandbox.cloudflare.opening import opened
from sandbox.cloudflare.probes import Monitors
from sandbox.cloudflare.wire import Wire
from sandbox.faults import Faults
from sandbox.run import Run


async def serve(run: Run, port: int, plan: str | None, say: Callable[[str], None]) -> None:
    """Serve on 127.0.0.1 until SIGTERM or SIGINT. Raises OSError where the port is taken, KeyError for a wrong plan."""
    clock = OffsetClock(run.clock)
    world = opened(
        run, clock, plan=plan, new_id=lambda: secrets.token_hex(16), new_secret=lambda: secrets.token_hex(20)
    )
    wire = Wire(world, clock, Faults(run.faults), CallLog(run.calls))
    runner = web.AppRunner(wire.application(), access_log=None, shutdown_timeout=0.3)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    monitors = Monitors(world, run, clock)
    tell_pops = world.on_change

    def changed() -> None:
        tell_pops()
        monitors.follow()

    world.on_change = changed
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    say(f"ready {runner.addresses[0][1]}")
    await over.wait()
    await monitors.close()
    await runner.cleanup()
