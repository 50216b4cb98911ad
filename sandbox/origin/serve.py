"""One region's origin, put together: database, cache, roles, the other region, and the server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web

from controlplane.cache.options import Options
from sandbox.certificates import ensure_authority, ensure_certificate, server_context
from sandbox.clock import OffsetClock
from sandbox.faults import Faults
from sandbox.origin.access import AccessLog, Slowness
from sandbox.origin.application import Application
from sandbox.origin.cached import CachedReads
from sandbox.origin.control import RoleDocument, redis_url
from sandbox.origin.database import Database
from sandbox.origin.followers import Followers
from sandbox.origin.held import HeldWrites, Write
from sandbox.origin.internal import Internal
from sandbox.origin.pages import Pages
from sandbox.origin.peer import RemoteOrigin
from sandbox.origin.photos import Photos
from sandbox.origin.replica import Replica
from sandbox.origin.role import Role, Roles
from sandbox.origin.secret_files import CONTENT_EDITOR, REPLICA, token
from sandbox.origin.seed import Seed
from sandbox.origin.telling import Telling
from sandbox.origin.writer import Writer
from sandbox.origin.writing import Writing
from sandbox.run import Run

PAY_EVERY = 0.5


@dataclass(frozen=True)
class Settings:
    """What the command line says. `first_home` holds until a role document was read; port 0 is a free port.

    `other` writes with this region; `further` regions get every write after it was held.
    `reads` are the options of every read of the cache client. Without `is_fenced` a region believes itself and others
    whatever their epoch is: what a counter-experiment shows. `silent`: nobody is told of owners' updates,
    another one.
    """

    run: Run
    region: str
    other: str = "us-east-1"
    first_home: str = "eu-central-1"
    port: int = 0
    seed: Seed = field(default_factory=Seed)
    further: tuple[str, ...] = ()
    reads: Options = field(default_factory=Options)
    is_fenced: bool = True
    silent: bool = False


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[int]:
    """Serve until the context ends; gives the port."""
    async with AsyncExitStack() as stack:
        app = await _assemble(settings, stack)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.3)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", settings.port, ssl_context=_tls(settings), backlog=512)
        await site.start()
        yield int(runner.addresses[0][1])


async def _assemble(settings: Settings, stack: AsyncExitStack) -> web.Application:
    run, region, seed = settings.run, settings.region, settings.seed
    photos = Photos(run)
    await asyncio.to_thread(photos.ensure)
    database = Database(run.folder / f"origin-{region}.sqlite", seed)
    stack.callback(database.close)
    held = HeldWrites(database)
    document = RoleDocument(run, region)
    stack.push_async_callback(document.close)
    roles = Roles(Role(0, settings.first_home), document.read, held.seen_epoch(), doubts=settings.is_fenced)
    replica_token = token(run, REPLICA)
    ensure_authority(run)
    peer = RemoteOrigin(run, region, settings.other, seed.zone, replica_token)
    stack.push_async_callback(peer.close)
    others = {name: RemoteOrigin(run, region, name, seed.zone, replica_token) for name in settings.further}
    for one in others.values():
        stack.push_async_callback(one.close)
    followers = Followers(others.values(), roles)
    clock, faults = OffsetClock(run.clock), Faults(run.faults)
    reader = await open_reader(settings, clock, stack)
    pages = Pages(database, photos, seed.portal_host)
    url = redis_url(run.endpoint(f"valkey-{region}-primary"))
    telling = Telling(region, reader, pages, url, silent=settings.silent)
    stack.push_async_callback(telling.close)

    async def applied(write: Write) -> None:
        followers.owe(write)
        if write.kind == "page":
            await telling.updated(write)

    writer = Writer(held, roles, peer, applied)
    writing = Writing(region, database, writer, roles, {peer.region: peer, **others}, token(run, CONTENT_EDITOR))
    replica = Replica(region, held, roles, applied, is_fenced=settings.is_fenced)
    internal = Internal(
        region, database, held, roles, replica, replica_token, lambda: {**writer.counts, **writing.counts}
    )
    application = Application(region, seed, database, pages, reader, writing, clock)
    log = AccessLog(run.log(f"origin-{region}"))
    stack.callback(log.close)
    app = web.Application(
        middlewares=[log.middleware, Slowness(faults, region).middleware, application.guard], client_max_size=64 * 1024
    )
    app.add_routes([*internal.routes(), web.route("*", "/{path:.*}", application.answer)])
    await roles.read()
    for job in (roles.follow(), _pay(writer), followers.deliver(), telling.keep_telling()):
        stack.push_async_callback(_end, asyncio.create_task(job))
    return app


async def open_reader(settings: Settings, clock: OffsetClock, stack: AsyncExitStack) -> CachedReads:
    """The region's cache client. Raises KeyError where no Redis of the region is registered."""
    run, region = settings.run, settings.region
    url = redis_url(run.endpoint(f"valkey-{region}-primary"))
    reader = CachedReads(url, region, clock, run.folder / f"owed-{region}", settings.reads)
    await reader.open()
    stack.push_async_callback(reader.close)
    stack.push_async_callback(_end, asyncio.create_task(reader.keep_up()))
    return reader


async def _pay(writer: Writer) -> None:
    while True:
        await asyncio.sleep(PAY_EVERY)
        await writer.catch_up()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _tls(settings: Settings) -> ssl.SSLContext:
    zone = settings.seed.zone
    hosts = [f"{settings.region}.origin.{zone}", settings.seed.portal_host, "localhost", "127.0.0.1"]
    hosts += [host for wedding in settings.seed.weddings for host in wedding.hosts]
    return server_context(ensure_certificate(settings.run, f"origin-{settings.region}", hosts))
