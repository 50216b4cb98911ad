"""A laptop's line to the clouds, and the vendors' clients over it: the real adapters stand on these."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import cloudflare
import httpx
from botocore.exceptions import ClientError

from controlplane.adapters.aws.session import AwsSession
from controlplane.adapters.cloudflare.client import CloudflareApi
from controlplane.domain.inventory import RegionEntry
from controlplane.ports.edge_probe import Answer, Ask

BASE = "http://cloudflare.chaos/client/v4"


class Wire:
    """Asks one world; each question has its answer. Safe for threads: a connection serves one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._idle: list[socket.socket] = []
        self._lock = threading.Lock()

    def ask(self, service: str, **question: Any) -> dict[str, Any]:
        """The answer. Raises ClientError for a vendor's refusal, ConnectionError where nobody listens."""
        with self._lock:
            line = self._idle.pop() if self._idle else None
        if line is None:
            line = socket.socket(socket.AF_UNIX)
            line.connect(self._path)
        line.sendall(json.dumps({"service": service, **question}).encode() + b"\n")
        said: dict[str, Any] = json.loads(_line(line))
        with self._lock:
            self._idle.append(line)
        if "error" in said:
            response: Any = {
                "Error": {"Code": said["error"], "Message": said["error"]},
                "ResponseMetadata": {"HTTPStatusCode": said["status"]},
            }
            raise ClientError(response, str(question.get("operation", service)))
        return dict(said.get("answer", said))

    def close(self) -> None:
        """Hang up."""
        for line in self._idle:
            line.close()


def _line(line: socket.socket) -> bytes:
    parts: list[bytes] = []
    while not parts or not parts[-1].endswith(b"\n"):
        part = line.recv(1 << 16)
        if not part:
            raise ConnectionError("the world has ended")
        parts.append(part)
    return b"".join(parts)


class Client:
    """What adapters use of a boto3 client of one service: its operations by name."""

    def __init__(self, wire: Wire, service: str) -> None:
        self._wire, self._service = wire, service

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        return lambda **parameters: self._wire.ask(self._service, operation=operation, parameters=parameters)


class Objects(Client):
    """S3."""

    def get_object(self, **parameters: Any) -> dict[str, Any]:
        """An object: body, ETag, when it was stored."""
        said = self._wire.ask("s3", operation="get_object", parameters=parameters)
        body = io.BytesIO(said["text"].encode())
        return {"Body": body, "ETag": said["etag"], "LastModified": datetime.fromtimestamp(said["at"], UTC)}

    def put_object(self, **parameters: Any) -> dict[str, Any]:
        """Store one, under its conditions."""
        parameters["Body"] = parameters["Body"].decode()
        return self._wire.ask("s3", operation="put_object", parameters=parameters)

    def list_objects_v2(self, **parameters: Any) -> dict[str, Any]:
        """All of them, in one page."""
        said = self._wire.ask("s3", operation="list_objects_v2", parameters=parameters)
        now = format_datetime(datetime.fromtimestamp(said["now"], UTC), usegmt=True)
        rows = [{"Key": key, "LastModified": datetime.fromtimestamp(at, UTC)} for key, at in said["keys"]]
        return {"Contents": rows, "ResponseMetadata": {"HTTPHeaders": {"date": now}}}

    def get_paginator(self, _: str) -> Objects:
        """Lists have one page here."""
        return self

    def paginate(self, **parameters: Any) -> Iterator[dict[str, Any]]:
        """The page."""
        yield self.list_objects_v2(**parameters)


class Session(AwsSession):
    """AWS over the wire."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def client(self, service: str, region: str) -> Any:
        """See `AwsSession.client`."""
        return Objects(self._wire, service) if service == "s3" else Client(self._wire, service)


class Transport(httpx.BaseTransport):
    """Cloudflare's own SDK over the wire."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One call and its envelope."""
        body = json.loads(request.read() or b"null")
        try:
            said = self._wire.ask("cloudflare", method=request.method, path=request.url.path, body=body)
        except ClientError as no:
            error = {"code": int(no.response["Error"]["Code"]), "message": "no"}
            status = int(no.response["ResponseMetadata"]["HTTPStatusCode"])
            return httpx.Response(status, json={"success": False, "errors": [error], "messages": [], "result": None})
        return httpx.Response(200, json={"success": True, "errors": [], "messages": [], "result": said})


class Api(CloudflareApi):
    """Cloudflare over the wire."""

    def __init__(self, wire: Wire) -> None:
        super().__init__("chaos")
        self._client = _sdk(Transport(wire))


def _sdk(transport: httpx.BaseTransport) -> cloudflare.Cloudflare:
    client = httpx.Client(transport=transport, trust_env=False)
    return cloudflare.Cloudflare(api_token="chaos", base_url=BASE, max_retries=0, http_client=client)


def warm_sdk() -> None:
    """Let Cloudflare's SDK make its parts, which takes it half a second at their first use."""
    empty = {"success": True, "errors": [], "messages": [], "result": {"id": "x", "enabled": True}}
    with _sdk(httpx.MockTransport(lambda _: httpx.Response(200, json=empty))) as client:
        client.load_balancers.pools.get("x", account_id="x")
        client.load_balancers.pools.health.get("x", account_id="x")
        client.cache.purge(zone_id="x", tags=["x"])
        client.rulesets.phases.get("http_request_firewall_custom", zone_id="x")


class Guests:
    """`EdgeProbe` over the wire."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def fetch(self, ask: Ask, timeout: float = 5.0) -> Answer:
        """See `EdgeProbe.fetch`."""
        said = self._wire.ask("edge", host=ask.host, path=ask.path, edge=ask.edge, pop=ask.pop)
        return Answer(ask, said["status"], said["headers"], said["body"].encode())

    def fetch_all(self, asks: Iterable[Ask], at_once: int, on_answer: Callable[[Answer], None]) -> None:
        """See `EdgeProbe.fetch_all`; one after the other."""
        for ask in asks:
            on_answer(self.fetch(ask))


class Health:
    """The regions' health paths over the wire."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def is_healthy(self, region: RegionEntry) -> bool:
        """Whether the region answers healthy now."""
        return bool(self._wire.ask("health", region=region.name)["healthy"])
