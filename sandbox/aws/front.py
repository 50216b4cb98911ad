"""The door: every request is routed to a handler here, to moto, or to a refusal, and is written down."""

from __future__ import annotations

import contextlib
import io
import logging
import socket
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from moto.core.request import Request

from sandbox.aws import inside, mishaps, protocol, witness
from sandbox.aws.caller import REVOKED, Caller, caller_of
from sandbox.aws.denials import denied
from sandbox.aws.moto_side import Environ, Moto, assumed_role, bucket_region, implements
from sandbox.aws.operations import OURS, is_mutating
from sandbox.aws.refusal import Answer, AwsRefusal, NotOurs, enveloped
from sandbox.aws.trail import Done, Trail
from sandbox.aws.world import Call, World
from sandbox.calls import Call as Record
from sandbox.calls import CallLog

log = logging.getLogger(__name__)

LOOKUP = ("cloudtrail", "LookupEvents")
_S3_CONTROL = "/v20180820/"
"""S3's account API signs as s3; its paths begin with its version."""

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Front:
    """A WSGI application over the emulator's world and moto."""

    def __init__(self, world: World, moto: Moto, calls: CallLog, faults: mishaps.ActiveFaults) -> None:
        self._world = world
        self._moto = moto
        self._calls = calls
        self._faults = faults
        self._trail = Trail()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        path = environ.get("PATH_INFO", "")
        if path.startswith("/_sandbox/"):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            query = environ.get("QUERY_STRING", "")
            return _sent(inside.answer(self._world, environ["REQUEST_METHOD"], path, query, body), start_response)
        answer = self._vendor(environ)
        if answer is None:
            return _lost(environ)
        return _sent(answer, start_response)

    def _vendor(self, environ: Environ) -> Answer | None:
        """Answer a vendor call and record it; None where the answer is to be lost."""
        caller = caller_of(environ.get("HTTP_AUTHORIZATION"), environ.get("QUERY_STRING", ""))
        service = caller.service if caller else "s3"
        if service == "s3" and environ.get("PATH_INFO", "").startswith(_S3_CONTROL):
            service = "s3control"
        body = b"" if service == "s3" else _body(environ)
        request = _request(environ, service, body)
        route = protocol.routed(service, request)
        operation = route.operation if route else f"{request.method} {request.path}"
        mutating = is_mutating(operation) if route else request.method not in ("GET", "HEAD")
        parameters: dict[str, Any] = {}
        lost = False
        try:
            if route is None:
                raise _not_implemented(service, operation)
            parameters = _parameters(route, request, body)
            target = mishaps.Target(service, operation, self._place(caller, route), mutating)
            self._admit(caller, service, target)
            answer = self._answered(environ, route, caller, parameters)
            lost = mishaps.answer_is_lost(self._faults, target)
        except AwsRefusal as refusal:
            answer = _refused(service, refusal)
        except Exception:
            log.exception("%s %s failed", service, operation)
            answer = _refused(service, AwsRefusal("InternalFailure", "The emulator failed; see logs/aws.log", 500))
        self._calls.record(
            Record(
                service=service,
                operation=operation,
                caller=self._name(caller),
                mutating=mutating,
                status=answer.status,
                at=self._world.now().isoformat().replace("+00:00", "Z"),
                parameters=witness.shown(parameters),
                answer={"lost": True} if lost else witness.error_code(answer),
            )
        )
        if mutating and route is not None:
            region, code = self._place(caller, route) or "", str(witness.error_code(answer).get("code", ""))
            done = Done(service, operation, region, self._name(caller), witness.shown(parameters), code)
            self._trail.note(self._world, done)
        return None if lost else answer

    def _admit(self, caller: Caller | None, service: str, target: mishaps.Target) -> None:
        """Refuse unsigned management calls, the revoked key, and whatever a fault strikes."""
        if caller is None and target.is_management:
            raise AwsRefusal("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        if caller is not None and caller.access_key == REVOKED:
            code = {"s3": "InvalidAccessKeyId", "cloudfront-keyvaluestore": "AccessDeniedException"}
            raise AwsRefusal(
                code.get(service, "InvalidClientTokenId"), "The security token included in the request is invalid.", 403
            )
        refusal = mishaps.struck(self._faults, target)
        if refusal is None and caller is not None:
            refusal = denied(caller, service, target.operation, self._world.account, self._world.now())
        if refusal is not None:
            raise refusal

    def _answered(
        self, environ: Environ, route: protocol.Routed, caller: Caller | None, parameters: dict[str, Any]
    ) -> Answer:
        trail = self._trail.lookup if (route.service, route.operation) == LOOKUP else None
        handler = trail or OURS.get((route.service, route.operation))
        if handler is not None:
            protocol.validated(route, parameters)
            call = Call(route.operation, caller.region if caller else "us-east-1", parameters)
            with contextlib.suppress(NotOurs), self._world.lock:
                return protocol.serialized(route, handler(self._world, call) or {})
        if not implements(route.service, route.operation):
            raise _not_implemented(route.service, route.operation)
        lane = str(route.path_parameters.get("Bucket", "")) if route.service == "s3" else route.service
        try:
            return self._moto.answer(environ, lane)
        except NotImplementedError as error:
            raise _not_implemented(route.service, route.operation) from error

    def _place(self, caller: Caller | None, route: protocol.Routed) -> str | None:
        region = caller.region if caller else None
        if route.service == "s3":
            bucket = route.path_parameters.get("Bucket")
            return (bucket_region(bucket, self._world.account) if bucket else None) or region
        return region

    def _name(self, caller: Caller | None) -> str:
        if caller is None:
            return "(unsigned)"
        if caller.access_key.startswith("ASIA"):
            return assumed_role(caller.access_key, self._world.account) or caller.access_key
        return caller.access_key


def _body(environ: Environ) -> bytes:
    """Read the body whole, and put it back for moto."""
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    body: bytes = stream.read(int(length)) if length else stream.read() if environ.get("wsgi.input_terminated") else b""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _request(environ: Environ, service: str, body: bytes) -> Request:
    """The request as moto's parsers read it. REST services look at no Content-Type, moto would."""
    read = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    if protocol.protocol_of(service).startswith("rest"):
        read["CONTENT_TYPE"] = ""
    return Request(read)


def _parameters(route: protocol.Routed, request: Request, body: bytes) -> dict[str, Any]:
    if route.service == "s3":
        conditions = {name: request.headers[name] for name in ("If-Match", "If-None-Match") if name in request.headers}
        return {**route.path_parameters, **conditions}
    return protocol.parsed(route, request, body)


def _not_implemented(service: str, operation: str) -> AwsRefusal:
    return AwsRefusal("NotImplemented", f"The sandbox does not implement {service} {operation}.", 501)


def _refused(service: str, refusal: AwsRefusal) -> Answer:
    status = refusal.status or protocol.status_of(service, refusal.code)
    return enveloped(
        AwsRefusal(refusal.code, refusal.message, status),
        protocol=protocol.protocol_of(service),
        service=service,
        namespace=protocol.namespace_of(service),
    )


def _sent(answer: Answer, start_response: StartResponse) -> Iterable[bytes]:
    headers = list(answer.headers)
    if answer.status not in (204, 304) and not any(name.lower() == "content-length" for name, _ in headers):
        headers.append(("Content-Length", str(len(answer.body))))
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
    return [answer.body]


def _lost(environ: Environ) -> Iterable[bytes]:
    """Close the connection without a word. Raises ConnectionAbortedError, which ends werkzeug's handling quietly."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError
