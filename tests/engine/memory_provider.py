"""A small Pulumi provider in memory: a real gRPC server, a call log, and behaviour that a test sets.

Every input named in `Behaviour.replace_on` forces a replacement; every other change is an update. Outputs are the
inputs plus `arn` (the id again) and, on create, `secretToken` as a secret where `Behaviour.secret_outputs` asks for
it.
"""

# ruff: noqa: N802 - gRPC gives the methods their names

from __future__ import annotations

import threading
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2, json_format, struct_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIG = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"


@dataclass
class Behaviour:
    """What the provider does beyond storing: all of it may be changed while it serves."""

    replace_on: set[str] = field(default_factory=lambda: {"forceNew"})
    delete_before_replace: bool = False
    fail: dict[tuple[str, str], str] = field(default_factory=dict)  # (method, resource name) -> message
    refuse: dict[str, tuple[str, str]] = field(default_factory=dict)  # resource name -> (property, reason), in Check
    secret_outputs: bool = False
    detailed: bool = False  # Diff answers by a detailed difference alone
    plain: bool = False  # the provider takes no secrets and does not know Handshake
    half: dict[str, str] = field(default_factory=dict)  # resource name -> why it was made but did not become ready
    hold: dict[tuple[str, str], threading.Event] = field(default_factory=dict)  # a call waits for the event


@dataclass(frozen=True)
class Call:
    """One call as the provider saw it; `detail` holds what a test may compare."""

    method: str
    name: str
    detail: dict[str, Any]


def plain(message: struct_pb2.Struct) -> dict[str, Any]:
    """The struct as plain data."""
    return dict(json_format.MessageToDict(message))


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    """Plain data as a struct."""
    message = struct_pb2.Struct()
    message.update(values)
    return message


def unsecret(value: Any) -> Any:
    """The value without secret envelopes."""
    if isinstance(value, dict):
        if value.get(SIG) == SECRET:
            return unsecret(value["value"])
        return {key: unsecret(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unsecret(inner) for inner in value]
    return value


class MemoryProvider(provider_pb2_grpc.ResourceProviderServicer):
    """The provider; `calls` is the log, `objects` what exists now (id -> properties)."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.calls: list[Call] = []
        self.objects: dict[str, dict[str, Any]] = {}
        self.arrived = threading.Condition()
        self._ids = 0

    def _seen(self, method: str, request: Any, context: grpc.ServicerContext, **detail: Any) -> None:
        name = str(getattr(request, "name", "") or getattr(request, "tok", ""))
        with self.arrived:
            self.calls.append(Call(method, name, detail))
            self.arrived.notify_all()
        event = self.behaviour.hold.get((method, name))
        if event is not None:
            event.wait(30)
        message = self.behaviour.fail.get((method, name))
        if message is not None:
            context.abort(grpc.StatusCode.UNKNOWN, message)

    def wait_for(self, method: str, name: str, seconds: float = 60) -> bool:
        """Whether the call arrived within `seconds`."""
        with self.arrived:
            return self.arrived.wait_for(
                lambda: any(call.method == method and call.name == name for call in self.calls), seconds
            )

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._seen("Handshake", request, context)
        if self.behaviour.plain:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "no handshake")
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._seen("Attach", request, context)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._seen("GetPluginInfo", request, context)
        return plugin_pb2.PluginInfo(version="7.51.1")

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._seen("Cancel", request, context)
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._seen("CheckConfig", request, context, news=plain(request.news), olds=plain(request.olds))
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._seen("DiffConfig", request, context, news=plain(request.news), olds=plain(request.olds))
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_UNKNOWN)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._seen("Configure", request, context, args=plain(request.args), variables=dict(request.variables))
        secrets = not self.behaviour.plain
        return provider_pb2.ConfigureResponse(acceptSecrets=secrets, acceptResources=secrets, supportsPreview=True)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._seen("Invoke", request, context, args=plain(request.args), preview=request.preview)
        return provider_pb2.InvokeResponse(**{"return": struct({"answer": 42.0, **plain(request.args)})})

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._seen("Check", request, context, olds=plain(request.olds), news=plain(request.news))
        failures = []
        if request.name in self.behaviour.refuse:
            key, reason = self.behaviour.refuse[request.name]
            failures.append(provider_pb2.CheckFailure(property=key, reason=reason))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        news, olds = plain(request.news), plain(request.old_inputs)
        detail = {"id": request.id, "olds": plain(request.olds), "news": news, "oldInputs": olds}
        self._seen("Diff", request, context, ignore=list(request.ignoreChanges), **detail)
        changed = sorted(key for key in {*news, *olds} if unsecret(news.get(key)) != unsecret(olds.get(key)))
        replaces = [key for key in changed if key in self.behaviour.replace_on]
        kinds = provider_pb2.DiffResponse
        if self.behaviour.detailed:
            kind = provider_pb2.PropertyDiff
            paths = {key: kind(kind=kind.UPDATE_REPLACE if key in replaces else kind.UPDATE) for key in changed}
            some = kinds.DIFF_SOME if changed else kinds.DIFF_NONE
            return kinds(changes=some, detailedDiff=paths, hasDetailedDiff=True)
        return kinds(
            changes=kinds.DIFF_SOME if changed else kinds.DIFF_NONE,
            diffs=changed,
            replaces=replaces,
            deleteBeforeReplace=self.behaviour.delete_before_replace,
        )

    def _outputs(self, properties: dict[str, Any], identifier: str) -> struct_pb2.Struct:
        outputs = {**properties, "arn": f"arn:{identifier}" if identifier else UNKNOWN}
        if self.behaviour.secret_outputs:
            outputs["secretToken"] = {SIG: SECRET, "value": "hush"}
        return struct(outputs)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        properties = plain(request.properties)
        detail = {"properties": properties, "preview": request.preview, "timeout": request.timeout}
        self._seen("Create", request, context, **detail)
        if request.preview:
            return provider_pb2.CreateResponse(properties=self._outputs(properties, ""))
        with self.arrived:
            self._ids += 1
            identifier = f"{request.name}-{self._ids}"
            self.objects[identifier] = properties
        if request.name in self.behaviour.half:
            self._abort_half_made(request, context, identifier, properties)
        return provider_pb2.CreateResponse(id=identifier, properties=self._outputs(properties, identifier))

    def _abort_half_made(self, request: Any, context: grpc.ServicerContext, identifier: str, properties: Any) -> None:
        failed = provider_pb2.ErrorResourceInitFailed(
            id=identifier,
            properties=self._outputs(properties, identifier),
            reasons=[self.behaviour.half[request.name]],
        )
        packed = any_pb2.Any()
        packed.Pack(failed)
        status = status_pb2.Status(code=2, message="not ready", details=[packed])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, "not ready")

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        news = plain(request.news)
        detail = {"id": request.id, "olds": plain(request.olds), "news": news, "oldInputs": plain(request.old_inputs)}
        self._seen("Update", request, context, preview=request.preview, ignore=list(request.ignoreChanges), **detail)
        if not request.preview:
            self.objects[request.id] = news
        return provider_pb2.UpdateResponse(properties=self._outputs(news, request.id))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        detail = {"id": request.id, "properties": plain(request.properties), "oldInputs": plain(request.old_inputs)}
        self._seen("Delete", request, context, **detail)
        self.objects.pop(request.id, None)
        return empty_pb2.Empty()


class Serving:
    """The provider behind a port of 127.0.0.1; `close()` ends it."""

    def __init__(self) -> None:
        self.provider = MemoryProvider()
        self._pool = futures.ThreadPoolExecutor(max_workers=16)
        self._server = grpc.server(self._pool)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self.provider, self._server)
        self.port = int(self._server.add_insecure_port("127.0.0.1:0"))
        self._server.start()

    def close(self) -> None:
        """Stop serving; waits until the port is free."""
        self._server.stop(None).wait(5)
        self._pool.shutdown(wait=True)
