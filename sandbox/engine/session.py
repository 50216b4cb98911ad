"""One phase of an update: servers up, program started, steps run, state settled. Previews and updates differ by a
flag.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.engine.apply import World
from sandbox.engine.callbacks import Callbacks
from sandbox.engine.deployment import Deployment
from sandbox.engine.journal import Journal
from sandbox.engine.planner import Planner
from sandbox.engine.program import Nursery
from sandbox.engine.providers import Providers
from sandbox.engine.report import Report
from sandbox.engine.resources import Snapshot
from sandbox.engine.saved_plan import Held
from sandbox.engine.stop import Stop
from sandbox.engine.values import Properties

_GRACE = 1.0  # seconds between asking a program to end and ending it


@dataclass(frozen=True)
class Work:
    """What a phase works on. `kind` is up or destroy; `write` stores the state, given as JSON texts."""

    kind: str
    root: Path
    folder: Path
    entry: str
    project: str
    stack: str
    python: Path
    environ: Mapping[str, str]
    config: Mapping[str, str]
    secret: set[str]
    plugins: Mapping[str, str]
    ports: Mapping[str, int]
    encrypt: Callable[[str], str]
    write: Callable[[list[str], list[str]], None]
    say: Callable[[str], None]
    now: Callable[[], datetime]
    parallel: int = 8


@dataclass
class Outcome:
    """How a phase ended."""

    failed: bool
    interrupted: bool
    report: Report
    held: Held
    outputs: Properties = field(default_factory=dict)
    seconds: float = 0.0


async def run_phase(work: Work, prior: Snapshot, held: Held, nursery: Nursery | None, *, preview: bool) -> Outcome:
    """Run one phase against `prior`; the program runs in `nursery`, or not at all (a destroy without it)."""
    import grpc
    from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

    from sandbox.engine.monitor import Engine, Monitor, Surroundings

    started = time.monotonic()
    report = Report(work.kind, work.stack, work.project, preview, work.say)
    destroying = work.kind == "destroy"
    planner = Planner(prior, work.stack, work.project, preview=preview, held=held, destroying=destroying)
    callbacks = Callbacks()
    journal = None if preview else Journal(prior, work.encrypt, work.write)
    options = [("grpc.max_receive_message_length", 400 << 20), ("grpc.so_reuseport", 0)]
    server = grpc.aio.server(options=options)
    port = server.add_insecure_port("127.0.0.1:0")
    providers = Providers(work.ports, f"127.0.0.1:{port}")
    world = World(providers, callbacks, preview, work.now)
    deployment = Deployment(planner, world, journal, report, work.parallel)
    around = Surroundings(work.root, work.project, work.stack, work.config, work.secret, work.plugins)
    monitor = Monitor(deployment, around)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(deployment), server)
    await server.start()
    interrupted = _on_interrupt(deployment)
    try:
        if nursery is not None:
            await _run_program(work, nursery, monitor, deployment, port, preview)
        else:
            await deployment.finish()
        await deployment.settle()
        if not deployment.alarm.failed and not interrupted:
            for complaint in held.leftovers(prior):
                deployment.alarm.fail(complaint.urn, complaint.text)
        if journal is not None:
            await journal.save()
    finally:
        await callbacks.close()
        await providers.cancel()
        await server.stop(None)
    if interrupted:
        deployment.alarm.fail("", f"{'preview' if preview else 'update'} canceled")
    seconds = time.monotonic() - started
    outputs, former = _outputs(deployment)
    report.close(outputs, former, seconds)
    return Outcome(deployment.alarm.failed, bool(interrupted), report, held, outputs, seconds)


def _outputs(deployment: Deployment) -> tuple[Properties, Properties]:
    if deployment.stack_outputs is None:
        return {}, {}
    urn, values = deployment.stack_outputs
    former = deployment.planner.olds.get(urn)
    return values, (former.outputs or {}) if former else {}


async def _run_program(
    work: Work, nursery: Nursery, monitor: Any, deployment: Deployment, port: int, preview: bool
) -> None:
    settings = {
        "monitor": f"127.0.0.1:{port}",
        "engine": f"127.0.0.1:{port}",
        "project": work.project,
        "stack": work.stack,
        "root": str(work.root),
        "folder": str(work.folder),
        "entry": work.entry,
        "parallel": work.parallel,
        "preview": preview,
        "config": dict(work.config),
        "secrets": sorted(work.secret),
    }

    def say(line: str) -> None:
        if not deployment.alarm.halted.is_set():
            deployment.alarm.show.diagnose("", "info", line)

    running = asyncio.ensure_future(nursery.run(settings, say))
    ended = asyncio.ensure_future(monitor.program_ended.wait())
    halted = asyncio.ensure_future(deployment.alarm.halted.wait())
    await asyncio.wait({running, ended, halted}, return_when=asyncio.FIRST_COMPLETED)
    if ended.done() and not halted.done():
        await deployment.finish()
        monitor.may_exit.set()
    await asyncio.wait({running, halted}, return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        await deployment.quiet()
        monitor.may_exit.set()
        nursery.interrupt()
        await asyncio.wait({running}, timeout=_GRACE)
        nursery.kill()
    code = await running
    for waiter in (ended, halted):
        waiter.cancel()
    if code not in (0, 32) and not deployment.alarm.halted.is_set():
        deployment.alarm.fail("", f"program exited with non-zero exit code: {code}")
    elif code == 32:
        deployment.alarm.failed = True
    await deployment.quiet()


def _on_interrupt(deployment: Deployment) -> list[str]:
    """On SIGINT or SIGTERM: begin nothing more. The list is filled when it happened."""
    happened: list[str] = []

    def interrupt() -> None:
        happened.append("interrupt")
        deployment.alarm.halted.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    return happened


def attached(environ: Mapping[str, str]) -> dict[str, int]:
    """The ports of PULUMI_DEBUG_PROVIDERS (`aws:1234,cloudflare:5678`). Raises Stop."""
    ports: dict[str, int] = {}
    for part in filter(None, environ.get("PULUMI_DEBUG_PROVIDERS", "").split(",")):
        name, _, port = part.partition(":")
        if not port.isdigit():
            raise Stop(f"Expected a numeric port, got {port} in PULUMI_DEBUG_PROVIDERS")
        ports[name] = int(port)
    return ports


def degree(environ: Mapping[str, str]) -> int:
    """How many steps run at once: four for each processor, as the CLI does it."""
    return int(environ.get("PULUMI_PARALLEL") or 4 * (os.cpu_count() or 1))
