"""A deployment engine reduced to its calls: what a test says to a provider over gRPC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.providers.values import Properties, decode, encode

SEED = bytes(range(32))


def urn_of(token: str, name: str) -> str:
    """A URN as the engine makes it, inside a component."""
    return f"urn:pulumi:test::wedcache::wedcache:edge:Part${token}::{name}"


@dataclass
class Resource:
    """What the engine remembers of one resource."""

    token: str
    name: str
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    identity: str = ""

    @property
    def urn(self) -> str:
        return urn_of(self.token, self.name)


class Engine:
    """Calls one provider. Refused Checks raise AssertionError with the reasons."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)

    def configure(self, settings: Properties) -> Any:
        self.stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
        return self.stub.Configure(provider_pb2.ConfigureRequest(args=encode(settings), acceptSecrets=True))

    def reasons(self, token: str, news: Properties) -> list[str]:
        """The refusals of a Check."""
        answer = self.stub.Check(
            provider_pb2.CheckRequest(urn=urn_of(token, "part"), news=encode(news), randomSeed=SEED)
        )
        return [failure.reason for failure in answer.failures]

    def check(self, resource: Resource, news: Properties, seed: bytes = SEED) -> Properties:
        request = provider_pb2.CheckRequest(
            urn=resource.urn, olds=encode(resource.inputs), news=encode(news), randomSeed=seed
        )
        answer = self.stub.Check(request)
        assert not answer.failures, [failure.reason for failure in answer.failures]
        return decode(answer.inputs)[0]

    def diff(self, resource: Resource, news: Properties) -> Any:
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                id=resource.identity,
                urn=resource.urn,
                olds=encode(resource.outputs),
                old_inputs=encode(resource.inputs),
                news=encode(news),
            )
        )

    def preview(self, resource: Resource, news: Properties) -> Properties:
        """The outputs that a create would have, without one call to a vendor."""
        answer = self.stub.Create(provider_pb2.CreateRequest(urn=resource.urn, properties=encode(news), preview=True))
        return decode(answer.properties)[0]

    def create(self, token: str, name: str, declared: Properties, timeout: float = 30.0) -> Resource:
        resource = Resource(token, name)
        inputs = self.check(resource, declared)
        answer = self.stub.Create(
            provider_pb2.CreateRequest(urn=resource.urn, properties=encode(inputs), timeout=timeout)
        )
        resource.inputs, resource.outputs, resource.identity = inputs, decode(answer.properties)[0], answer.id
        return resource

    def read(self, resource: Resource) -> Resource | None:
        """The resource after a refresh; None when it is gone."""
        answer = self.stub.Read(
            provider_pb2.ReadRequest(
                id=resource.identity,
                urn=resource.urn,
                inputs=encode(resource.inputs),
                properties=encode(resource.outputs),
            )
        )
        if not answer.id:
            return None
        return Resource(
            resource.token, resource.name, decode(answer.inputs)[0], decode(answer.properties)[0], answer.id
        )

    def update(self, resource: Resource, declared: Properties) -> Resource:
        inputs = self.check(resource, declared)
        answer = self.stub.Update(
            provider_pb2.UpdateRequest(
                id=resource.identity,
                urn=resource.urn,
                olds=encode(resource.outputs),
                old_inputs=encode(resource.inputs),
                news=encode(inputs),
            )
        )
        return Resource(resource.token, resource.name, inputs, decode(answer.properties)[0], resource.identity)

    def delete(self, resource: Resource) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(
                id=resource.identity,
                urn=resource.urn,
                properties=encode(resource.outputs),
                old_inputs=encode(resource.inputs),
            )
        )
