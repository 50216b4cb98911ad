"""What the program lends to the engine through the SDK's Callbacks service: resource hooks and stack transforms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.engine.resources import Resource
from sandbox.engine.values import OUTPUT_SIG, SECRET_SIG, SIG, UNKNOWN_TEXT, Properties, struct


class HookRefused(Exception):
    """A hook said no; the text is the CLI's."""


@dataclass(frozen=True)
class Hook:
    """A registered hook: where it is called and when."""

    target: str
    token: str
    on_dry_run: bool
    ignore_errors: bool


@dataclass(frozen=True)
class Moment:
    """What a hook sees. `kind` is BeforeCreate, AfterUpdate ...; absent values are None."""

    kind: str
    id: str
    new_inputs: Properties | None = None
    old_inputs: Properties | None = None
    new_outputs: Properties | None = None
    old_outputs: Properties | None = None


class Callbacks:
    """The program's callbacks; one channel for each target that it serves."""

    def __init__(self) -> None:
        self._channels: dict[str, Any] = {}
        self._hooks: dict[str, Hook] = {}
        self.transforms: list[tuple[str, str]] = []
        self.warnings: list[tuple[str, str]] = []

    def add_hook(self, name: str, hook: Hook) -> None:
        """Register a hook. Raises ValueError where its name is taken."""
        if name in self._hooks:
            raise ValueError(f'resource hook already registered for name "{name}"')
        self._hooks[name] = hook

    async def run_hooks(self, resource: Resource, moment: Moment, preview: bool) -> None:
        """Call the resource's hooks of this moment in order. Raises HookRefused."""
        for name in resource.hooks.get(moment.kind, []):
            hook = self._hooks.get(name)
            if hook is None:
                raise HookRefused(f'hook "{name}" was not registered')
            if preview and not hook.on_dry_run:
                continue
            reason = await self._ask_hook(hook, resource, moment)
            if reason and hook.ignore_errors:
                self.warnings.append((resource.urn, f'{moment.kind} hook "{name}" failed: {reason}'))
            elif reason:
                when = "before" if moment.kind.startswith("Before") else "after"
                raise HookRefused(f'{when} hook "{name}" failed: {reason}')

    async def _ask_hook(self, hook: Hook, resource: Resource, moment: Moment) -> str:
        import grpc
        from pulumi.runtime.proto import resource_pb2

        request = resource_pb2.ResourceHookRequest(
            urn=resource.urn, id=moment.id, name=resource.name, type=resource.kind
        )
        for field in ("new_inputs", "old_inputs", "new_outputs", "old_outputs"):
            properties = getattr(moment, field)
            if properties is not None:
                getattr(request, field).CopyFrom(struct(properties))
        try:
            answer = await self._call(hook.target, hook.token, request.SerializeToString())
        except grpc.aio.AioRpcError as error:
            return str(error.details())
        return str(resource_pb2.ResourceHookResponse.FromString(answer).error)

    async def transform(self, request: Any, options: Any) -> tuple[Any, Any]:
        """The request's properties (a Struct) and options after every stack transform."""
        from pulumi.runtime.proto import resource_pb2

        properties = request.object
        if self.transforms:
            properties = _upgraded(properties)
        for target, token in self.transforms:
            asked = resource_pb2.TransformRequest(
                type=request.type,
                name=request.name,
                custom=request.custom,
                parent=request.parent,
                properties=properties,
                options=options,
            )
            answer = resource_pb2.TransformResponse.FromString(
                await self._call(target, token, asked.SerializeToString())
            )
            properties = answer.properties if answer.HasField("properties") else properties
            options = answer.options if answer.HasField("options") else options
        return properties, options

    async def _call(self, target: str, token: str, request: bytes) -> bytes:
        import grpc
        from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc

        if target not in self._channels:
            self._channels[target] = grpc.aio.insecure_channel(target)
        stub = callback_pb2_grpc.CallbacksStub(self._channels[target])
        answer = await stub.Invoke(callback_pb2.CallbackInvokeRequest(token=token, request=request))
        return bytes(answer.response)

    async def close(self) -> None:
        """Close every channel."""
        for channel in self._channels.values():
            await channel.close()


def _upgraded(properties: Any) -> Any:
    """Secrets and unknowns as output values, the form in which transforms get them as `Output`."""
    from google.protobuf import json_format, struct_pb2

    message = struct_pb2.Struct()
    message.update(_outputs(json_format.MessageToDict(properties)))
    return message


def _outputs(value: Any) -> Any:
    if value == UNKNOWN_TEXT:
        return {SIG: OUTPUT_SIG}
    if isinstance(value, dict):
        if value.get(SIG) == SECRET_SIG:
            return {SIG: OUTPUT_SIG, "secret": True, "value": value["value"]}
        return {key: _outputs(inner) for key, inner in value.items()}
    return [_outputs(inner) for inner in value] if isinstance(value, list) else value
