"""Writes over HTTP: guests' answers and owners' updates, taken here or forwarded to the region that is home."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections import Counter, deque
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from aiohttp import web

from controlplane.domain.http_caching import PRIVATE
from sandbox.origin.database import Database
from sandbox.origin.pages import NotFound
from sandbox.origin.peer import FORWARDED, RemoteOrigin
from sandbox.origin.role import Roles
from sandbox.origin.routes import Asked
from sandbox.origin.writer import Answer, Outcome, Writer

MENUS = ("any", "vegetarian", "vegan")
UPDATES_A_MINUTE = 10

WORDS: Mapping[Outcome, str] = {
    Outcome.REFUSED: "the other region does not answer and is not marked down; nothing was acknowledged, try again",
    Outcome.FENCED: "another region took over under a higher epoch; nothing was acknowledged, try again",
    Outcome.RECOVERING: "this region is catching up and may not say yes yet; nothing was acknowledged, try again",
    Outcome.BUSY: "the same write is under way; ask again for its answer",
}


class Rejected(ValueError):
    """The request is wrong, whatever the state of the regions: (status, message)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Writing:
    """Reads a write from its request, has it written, and says what became of it."""

    def __init__(
        self,
        region: str,
        database: Database,
        writer: Writer,
        roles: Roles,
        others: Mapping[str, RemoteOrigin],
        editor_token: str,
    ) -> None:
        self.counts: Counter[str] = Counter(forwarded=0, home_silent=0, rejected=0)
        self._region = region
        self._database = database
        self._writer = writer
        self._roles = roles
        self._others = others
        self._editor_token = editor_token
        self._updates: dict[str, deque[float]] = {}

    async def answer(self, request: web.Request, asked: Asked) -> web.Response:
        """201 with {"write_id", "held"} (200 when repeated), or an error that says what was not done."""
        body = await request.read()
        try:
            kind, payload = self._read(request, asked, body)
        except Rejected as wrong:
            self.counts["rejected"] += 1
            return self._say(wrong.status, error="rejected", message=f"{wrong}; nothing was changed")
        settled = await self._writer.settle()
        if settled and self._roles.current.home != self._region:
            return await self._forward(request, body)
        named = payload.pop("key", None)
        write_id = _write_id(asked.wedding, kind, request.headers.get("Idempotency-Key") or named)
        if not settled:
            return self._told(self._writer.unsettled(write_id))
        return self._told(await self._writer.take(write_id, kind, payload))

    def _read(self, request: web.Request, asked: Asked, body: bytes) -> tuple[str, dict[str, Any]]:
        if asked.route.page == "page-update":
            self._authorise(request, asked.wedding)
            return "page", _page_update(self._database, asked, _json(body))
        return "rsvp", _rsvp(self._database, asked.wedding, _json(body))

    def _authorise(self, request: web.Request, wedding: str) -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not compare_digest(given.encode(), self._editor_token.encode()):
            raise Rejected(401, "an owner's update needs the content editor's token")
        recent = self._updates.setdefault(wedding, deque())
        now = time.monotonic()
        while recent and recent[0] < now - 60:
            recent.popleft()
        if len(recent) >= UPDATES_A_MINUTE:
            raise Rejected(429, f"at most {UPDATES_A_MINUTE} updates a minute for one wedding")
        recent.append(now)

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        home = self._roles.current.home
        came_from = request.headers.get(FORWARDED)
        if came_from is not None:
            return self._say(
                503,
                error="no-home",
                message=f"{came_from} and {self._region} disagree on who is home; nothing was written",
            )
        answered = None
        if home in self._others:
            answered = await self._others[home].forward(request.method, request.path_qs, request.headers, body)
        if answered is None:
            self.counts["home_silent"] += 1
            return self._say(
                503, error="home-silent", message=f"the home region {home} does not answer; nothing was acknowledged"
            )
        self.counts["forwarded"] += 1
        status, said = answered
        return web.Response(status=status, body=said, headers={**PRIVATE, "Content-Type": "application/json"})

    def _told(self, answer: Answer) -> web.Response:
        if answer.held:
            status = 200 if answer.repeated else 201
            return self._say(status, write_id=answer.write_id, held=answer.held, repeated=answer.repeated)
        status = 409 if answer.outcome is Outcome.BUSY else 503
        return self._say(
            status, error=answer.outcome.value, message=WORDS[answer.outcome], write_id=answer.write_id, held=0
        )

    def _say(self, status: int, **said: Any) -> web.Response:
        told = {**PRIVATE, "X-Wedcache-Region": self._region}
        if status == 503:
            told["Retry-After"] = "1"
        return web.json_response(said, status=status, headers=told)


def _write_id(wedding: str, kind: str, key: str | None) -> str:
    """The same idempotency key names the same write in every region; without one every request is a new write."""
    if not key:
        return secrets.token_hex(12)
    return hashlib.sha256("\0".join((wedding, kind, key)).encode()).hexdigest()[:24]


def _json(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except ValueError:
        raise Rejected(400, "the body is not JSON") from None
    if not isinstance(read, dict):
        raise Rejected(400, "the body is not a JSON object")
    return read


def _rsvp(database: Database, wedding: str, said: Mapping[str, Any]) -> dict[str, Any]:
    guest, attending, menu = said.get("guest"), said.get("attending"), said.get("menu", "any")
    if not isinstance(guest, int) or not isinstance(attending, bool) or menu not in MENUS:
        raise Rejected(422, f'send {{"guest": number, "attending": true or false, "menu": one of {", ".join(MENUS)}}}')
    if database.guest(wedding, guest) is None:
        raise Rejected(422, f"no guest {guest} at this wedding")
    key = said.get("key")
    if not isinstance(key, str | None):
        raise Rejected(422, "the key, which makes repeats of one answer the same write, is a text")
    return {"wedding": wedding, "guest": guest, "attending": attending, "menu": menu, "key": key}


def _page_update(database: Database, asked: Asked, said: Mapping[str, Any]) -> dict[str, Any]:
    page, text, title = asked.variables["name"], said.get("text"), said.get("title")
    if not isinstance(text, str) or not 0 < len(text) <= 20_000 or not isinstance(title, str | None):
        raise Rejected(422, 'send {"text": up to 20000 characters, "title": optional}')
    if database.page(asked.wedding, page) is None:
        raise NotFound(f"{asked.wedding} has no page {page}")
    return {"wedding": asked.wedding, "page": page, "text": text, "title": title}
