"""Pulumi's provider protocol over gRPC: a thin rim around `operations`, one instance per package.

One attached server serves every engine and every provider instance; the last Configure wins. `Cancel` arrives after
every run and must not stop other work. What the protocol has beyond these methods answers UNIMPLEMENTED, which engines
tolerate.
"""
# ruff: noqa: N802 - the methods' names are the protocol's

from __future__ import annotations

import threading
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.providers import diff, naming, operations, provider_config
from sandbox.providers.aborts import told
from sandbox.providers.check import Failure
from sandbox.providers.row import Ask, Type
from sandbox.providers.values import UNKNOWN, Properties, Route, decode, encode
from sandbox.providers.vendors import Vendors

DEFAULT_SECONDS = 1200.0
Detail = provider_pb2.PropertyDiff
KINDS = {
    diff.Kind.ADD: (Detail.ADD, Detail.ADD_REPLACE),
    diff.Kind.DELETE: (Detail.DELETE, Detail.DELETE_REPLACE),
    diff.Kind.UPDATE: (Detail.UPDATE, Detail.UPDATE_REPLACE),
}
NONE, SOME = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
Context = grpc.ServicerContext


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One package's provider. `rows` maps type tokens to rows."""

    def __init__(
        self, package: str, version: str, rows: dict[str, Type], forgets: frozenset[str] = frozenset()
    ) -> None:
        self.package = package
        self.version = version
        self.rows = rows
        self._forgets = forgets
        self.vendors = Vendors()
        self._seeds: dict[str, bytes] = {}
        self._lock = threading.Lock()

    # Life of the provider -------------------------------------------------------------------------------------------

    def Handshake(self, request: Any, context: Context) -> Any:
        """Accept secrets and resources."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def Attach(self, request: Any, context: Context) -> Any:
        """An engine attached itself through PULUMI_DEBUG_PROVIDERS; nothing is kept of it."""
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Context) -> Any:
        """The version of the SDK that the schemas were derived from."""
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request: Any, context: Context) -> Any:
        """Name and version only: no engine asks for more in preview, up, refresh or destroy."""
        return provider_pb2.GetSchemaResponse(schema=f'{{"name": "{self.package}", "version": "{self.version}"}}')

    def CheckConfig(self, request: Any, context: Context) -> Any:
        """Refuse provider configuration that the real provider does not know."""
        news, _ = decode(request.news)
        return provider_pb2.CheckResponse(
            inputs=request.news, failures=_failures(provider_config.failures(self.package, news))
        )

    def DiffConfig(self, request: Any, context: Context) -> Any:
        """Provider configuration changes in place: nothing that it created depends on it."""
        same = decode(request.olds)[0] == decode(request.news)[0]
        return provider_pb2.DiffResponse(changes=NONE if same else SOME)

    def Configure(self, request: Any, context: Context) -> Any:
        """Endpoints, credentials and region from now on; the same ones again change nothing."""
        settings = {name: value for name, value in decode(request.args)[0].items() if value is not UNKNOWN}
        with self._lock:
            if settings != self.vendors.settings:
                self.vendors = Vendors(settings)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, acceptResources=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    def Cancel(self, request: Any, context: Context) -> Any:
        """Sent after every run of any engine; other engines' work goes on."""
        return empty_pb2.Empty()

    # Life of a resource ---------------------------------------------------------------------------------------------

    def Check(self, request: Any, context: Context) -> Any:
        """Refuse what the vendor would refuse; fill in defaults and the physical name."""
        row = self._row(request.urn, context)
        news, secret = decode(request.news)
        olds, _ = decode(request.olds)
        names = naming.Naming()
        if request.HasField("autonaming"):
            names = naming.Naming(int(request.autonaming.mode), str(request.autonaming.proposed_name))
        with self._lock:
            self._seeds[request.urn] = bytes(request.randomSeed)
        inputs, wrong = operations.check(row, request.urn, news, olds, bytes(request.randomSeed), names)
        return provider_pb2.CheckResponse(inputs=encode(inputs, secret), failures=_failures(wrong))

    def Diff(self, request: Any, context: Context) -> Any:
        """Every input that differs, and which of them replace the resource."""
        row = self._row(request.urn, context)
        state, _ = decode(request.olds)
        old = decode(request.old_inputs)[0] or {one: state[one] for one in state if one in row.schema.inputs}
        old, new = diff.settled(old, decode(request.news)[0], state, row.rules.computed)
        found = [one for one in diff.changes(old, new, row.rules.sets) if one.path not in request.ignoreChanges]
        replacing = [one for one in found if diff.needs_replacement(one, row.force_new)]
        detailed = {one.path: Detail(kind=KINDS[one.kind][int(one in replacing)], inputDiff=True) for one in found}
        return provider_pb2.DiffResponse(
            changes=SOME if found else NONE,
            diffs=sorted({one.top for one in found}),
            replaces=sorted({one.top for one in replacing}),
            deleteBeforeReplace=bool(replacing) and naming.collides(row, request.urn, old, new),
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: Context) -> Any:
        """Make it and wait until it is complete; in a preview only say what is not known yet."""
        row = self._row(request.urn, context)
        inputs, secret = decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encode(operations.preview(row, inputs, {}), secret))
        with told(context, request.urn, "create", secret):
            live = operations.create(row, self._ask(request, inputs))
        return provider_pb2.CreateResponse(id=live.identity, properties=_encode(row, live.outputs, secret))

    def Read(self, request: Any, context: Context) -> Any:
        """What lives now; an empty answer when it is gone."""
        row = self._row(request.urn, context)
        inputs, secret = decode(request.inputs)
        state, _ = decode(request.properties)
        with told(context, request.urn, "read", secret):
            live = operations.read(row, self._ask(request, inputs, state=state), request.id)
        if live is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=live.identity, inputs=encode(live.inputs, secret), properties=_encode(row, live.outputs, secret)
        )

    def Update(self, request: Any, context: Context) -> Any:
        """Change it in place and read it back."""
        row = self._row(request.urn, context)
        inputs, secret = decode(request.news)
        state, _ = decode(request.olds)
        old = decode(request.old_inputs)[0] or state
        if request.preview:
            return provider_pb2.UpdateResponse(properties=encode(operations.preview(row, inputs, state), secret))
        with told(context, request.urn, "update", secret):
            live = operations.update(row, self._ask(request, inputs, old=old, state=state), request.id)
        return provider_pb2.UpdateResponse(properties=_encode(row, live.outputs, secret))

    def Delete(self, request: Any, context: Context) -> Any:
        """Delete it; what is gone already is a success."""
        row = self._row(request.urn, context)
        state, secret = decode(request.properties)
        inputs = decode(request.old_inputs)[0] or state
        if row.token in self._forgets:
            return empty_pb2.Empty()
        with told(context, request.urn, "delete", secret):
            operations.delete(row, self._ask(request, inputs, state=state), request.id)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Context) -> Any:
        """No functions are served."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.tok}: this provider serves no functions")

    # Between the two ------------------------------------------------------------------------------------------------

    def _row(self, urn: str, context: Context) -> Type:
        token = urn.split("::")[2].rsplit("$", maxsplit=1)[-1]
        if token not in self.rows:
            known = ", ".join(sorted(self.rows))
            context.abort(grpc.StatusCode.NOT_FOUND, f"{token} is not supported here; supported are {known}")
        return self.rows[token]

    def _ask(
        self, request: Any, inputs: Properties, old: Properties | None = None, state: Properties | None = None
    ) -> Ask:
        with self._lock:
            seed = self._seeds.get(request.urn, b"")
        seconds = float(request.timeout) or DEFAULT_SECONDS
        return Ask(self.vendors, request.urn, inputs, old or {}, state or {}, seed, seconds)


def _failures(wrong: list[Failure]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=one.path, reason=one.reason) for one in wrong]


def _encode(row: Type, outputs: Properties, secret: frozenset[Route]) -> struct_pb2.Struct:
    """The outputs with what was secret, or is declared secret by the SDK, in envelopes."""
    return encode(outputs, secret | {(name,) for name in row.schema.secrets if name in outputs})
