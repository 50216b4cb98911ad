"""The thin wire: authenticates, limits, injects faults, dispatches, logs. Decisions live in the handlers."""

from __future__ import annotations

import json
import re
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from sandbox.calls import Call, CallLog
from sandbox.clock import OffsetClock
from sandbox.cloudflare import audit, limits, permissions, routes
from sandbox.cloudflare.answers import Answer, Json, VendorRefusal, not_here
from sandbox.cloudflare.asks import Ask, instant
from sandbox.cloudflare.edge_feed import EdgeFeed
from sandbox.cloudflare.permissions import Token
from sandbox.cloudflare.routes import Route
from sandbox.cloudflare.throttle import CallWindow
from sandbox.cloudflare.world import World
from sandbox.faults import Faults

API = "/client/v4"
_ID = re.compile(r"[0-9a-f]{32}")
BODY_LIMIT = 8 * 1024 * 1024


class Wire:
    """Serves the vendor's API and the POPs' snapshot for one world."""

    def __init__(
        self,
        world: World,
        clock: OffsetClock,
        faults: Faults,
        calls: CallLog,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults
        self._calls = calls
        self._monotonic = monotonic
        self._feed = EdgeFeed(world, clock, monotonic)
        world.on_change = self._feed.announce

    def application(self) -> web.Application:
        """The aiohttp application: what POPs ask for, and the vendor's API."""
        app = web.Application(client_max_size=BODY_LIMIT)
        self._feed.add_to(app)
        app.router.add_route("*", "/{path:.*}", self._vendor)
        return app

    async def _vendor(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix(API)
        matched = routes.find(request.method, path) if request.path.startswith(API) else None
        text = (await request.read()).decode(errors="replace")
        call = _Exchange(request, path, matched, text)
        try:
            answer = self._decide(call)
            status, body, headers = answer.status, answer.envelope(), answer.headers
        except VendorRefusal as refusal:
            status, body, headers = refusal.status, refusal.envelope(), refusal.headers
        except Exception:
            sys.stderr.write(traceback.format_exc())
            broken = VendorRefusal(500, 10001, "Internal error of the emulator; see its log")
            status, body, headers = broken.status, broken.envelope(), broken.headers
        self._record(call, status, body)
        carried_out = call.mutating and status < 400
        if carried_out and self._faults.take_once("answer-lost", "cloudflare") and request.transport is not None:
            request.transport.abort()
        if status == 204:
            return web.Response(status=204, headers=headers)
        return web.json_response(body, status=status, headers=headers | self._rate_headers(call.token))

    def _decide(self, call: _Exchange) -> Answer:
        call.token = self._signer(call.request)
        if any(self._faults.active(name, "cloudflare") for name in ("api-503", "management-503")):
            raise VendorRefusal(503, 7010, "Service temporarily unavailable")
        if self._faults.active("api-429", "cloudflare"):
            raise _too_many(limits.API_BLOCK_SECONDS)
        token = self._authenticated(call)
        blocked = self._world.windows.setdefault(token.id, CallWindow()).admit(self._monotonic())
        if blocked:
            raise _too_many(blocked)
        if call.matched is None:
            raise not_here(f"{call.request.method} {call.path}")
        route, names = call.matched
        _must_be_ids(call.path, names)
        if route.operation != "user.tokens.verify":
            self._must_be_active(token)
        body = call.body()
        self._must_be_allowed(token, route, names, body)
        token.last_used_on = instant(self._clock.now())
        query = {name: call.request.query.getall(name) for name in call.request.query}
        answer = route.handler(self._world, Ask(names, query, body, token, self._clock.now(), self._monotonic()))
        if route.mutating:
            self._world.touch()
        return answer

    def _signer(self, request: web.Request) -> Token | None:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        digest = permissions.digest(value.strip()) if scheme.lower() == "bearer" else ""
        return next((one for one in self._world.tokens.values() if one.digest == digest), None)

    def _authenticated(self, call: _Exchange) -> Token:
        request, header = call.request, call.request.headers.get("Authorization")
        if header is None:
            raise VendorRefusal(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
        scheme, _, value = header.partition(" ")
        if scheme.lower() != "bearer" or not value.strip():
            wrong = {"code": 6111, "message": "Invalid format for Authorization header"}
            raise VendorRefusal(400, 6003, "Invalid request headers", chain=(wrong,))
        if call.token is None:
            if request.path.endswith("/user/tokens/verify"):
                raise VendorRefusal(401, 1000, "Invalid API Token")
            raise VendorRefusal(403, 9109, "Invalid access token")
        if not permissions.address_allowed(call.token.condition, request.remote or "127.0.0.1"):
            raise VendorRefusal(403, 9109, "Cannot use the access token from location")
        return call.token

    def _must_be_active(self, token: Token) -> None:
        standing = token.standing(self._clock.now())
        if standing != "active":
            raise VendorRefusal(403, 9109, f"Invalid access token: the token is {standing}")

    def _must_be_allowed(self, token: Token, route: Route, names: dict[str, str], body: Any) -> None:
        name = route.area_name(self._world, names, body)
        if name is None:
            return
        allowed = permissions.allows(
            token,
            permissions.AREAS[name],
            write=route.mutating,
            account_id=self._world.account["id"],
            zone_id=names.get("zone_id"),
        )
        if not allowed:
            raise VendorRefusal(403, 10000, "Authentication error")

    def _rate_headers(self, token: Token | None) -> dict[str, str]:
        window = self._world.windows.get(token.id) if token else None
        if window is None:
            return {}
        reset = datetime.now(UTC) + timedelta(seconds=window.reset_in(self._monotonic()))
        return {
            "x-ratelimit-limit": str(limits.API_CALLS),
            "x-ratelimit-remaining": str(window.remaining()),
            "x-ratelimit-reset": format_datetime(reset, usegmt=True),
        }

    def _record(self, call: _Exchange, status: int, body: Json) -> None:
        result = body.get("result")
        answer: Json = {"errors": body["errors"]} if body["errors"] else {}
        if isinstance(result, dict) and "id" in result:
            answer["id"] = result["id"]
        at = instant(self._clock.now())
        if call.mutating and call.matched is not None and call.token is not None:
            target = str(answer.get("id") or next(reversed(call.matched[1].values()), ""))
            method, identity = call.request.method, self._world.new_id()
            self._world.audit.append(audit.row(identity, method, call.path, at, call.token, target, status))
        self._calls.record(
            Call(
                service="cloudflare",
                operation=call.operation,
                caller=f"{call.token.name} ({call.token.id})" if call.token else "unknown",
                mutating=call.mutating,
                status=status,
                at=at,
                parameters=call.parameters(),
                answer=answer,
            )
        )


class _Exchange:
    """One request on its way through: what it matched, who signed it, what the log says of it."""

    def __init__(
        self, request: web.Request, path: str, matched: tuple[Route, dict[str, str]] | None, text: str
    ) -> None:
        self.request = request
        self.path = path
        self.matched = matched
        self.token: Token | None = None
        self._text = text

    @property
    def operation(self) -> str:
        return self.matched[0].operation if self.matched else f"{self.request.method} {self.path}"

    @property
    def mutating(self) -> bool:
        return self.request.method not in ("GET", "HEAD", "OPTIONS")

    def body(self) -> Any:
        """The JSON body, or None. Raises VendorRefusal where it is not JSON."""
        if not self._text:
            return None
        try:
            return json.loads(self._text, parse_constant=_not_json)
        except ValueError:
            raise VendorRefusal(400, 6007, "Malformed JSON in request body") from None

    def parameters(self) -> Json:
        """What was asked: names in the path, the query, the body (tokens' values are never in a request)."""
        try:
            body = self.body()
        except VendorRefusal:
            body = "malformed"
        names = self.matched[1] if self.matched else {}
        query = dict(self.request.query)
        return names | ({"query": query} if query else {}) | ({"body": body} if body is not None else {})


def _not_json(constant: str) -> None:
    """Python reads NaN and Infinity; JSON has neither."""
    raise ValueError(constant)


def _must_be_ids(path: str, names: dict[str, str]) -> None:
    """Ids are 32 hexadecimal digits; the account's own id is whatever the run says."""
    for name, value in names.items():
        if name.endswith("_id") and name not in ("setting_id", "account_id") and not _ID.fullmatch(value):
            message = f"Could not route to {path}, perhaps your object identifier is invalid?"
            raise VendorRefusal(400, 7003, message)


def _too_many(seconds: float) -> VendorRefusal:
    refusal = VendorRefusal(429, 971, "Please wait and consider throttling your request speed")
    refusal.headers["retry-after"] = str(max(1, round(seconds + 0.5)))
    return refusal
