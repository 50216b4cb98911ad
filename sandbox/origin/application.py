"""The origin as one aiohttp application: which host, which row of the route table, which headers."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime

from aiohttp import web
from aiohttp.typedefs import Handler

from controlplane.cache.load import Load
from controlplane.domain import http_answers
from controlplane.domain.http_answers import Asked as HttpAsked
from controlplane.domain.http_answers import Terms
from controlplane.domain.http_caching import PRIVATE
from sandbox.clock import OffsetClock
from sandbox.origin import render
from sandbox.origin.access import CACHE_STATUS
from sandbox.origin.cached import CachedReads, Value
from sandbox.origin.database import Database
from sandbox.origin.manifest import manifest
from sandbox.origin.pages import NotFound, Pages
from sandbox.origin.routes import Asked, Kind, Site, find
from sandbox.origin.seed import Seed
from sandbox.origin.writing import Writing

HOST_OF_SITE = "X-Wedcache-Host"
# Browsers keep a page as long as CDNs do: RFC 9111 forbids stale answers to whoever is told another time (`s-maxage`).
BROWSER = float("inf")


def complaint(status: int, error: str, message: str, **more: object) -> web.Response:
    """An answer for the person who reads it: what happened and what to do; never kept by a cache."""
    return web.json_response({"error": error, "message": message, **more}, status=status, headers=PRIVATE)


@dataclass(frozen=True)
class Place:
    """The site that a host names; `wedding` is "" on the portal."""

    site: Site
    wedding: str = ""


class Application:
    """Answers both sites of one region."""

    def __init__(
        self,
        region: str,
        seed: Seed,
        database: Database,
        pages: Pages,
        reader: CachedReads,
        writing: Writing,
        clock: OffsetClock,
    ) -> None:
        self._region = region
        self._database = database
        self._places: Mapping[str, Place] = {
            seed.portal_host: Place(Site.PORTAL),
            **{host: Place(Site.WEDDING, wedding.id) for wedding in seed.weddings for host in wedding.hosts},
        }
        self._pages = pages
        self._reader = reader
        self._writing = writing
        self._clock = clock

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The region and the calendar's date on every answer; a failing database is a 503 that says so."""
        try:
            response = await handler(request)
        except NotFound as missing:
            response = complaint(404, "not-found", str(missing))
        except sqlite3.Error as broken:
            response = complaint(503, "database", f"the region's database fails: {broken}; nothing was acknowledged")
        response.headers["X-Wedcache-Region"] = self._region
        response.headers["Date"] = format_datetime(self._clock.now(), usegmt=True)
        return response

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Any path of either site."""
        host = request.headers.get(HOST_OF_SITE) or request.host.partition(":")[0]
        place = self._places.get(host.lower())
        if place is None:
            known = ", ".join(self._places)
            return complaint(
                421, "unknown-host", f"no site {host!r} here; send Host, or {HOST_OF_SITE} from the edge: {known}"
            )
        asked = find(place.site, place.wedding, request.method, request.path, request.query)
        if not isinstance(asked, Asked):
            if not asked:
                return complaint(404, "not-found", f"no page {request.path} on {host}")
            response = complaint(405, "method", f"{request.path} allows {', '.join(asked)}")
            response.headers["Allow"] = ", ".join(asked)
            return response
        taken = self._reader.denies(host, request.raw_path.partition("?")[0], asked.tags)
        if taken is not None:
            return complaint(410, "gone", f"{request.path} was taken down ({taken})")
        match asked.route.kind:
            case Kind.CACHEABLE:
                return await self._cacheable(request, asked)
            case Kind.PERSONAL:
                return self._personal(request, asked)
            case Kind.WRITE:
                return await self._writing.answer(request, asked)
            case Kind.MANIFEST:
                listed = manifest(self._database, asked.route.site, asked.wedding)
                return web.json_response(listed, headers=PRIVATE)
            case Kind.OPERATOR:
                return web.json_response({"operator": asked.variables["x"], "region": self._region}, headers=PRIVATE)

    async def _cacheable(self, request: web.Request, asked: Asked) -> web.Response:
        route = asked.route
        assert route.tier is not None  # noqa: S101 - every cacheable row of the table has a tier

        async def load(_context: Load) -> Value:
            return self._pages.load(asked)

        read = await self._reader.read(asked.key, load, tier=route.tier, tags=asked.tags)
        request[CACHE_STATUS] = f"{read.status.value}/{read.reason.value}" if read.reason else read.status.value
        value = read.value
        assert value is not None  # noqa: S101 - the loader gives no None
        body = self._pages.photo_bytes(asked) if route.page == "photo" else value["body"].encode()
        terms = Terms(public=True, immutable=route.immutable, browser=BROWSER)
        http = HttpAsked(request.method, request.headers.get("If-None-Match"))
        told = http_answers.answer(read.facts, body, http, terms, self._reader.log_time)
        headers = {**told.headers, "X-Wedcache-Version": str(value["version"])}
        if told.status == 200:
            headers["Content-Type"] = value["type"]
        return web.Response(status=told.status, body=told.body, headers=headers)

    def _personal(self, request: web.Request, asked: Asked) -> web.Response:
        named = request.cookies.get("guest") or asked.query["guest"]
        if named.isdecimal():
            body = self._pages.personal(asked.wedding, int(named))
        else:
            body = render.page("Your invitation", ["<p>Please open the link in your invitation.</p>"], 0)
        return web.Response(body=body, headers={**PRIVATE, "Content-Type": render.HTML})
