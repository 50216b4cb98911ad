"""What a guest in a POP's city gets for a URL: one request to that POP, with the URL's own SNI and Host."""

from __future__ import annotations

import hashlib
import http.client
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox import certificates
from sandbox.run import Run

TIMEOUT_SECONDS = 130.0


def probe(url: str, pop: str, headers: Mapping[str, str], run: Run, *, method: str = "GET") -> dict[str, Any]:
    """Ask the POP for `url`; `pop` is a code or its part before "-" (FRA56 for FRA56-P1).

    Returns url, pop, status, headers (lower-case names, repeated ones joined), body_sha256, bytes, and `seconds`:
    connect, first_byte, total. Certificates are checked against the run's authority. Raises KeyError for a POP that is
    not registered, OSError or ssl.SSLError where it does not answer.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    name, address = endpoint(pop, run, secure=parts.scheme == "https")
    began = time.monotonic()
    with socket.create_connection(address, timeout=TIMEOUT_SECONDS) as plain:
        connection = http.client.HTTPConnection(host, timeout=TIMEOUT_SECONDS)
        connection.sock = plain
        if parts.scheme == "https":
            connection.sock = certificates.client_context(run).wrap_socket(plain, server_hostname=host)
        try:
            connected = time.monotonic()
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, headers={"Host": host, "User-Agent": "wedcache-probe", **headers})
            answer = connection.getresponse()
            first = time.monotonic()
            body = answer.read()
        finally:
            connection.close()
    done = time.monotonic()
    return {
        "url": url,
        "pop": name,
        "status": answer.status,
        "headers": _joined(answer.getheaders()),
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "bytes": len(body),
        "seconds": {"connect": connected - began, "first_byte": first - began, "total": done - began},
    }


def endpoint(pop: str, run: Run, *, secure: bool = True) -> tuple[str, tuple[str, int]]:
    """The full code and the address of the POP registered as `pop-<CODE>` (plain HTTP: `pop-<CODE>-http`)."""
    endpoints = run.read().get("endpoints", {})
    known = {name.removeprefix("pop-"): value for name, value in endpoints.items() if name.startswith("pop-")}
    if not secure:
        known = {name.removesuffix("-http"): value for name, value in known.items() if name.endswith("-http")}
    code = next((name for name in known if pop in (name, name.partition("-")[0]) and not name.endswith("-http")), None)
    if code is None:
        raise KeyError(f"no POP {pop!r} in {run.registry}; registered: {', '.join(sorted(known)) or 'none'}")
    host, _, port = str(known[code]).rpartition(":")
    return code, (host, int(port))


def _joined(rows: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in rows:
        lowered = name.lower()
        joined[lowered] = f"{joined[lowered]}, {value}" if lowered in joined else value
    return joined
