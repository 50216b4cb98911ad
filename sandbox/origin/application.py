"""The origin as one aiohttp application: which host, which row of the route table, which headers."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.clock import OffsetClock
from sandbox.origin import headers, render
from sandbox.origin.access import CACHE_STATUS
from sandbox.origin.database import Database
from sandbox.origin.headers import Copy
from sandbox.origin.manifest import manifest
from sandbox.origin.pages import NotFound, Pages
from sandbox.origin.reader import Reader, Value
from sandbox.origin.routes import Asked, Kind, Site, find
from sandbox.origin.seed import Seed
from sandbox.origin.writing import Writing

HOST_OF_SITE = "X-Wedcache-Host"


def complaint(status: int, error: str, message: str, **more: object) -> web.Response:
    """An answer for the person who reads it: what happened and what to do; never kept by a cache."""
    return web.json_response({"error": error, "message": message, **more}, status=status, headers=headers.PERSONAL)


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
        reader: Reader,
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
        match asked.route.kind:
            case Kind.CACHEABLE:
                return await self._cacheable(request, asked)
            case Kind.PERSONAL:
                return self._personal(request, asked)
            case Kind.WRITE:
                return await self._writing.answer(request, asked)
            case Kind.MANIFEST:
                listed = manifest(self._database, asked.route.site, asked.wedding)
                return web.json_response(listed, headers=headers.PERSONAL)
            case Kind.OPERATOR:
                return web.json_response(
                    {"operator": asked.variables["x"], "region": self._region}, headers=headers.PERSONAL
                )

    async def _cacheable(self, request: web.Request, asked: Asked) -> web.Response:
        route = asked.route
        assert route.tier is not None  # noqa: S101 - every cacheable row of the table has a tier

        async def load() -> Value:
            born = self._clock.time()
            return {**self._pages.load(asked), "born": born}

        seen = await self._reader.get_or_load(asked.key, load, tier=route.tier, tags=asked.tags)
        request[CACHE_STATUS] = seen.status
        value = seen.value
        body = self._pages.photo_bytes(asked) if route.page == "photo" else value["body"].encode()
        copy = Copy(body, value["type"], value["version"], value["born"])
        told = headers.cacheable(copy, route.tier, asked.tags, self._region, immutable=route.immutable)
        if headers.not_modified(request.headers.get("If-None-Match"), told["ETag"]):
            return web.Response(status=304, headers=told)
        return web.Response(body=body, headers={**told, "Content-Type": copy.content_type})

    def _personal(self, request: web.Request, asked: Asked) -> web.Response:
        named = request.cookies.get("guest") or asked.query["guest"]
        if named.isdecimal():
            body = self._pages.personal(asked.wedding, int(named))
        else:
            body = render.page("Your invitation", ["<p>Please open the link in your invitation.</p>"], 0)
        told = {**headers.PERSONAL, "X-Wedcache-Region": self._region, "Content-Type": render.HTML}
        return web.Response(body=body, headers=told)
