"""Pulumi's provider protocol over gRPC: a thin rim around `operations`, one instance per package.

One attached server serves every engine and every provider instance; the last Configure wins. `Cancel` arrives after
every run and must not stop other work.
"""

from __future__ import annotations

import threading
import traceback
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2, struct_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.providers import diff, naming, operations
from sandbox.providers.refusals import NotReady, translated
from sandbox.providers.row import Ask, Type
from sandbox.providers.values import Properties, Route, decode, encode
from sandbox.providers.vendors import Vendors

DEFAULT_SECONDS = 1200.0
KINDS = {diff.Kind.ADD: 0, diff.Kind.DELETE: 2, diff.Kind.UPDATE: 4}


class Provider(provider_pb2_grpc.ResourceProviderServicer):  # type: ignore[misc]  # generated code has no types
    """One package's provider. `rows` maps type tokens to rows."""

    def __init__(self, package: str, version: str, rows: dict[str, Type]) -> None:
        self.package = package
        self.version = version
        self.rows = rows
        self.vendors = Vendors()
        self._seeds: dict[str, bytes] = {}
        self._lock = threading.Lock()

    # Life of the provider -------------------------------------------------------------------------------------------

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802  # the protocol's names
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return provider_pb2.GetSchemaResponse(schema=f'{{"name": "{self.package}", "version": "{self.version}"}}')

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        same = decode(request.olds)[0] == decode(request.news)[0]
        return provider_pb2.DiffResponse(changes=1 if same else 2)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        settings, _ = decode(request.args)
        with self._lock:
            if settings != self.vendors.settings:
                self.vendors = Vendors(settings)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, acceptResources=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    # Life of a resource ---------------------------------------------------------------------------------------------

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        row = self._row(request.urn, context)
        news, secret = decode(request.news)
        olds, _ = decode(request.olds)
        names = naming.Naming()
        if request.HasField("autonaming"):
            names = naming.Naming(int(request.autonaming.mode), str(request.autonaming.proposed_name))
        seed = bytes(request.randomSeed)
        with self._lock:
            self._seeds[request.urn] = seed
        inputs, wrong = operations.check(row, request.urn, news, olds, seed, names)
        told = [provider_pb2.CheckFailure(property=one.path, reason=one.reason) for one in wrong]
        return provider_pb2.CheckResponse(inputs=encode(inputs, secret), failures=told)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        row = self._row(request.urn, context)
        old = decode(request.old_inputs)[0] or decode(request.olds)[0]
        new, _ = decode(request.news)
        found = [one for one in diff.changes(old, new, row.rules.sets) if one.path not in request.ignoreChanges]
        detailed, replaces, changed = {}, [], []
        for one in found:
            top = one.plain.split(".", 1)[0]
            must_replace = diff.needs_replacement(one, row.force_new)
            detailed[one.path] = provider_pb2.PropertyDiff(kind=KINDS[one.kind] + int(must_replace), inputDiff=True)
            changed.append(top)
            if must_replace:
                replaces.append(top)
        return provider_pb2.DiffResponse(
            changes=2 if found else 1,
            diffs=sorted(set(changed)),
            replaces=sorted(set(replaces)),
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        row = self._row(request.urn, context)
        inputs, secret = decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encode(operations.preview(row, inputs, {}), secret))
        try:
            live = operations.create(row, self._ask(request, inputs))
        except operations.PartlyMade as partly:
            _abort_partly(context, request.urn, partly, secret)
        except Exception as error:  # noqa: BLE001  # every failure becomes one clear gRPC error
            _abort(context, request.urn, "create", error)
        return provider_pb2.CreateResponse(id=live.identity, properties=self._encode(row, live.outputs, secret))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        row = self._row(request.urn, context)
        inputs, secret = decode(request.inputs)
        state, _ = decode(request.properties)
        try:
            live = operations.read(row, self._ask(request, inputs, state=state), request.id)
        except Exception as error:  # noqa: BLE001  # every failure becomes one clear gRPC error
            _abort(context, request.urn, "read", error)
        if live is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=live.identity,
            inputs=encode(live.inputs, secret),
            properties=self._encode(row, live.outputs, secret),
        )

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        row = self._row(request.urn, context)
        inputs, secret = decode(request.news)
        state, _ = decode(request.olds)
        old = decode(request.old_inputs)[0] or state
        if request.preview:
            return provider_pb2.UpdateResponse(properties=encode(operations.preview(row, inputs, state), secret))
        try:
            live = operations.update(row, self._ask(request, inputs, old=old, state=state), request.id)
        except Exception as error:  # noqa: BLE001  # every failure becomes one clear gRPC error
            _abort(context, request.urn, "update", error)
        return provider_pb2.UpdateResponse(properties=self._encode(row, live.outputs, secret))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        row = self._row(request.urn, context)
        state, _ = decode(request.properties)
        inputs = decode(request.old_inputs)[0] or state
        try:
            operations.delete(row, self._ask(request, inputs, state=state), request.id)
        except Exception as error:  # noqa: BLE001  # every failure becomes one clear gRPC error
            _abort(context, request.urn, "delete", error)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.tok}: this provider serves no functions")

    # Between the two ------------------------------------------------------------------------------------------------

    def _row(self, urn: str, context: grpc.ServicerContext) -> Type:
        token = urn.split("::")[2].split("$")[-1]
        if token not in self.rows:
            known = ", ".join(sorted(self.rows))
            context.abort(grpc.StatusCode.NOT_FOUND, f"{token} is not supported here; supported are {known}")
        return self.rows[token]

    def _ask(
        self, request: Any, inputs: Properties, old: Properties | None = None, state: Properties | None = None
    ) -> Ask:
        with self._lock:
            seed = self._seeds.get(request.urn, b"")
        seconds = float(getattr(request, "timeout", 0.0)) or DEFAULT_SECONDS
        return Ask(self.vendors, request.urn, inputs, old or {}, state or {}, seed, seconds)

    def _encode(self, row: Type, outputs: Properties, secret: frozenset[Route]) -> struct_pb2.Struct:
        return encode(outputs, secret | {(name,) for name in row.schema.secrets if name in outputs})


def _words(urn: str, verb: str, error: Exception) -> str:
    name = naming.resource_name(urn)
    said = translated(error)
    if said is not None or isinstance(error, (NotReady, ValueError)):
        return f"{verb} of {name}: {said or error}"
    return f"{verb} of {name} failed in the provider: {''.join(traceback.format_exception(error))}"


def _abort(context: grpc.ServicerContext, urn: str, verb: str, error: Exception) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, _words(urn, verb, error))
    raise AssertionError("unreachable: abort raises")


def _abort_partly(
    context: grpc.ServicerContext, urn: str, partly: operations.PartlyMade, secret: frozenset[Route]
) -> NoReturn:
    """The protocol's way to say `it exists but is not ready`: a status detail that carries id and properties."""
    reason = f"create of {naming.resource_name(urn)}: {partly}"
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=partly.live.identity,
            properties=encode(partly.live.outputs, secret),
            inputs=encode(partly.live.inputs, secret),
            reasons=[reason],
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=reason, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, reason)
    raise AssertionError("unreachable: abort raises")
