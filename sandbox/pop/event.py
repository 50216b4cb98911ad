"""CloudFront's event object for a viewer request, and the request that a function gives back.

Source: CloudFront Developer Guide, pages functions-event-structure and edge-function-restrictions-all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sandbox.pop.messages import Headers, Request

# Not shown to functions, and not to be added by them.
DISALLOWED = frozenset(
    {
        "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
        "trailer", "upgrade", "x-accel-buffering", "x-accel-charset", "x-accel-limit-rate", "x-accel-redirect",
        "x-amzn-auth", "x-amzn-cf-billing", "x-amzn-cf-id", "x-amzn-cf-xff", "x-amzn-errortype", "x-amzn-fle-profile",
        "x-amzn-header-count", "x-amzn-header-order", "x-amzn-lambda-integration-tag", "x-amzn-requestid", "x-cache",
        "x-forwarded-proto", "x-real-ip",
    }
)  # fmt: skip
DISALLOWED_PREFIXES = ("x-amz-cf-", "x-edge-")
READ_ONLY = frozenset({"cdn-loop", "content-length", "host", "transfer-encoding", "via"})
URI_LIMIT = 8192


class InvalidAnswer(Exception):
    """The function gave back what CloudFront does not accept: 502 to the viewer."""


def disallowed(name: str) -> bool:
    """Whether a header (lower case) is hidden from functions."""
    return name in DISALLOWED or name.startswith(DISALLOWED_PREFIXES)


def event_of(request: Request, context: dict[str, str]) -> dict[str, Any]:
    """The event of version 1.0; query values are left encoded as they came."""
    shown = [("host", request.host)]
    shown += [row for row in request.headers if row[0] not in ("host", "cookie") and not disallowed(row[0])]
    pairs = [part.partition("=") for part in request.query.split("&") if part]
    return {
        "version": "1.0",
        "context": {"eventType": "viewer-request", **context},
        "viewer": {"ip": "127.0.0.1"},
        "request": {
            "method": request.method,
            "uri": request.path,
            "querystring": _grouped((name, value) for name, _, value in pairs),
            "headers": _grouped(shown),
            "cookies": {name: {"value": value} for name, value in request.cookies().items()},
        },
    }


def request_of(value: dict[str, Any], shown: dict[str, Any], request: Request) -> Request:
    """The request to go on with. What the function did not change stays exactly as it came.

    Raises InvalidAnswer for a disallowed or read-only header, or a URI that is no URI.
    """
    changed = request
    uri = value.get("uri", request.path)
    if uri != shown["uri"]:
        if not isinstance(uri, str) or not uri.startswith("/"):
            raise InvalidAnswer(f"uri {uri!r} does not begin with a slash")
        changed = replace(changed, path=uri)
    query = value.get("querystring", {})
    if query != shown["querystring"]:
        changed = replace(changed, query="&".join(f"{name}={one}" if one else name for name, one in _flat(query)))
    if len(changed.target) >= URI_LIMIT or any(letter in changed.target for letter in " #\r\n"):
        raise InvalidAnswer("the URI is too long or has a space or a fragment")
    return replace(changed, headers=_headers(value, shown, request))


def _headers(value: dict[str, Any], shown: dict[str, Any], request: Request) -> Headers:
    given = value.get("headers", {})
    if given == shown["headers"] and value.get("cookies", {}) == shown["cookies"]:
        return request.headers
    for name, node in given.items():
        if disallowed(name):
            raise InvalidAnswer(f"header {name} is not allowed in an edge function")
        if name in READ_ONLY and node != shown["headers"].get(name):
            raise InvalidAnswer(f"header {name} is read-only in a viewer request")
        if name != name.lower():
            raise InvalidAnswer(f"header {name} is not in lower case")
    hidden = [row for row in request.headers if disallowed(row[0])]
    rows = [(name, one) for name, one in _flat(given) if name != "host"]
    cookies = "; ".join(f"{name}={node['value']}" for name, node in (value.get("cookies") or {}).items())
    return Headers.of([*hidden, *rows, *([("cookie", cookies)] if cookies else [])])


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    grouped: dict[str, Any] = {}
    for name, value in pairs:
        if name not in grouped:
            grouped[name] = {"value": value}
        else:
            node = grouped[name]
            node.setdefault("multiValue", [{"value": node["value"]}]).append({"value": value})
    return grouped


def _flat(grouped: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for name, node in grouped.items():
        values = node.get("multiValue", [node])
        for one in values:
            if not isinstance(one.get("value"), str):
                raise InvalidAnswer(f"the value of {name} is not a string")
            rows.append((name, one["value"]))
    return rows
