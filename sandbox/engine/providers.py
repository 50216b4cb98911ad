"""The attached providers (PULUMI_DEBUG_PROVIDERS), spoken to over Pulumi's provider protocol in the CLI's order of
calls.

Every provider resource has an instance of its own: Handshake, Attach, GetPluginInfo when it is loaded, CheckConfig and
DiffConfig while it is planned, Configure before its first use, Cancel at the end. All instances of a package reach
one server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.engine import refused, urns
from sandbox.engine.grpc_errors import ProviderError, detail_of
from sandbox.engine.questions import Answer, Check, Diff, Diffed
from sandbox.engine.resources import Resource
from sandbox.engine.stop import Stop
from sandbox.engine.values import Properties, Value, has_unknown, mark_secrets, read, reveal, struct

_REPLACING = (1, 3, 5)  # PropertyDiff.Kind: ADD_REPLACE, DELETE_REPLACE, UPDATE_REPLACE
_PATIENCE = 10  # seconds for the first answer of a provider
_LIMIT = [("grpc.max_receive_message_length", 400 << 20), ("grpc.max_send_message_length", 400 << 20)]


@dataclass
class Instance:
    """One loaded provider; `known` is False while its configuration holds unknowns (previews only)."""

    stub: Any
    secrets: bool = False
    references: bool = False
    known: bool = True
    previews: bool = True
    outcome: BaseException | None = None

    def pack(self, properties: Mapping[str, Value]) -> Any:
        """The properties as this provider can take them."""
        return struct(properties, secrets=self.secrets, references=self.references)

    def unpack(self, message: Any, given: Mapping[str, Value]) -> Properties:
        """A provider's properties; secret marks are restored where it drops them."""
        values: Properties = read(message)
        if not self.secrets:
            mark_secrets(values, given)
        return values


class Providers:
    """All provider instances of one run. `ports` is package -> port, `engine` our Engine service's address."""

    def __init__(self, ports: Mapping[str, int], engine: str) -> None:
        self._ports = ports
        self._engine = engine
        self._channels: dict[str, Any] = {}
        self._loaded: list[Instance] = []
        self._planned: dict[str, Instance] = {}
        self._ready: dict[tuple[str, str], Instance] = {}

    async def load(self, package: str) -> Instance:
        """Reach a package's server. Raises Stop where none is attached."""
        import grpc
        from google.protobuf import empty_pb2
        from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

        if package not in self._ports:
            raise refused.refuse("no-provider", package)
        address = f"127.0.0.1:{self._ports[package]}"
        if package not in self._channels:
            self._channels[package] = grpc.aio.insecure_channel(address, options=_LIMIT)
        instance = Instance(provider_pb2_grpc.ResourceProviderStub(self._channels[package]))
        hello = provider_pb2.ProviderHandshakeRequest(
            engine_address=self._engine,
            configure_with_urn=True,
            invoke_with_preview=True,
        )
        try:
            answer = await _optional(instance.stub.Handshake(hello, timeout=_PATIENCE))
        except ProviderError as error:
            raise Stop(f"no provider for {package} answers at {address} (PULUMI_DEBUG_PROVIDERS): {error}") from None
        if answer is not None:
            instance.secrets, instance.references = answer.accept_secrets, answer.accept_resources
        await _optional(instance.stub.Attach(plugin_pb2.PluginAttach(address=self._engine)))
        await _optional(instance.stub.GetPluginInfo(empty_pb2.Empty()))
        self._loaded.append(instance)
        return instance

    def instance(self, reference: str) -> Instance:
        """The configured instance behind a provider reference."""
        urn, _, identifier = reference.rpartition("::")
        found = self._ready.get((urn, identifier))
        if found is None:
            raise LookupError(f"unknown provider '{reference}'")
        return found

    def alias(self, urn: str, former: str) -> None:
        """Let references to a provider's former URN reach it under its new one."""
        for (known, identifier), instance in list(self._ready.items()):
            if known == urn:
                self._ready[(former, identifier)] = instance

    async def check_config(self, question: Check) -> Answer:
        """CheckConfig of a provider resource, on a fresh instance."""
        from pulumi.runtime.proto import provider_pb2

        instance = await self.load(urns.package(urns.kind(question.urn)))
        request = provider_pb2.CheckRequest(
            urn=question.urn,
            name=urns.name(question.urn),
            type=urns.kind(question.urn),
            news=struct(_public(question.news), secrets=False, references=False),
        )
        if question.olds is not None:
            request.olds.CopyFrom(struct(_public(question.olds), secrets=False, references=False))
        answer = await _optional(instance.stub.CheckConfig(request))
        inputs = dict(_public(question.news))
        failures: tuple[tuple[str, str], ...] = ()
        if answer is not None:
            failures = tuple((failure.property, failure.reason) for failure in answer.failures)
            inputs = read(answer.inputs)
            mark_secrets(inputs, question.news)
        if not failures:
            self._planned[question.urn] = instance
        kept = {key: question.news[key] for key in ("version", "__internal") if key in question.news}
        return Answer({**inputs, **kept}, failures)

    async def diff_config(self, question: Diff) -> Answer:
        """DiffConfig between a recorded provider and its new inputs."""
        from pulumi.runtime.proto import provider_pb2

        instance = self._planned.get(question.urn) or self._ready.get((question.urn, question.id))
        if instance is None:
            instance = next(found for (urn, _), found in self._ready.items() if urn == question.urn)
        news = _public(question.new_inputs)
        request = provider_pb2.DiffRequest(
            id="",
            urn=question.urn,
            name=urns.name(question.urn),
            type=urns.kind(question.urn),
            old_inputs=struct(_public(question.old_inputs), secrets=False, references=False),
            olds=struct(question.old_outputs, secrets=False, references=False),
            news=struct(news, secrets=False, references=False),
            ignoreChanges=question.ignore_changes,
        )
        answer = await _optional(instance.stub.DiffConfig(request))
        found = diffed(answer) if answer is not None else Diffed(None)
        if found.replaces and self._planned.get(question.urn) is instance:
            await self._leave(self._planned.pop(question.urn))
        if found.changed is None:
            found = Diffed(dict(question.old_outputs) != news, found.replaces, found.keys, found.delete_before_replace)
        return Answer(difference=found)

    async def same(self, resource: Resource, inputs: Mapping[str, Value]) -> None:
        """Have a recorded provider configured, once."""
        if (resource.urn, resource.id) not in self._ready:
            await self.configure(resource, resource.id, inputs)

    async def configure(self, resource: Resource, identifier: str, inputs: Mapping[str, Value] | None = None) -> None:
        """Configure a provider, new or anew; `inputs` where others than the resource's own are to be used."""
        from pulumi.runtime.proto import provider_pb2

        instance = self._planned.pop(resource.urn, None) or await self.load(urns.package(resource.kind))
        self._ready[(resource.urn, identifier)] = instance
        given = _public(resource.inputs if inputs is None else inputs)
        if has_unknown(given):
            instance.known = False
            return
        package = urns.package(resource.kind)
        request = provider_pb2.ConfigureRequest(
            urn=resource.urn,
            name=resource.name,
            type=resource.kind,
            id=identifier,
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
            args=struct(given),
        )
        for key, value in given.items():
            if key != "version":
                plain = reveal(value)
                text = plain if isinstance(plain, str) else json.dumps(plain, separators=(",", ":"))
                request.variables[f"{package}:config:{key}"] = text
        answer = await instance.stub.Configure(request)
        instance.secrets = instance.secrets or answer.acceptSecrets
        instance.references = instance.references or answer.acceptResources

    async def retire(self, resource: Resource) -> None:
        """A provider resource was deleted: say goodbye to its instance, if it was ever loaded."""
        instance = self._ready.pop((resource.urn, resource.id), None)
        if instance is not None:
            await self._leave(instance)

    async def _leave(self, instance: Instance) -> None:
        from google.protobuf import empty_pb2

        self._loaded.remove(instance)
        try:
            await _optional(instance.stub.Cancel(empty_pb2.Empty(), timeout=5))
        except ProviderError as error:  # a provider that is gone cannot change the result of the run
            instance.outcome = error

    async def cancel(self) -> None:
        """Say goodbye to every instance and close the connections."""
        for instance in list(self._loaded):
            await self._leave(instance)
        for channel in self._channels.values():
            await channel.close()


def diffed(answer: Any) -> Diffed:
    """A DiffResponse as the planner hears it; a replacement may be asked for in the detailed difference alone."""
    changed = {1: False, 2: True}.get(answer.changes)
    detailed = dict(answer.detailedDiff) if answer.hasDetailedDiff else {}
    replaces = list(answer.replaces) or sorted(path for path, kind in detailed.items() if kind.kind in _REPLACING)
    return Diffed(changed, replaces, list(answer.diffs), answer.deleteBeforeReplace, tuple(sorted(detailed)))


def _public(inputs: Mapping[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in inputs.items() if key != "__internal"}


async def _optional(call: Any) -> Any:
    """A call that a provider need not implement: None where it does not. Raises ProviderError."""
    import grpc

    try:
        return await call
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.UNIMPLEMENTED:
            return None
        raise detail_of(error) from None
