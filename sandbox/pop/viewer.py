"""What both CDNs do for a viewer alike: conditional answers, error pages, the record of what was served."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.pop.directives import http_date
from sandbox.pop.flow import Outcome
from sandbox.pop.messages import Headers, Request, Response


@dataclass(frozen=True)
class Served:
    """The viewer's answer and what the access log says of it."""

    response: Response
    cache: str
    age: int | None = None
    key: str | None = None
    origin: str | None = None
    origin_ms: float | None = None
    function: str | None = None
    reason: str | None = None


def served(response: Response, outcome: Outcome, key: str | None, function: str | None = None) -> Served:
    """The record of an outcome of the cache."""
    fetched = outcome.fetched
    return Served(
        response=response,
        cache=outcome.result.value,
        age=outcome.age,
        key=key,
        origin=fetched.origin if fetched else None,
        origin_ms=round(fetched.milliseconds, 2) if fetched else None,
        function=function,
        reason=outcome.reason or (fetched.failure if fetched else None),
    )


def conditional(request: Request, response: Response) -> Response:
    """304 where the viewer already has this copy (RFC 9110, 13.2.2), else `response`."""
    if response.status != 200 or request.method not in ("GET", "HEAD"):
        return response
    wanted = request.headers.get("if-none-match")
    if wanted is not None:
        etag = response.headers.get("etag")
        known = {tag.strip().removeprefix("W/") for tag in wanted.split(",")}
        unchanged = etag is not None and (wanted.strip() == "*" or etag.removeprefix("W/") in known)
    else:
        since = http_date(request.headers.get("if-modified-since"))
        changed = http_date(response.headers.get("last-modified"))
        unchanged = since is not None and changed is not None and changed <= since
    if not unchanged:
        return response
    return Response(304, response.headers.without("content-length", "content-type"), b"")


def page(status: int, title: str, told: str, *, server: str) -> Response:
    """An error page of the CDN's own."""
    body = f"<html><head><title>{title}</title></head><body><h1>{status} {title}</h1><p>{told}</p></body></html>\n"
    headers = Headers((("server", server), ("content-type", "text/html; charset=UTF-8"), ("cache-control", "no-store")))
    return Response(status, headers, body.encode())
