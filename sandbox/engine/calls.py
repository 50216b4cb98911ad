"""The calls that plan and change one resource, each by the instance of its provider."""

from __future__ import annotations

from typing import Any

from sandbox.engine import urns
from sandbox.engine.grpc_errors import detail_of
from sandbox.engine.providers import Instance, Providers, diffed
from sandbox.engine.questions import Answer, Check, Diff, Diffed, Load, Question
from sandbox.engine.resources import Resource
from sandbox.engine.values import Properties, Value


class UnknownConfiguration(Exception):
    """A preview cannot ask a provider whose configuration is not known yet."""


async def answer(providers: Providers, question: Question, olds: dict[str, Resource]) -> Answer:
    """Put one of the planner's questions to the right provider. Raises ProviderError."""
    import grpc

    try:
        if isinstance(question, Load):
            recorded = olds[urns.provider_urn(question.provider)]
            await providers.same(recorded, recorded.inputs)
            return Answer()
        if urns.is_provider(urns.kind(question.urn)):
            if isinstance(question, Check):
                return await providers.check_config(question)
            return await providers.diff_config(question)
        instance = providers.instance(question.provider)
        if isinstance(question, Check):
            return await _check(instance, question)
        return await _diff(instance, question)
    except grpc.aio.AioRpcError as error:
        raise detail_of(error) from None


async def _check(instance: Instance, question: Check) -> Answer:
    from pulumi.runtime.proto import provider_pb2

    if not instance.known:
        return Answer(dict(question.news))
    request = provider_pb2.CheckRequest(
        urn=question.urn,
        name=urns.name(question.urn),
        type=urns.kind(question.urn),
        olds=instance.pack(question.olds or {}),
        news=instance.pack(question.news),
        randomSeed=question.seed,
    )
    found = await instance.stub.Check(request)
    failures = tuple((failure.property, failure.reason) for failure in found.failures)
    return Answer(instance.unpack(found.inputs, question.news), failures)


async def _diff(instance: Instance, question: Diff) -> Answer:
    from pulumi.runtime.proto import provider_pb2

    if not instance.known:
        return Answer(difference=Diffed(True))
    request = provider_pb2.DiffRequest(
        id=question.id,
        urn=question.urn,
        name=urns.name(question.urn),
        type=urns.kind(question.urn),
        old_inputs=instance.pack(question.old_inputs),
        olds=instance.pack(question.old_outputs),
        news=instance.pack(question.new_inputs),
        ignoreChanges=question.ignore_changes,
    )
    return Answer(difference=diffed(await instance.stub.Diff(request)))


async def create(instance: Instance, new: Resource, preview: bool) -> tuple[str, Properties | None]:
    """Create; the id is "" in a preview. Raises ProviderError."""
    from pulumi.runtime.proto import provider_pb2

    if preview and not instance.known:
        return "", None
    request = provider_pb2.CreateRequest(
        urn=new.urn,
        name=new.name,
        type=new.kind,
        properties=instance.pack(new.inputs),
        timeout=new.custom_timeouts.get("create", 0),
        preview=preview,
    )
    found = await _called(instance.stub.Create(request))
    return found.id, instance.unpack(found.properties, new.inputs)


async def update(instance: Instance, old: Resource, new: Resource, preview: bool) -> Properties:
    """Update in place; the new outputs. Raises ProviderError."""
    from pulumi.runtime.proto import provider_pb2

    if preview and not instance.known:
        return {}
    request = provider_pb2.UpdateRequest(
        id=old.id,
        urn=new.urn,
        name=new.name,
        type=new.kind,
        old_inputs=instance.pack(old.inputs),
        olds=instance.pack(old.outputs or {}),
        news=instance.pack(new.inputs),
        timeout=new.custom_timeouts.get("update", 0),
        ignoreChanges=new.ignore_changes,
        preview=preview,
    )
    found = await _called(instance.stub.Update(request))
    return instance.unpack(found.properties, new.inputs)


async def delete(instance: Instance, old: Resource) -> None:
    """Delete. Raises ProviderError."""
    from pulumi.runtime.proto import provider_pb2

    request = provider_pb2.DeleteRequest(
        id=old.id,
        urn=old.urn,
        name=old.name,
        type=old.kind,
        properties=instance.pack(old.outputs or {}),
        old_inputs=instance.pack(old.inputs),
        timeout=old.custom_timeouts.get("delete", 0),
    )
    await _called(instance.stub.Delete(request))


async def invoke(instance: Instance, token: str, arguments: dict[str, Value], preview: bool) -> Any:
    """Invoke a function; the provider's answer as it came. Raises ProviderError."""
    from pulumi.runtime.proto import provider_pb2

    request = provider_pb2.InvokeRequest(tok=token, args=instance.pack(arguments), preview=preview)
    return await _called(instance.stub.Invoke(request))


async def _called(call: Any) -> Any:
    import grpc

    try:
        return await call
    except grpc.aio.AioRpcError as error:
        raise detail_of(error) from None
