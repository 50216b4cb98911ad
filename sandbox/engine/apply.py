"""Carrying out one step: hooks, the provider's call, and what the resource looks like afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.engine import calls, urns
from sandbox.engine.callbacks import Callbacks, HookRefused, Moment
from sandbox.engine.checkpoint import stamp
from sandbox.engine.grpc_errors import ProviderError
from sandbox.engine.providers import Providers
from sandbox.engine.resources import Resource, Step
from sandbox.engine.values import UNKNOWN_TEXT, has_secret, read, secret


class StepFailed(Exception):
    """A step did not succeed; `partial` where the object exists all the same and is recorded with its reasons."""

    def __init__(self, text: str, *, partial: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.partial = partial


class Protected(StepFailed):
    """A protected resource was to be deleted: reported, and the other deletes go on."""


@dataclass
class World:
    """Everything that steps act upon."""

    providers: Providers
    callbacks: Callbacks
    preview: bool
    now: Callable[[], datetime]
    deleted: set[str] = field(default_factory=set)  # URNs deleted in this run, for deletedWith


async def _hooks(world: World, resource: Resource, moment: Moment) -> None:
    try:
        await world.callbacks.run_hooks(resource, moment, world.preview)
    except HookRefused as no:
        raise StepFailed(str(no), partial=moment.kind.startswith("After")) from None


def _both(step: Step) -> tuple[Resource, Resource]:
    if step.old is None or step.new is None:
        raise ValueError(f"a {step.op} has an old and a new side")
    return step.old, step.new


async def create(world: World, step: Step) -> None:
    """Create, also the create half of a replacement."""
    new = step.resource
    await _hooks(world, new, Moment("BeforeCreate", "", new_inputs=new.inputs))
    partial = None
    if urns.is_provider(new.kind):
        new.id = UNKNOWN_TEXT if world.preview else str(uuid.uuid4())
        await world.providers.configure(new, new.id)
        new.outputs = {key: value for key, value in new.inputs.items() if key != "__internal"}
    elif new.custom:
        try:
            new.id, new.outputs = await calls.create(world.providers.instance(new.provider), new, world.preview)
        except ProviderError as error:
            partial = _half_made(new, error)
        if not new.id and not world.preview:
            raise StepFailed(f"plugin returned empty resource.ID from create '{new.urn}'")
    new.created = new.modified = stamp(world.now())
    if step.park and step.old is not None:
        step.old.delete = True
    if partial is not None:
        raise partial
    if new.custom:
        await _hooks(world, new, Moment("AfterCreate", new.id, new_inputs=new.inputs, new_outputs=new.outputs))


def _half_made(new: Resource, error: ProviderError) -> StepFailed:
    """Note what exists although the call failed. Raises StepFailed where nothing does."""
    if error.partial is None:
        raise StepFailed(error.text) from None
    new.id = error.partial.id or new.id
    new.outputs = read(error.partial.properties)
    new.init_errors = list(error.partial.reasons)
    return StepFailed(error.text, partial=True)


async def update(world: World, step: Step) -> None:
    """Update in place."""
    old, new = _both(step)
    new.id, new.created, new.modified = old.id, old.created, old.modified
    moment = Moment("BeforeUpdate", new.id, new_inputs=new.inputs, old_inputs=old.inputs, old_outputs=old.outputs)
    await _hooks(world, new, moment)
    partial = None
    if urns.is_provider(new.kind):
        await world.providers.configure(new, new.id)
        new.outputs = {key: value for key, value in new.inputs.items() if key != "__internal"}
    elif new.custom:
        try:
            new.outputs = await calls.update(world.providers.instance(new.provider), old, new, world.preview)
        except ProviderError as error:
            partial = _half_made(new, error)
    if new.custom:
        new.modified = stamp(world.now())
    if partial is not None:
        raise partial
    if new.custom:
        await _hooks(world, new, _updated(old, new))


def _updated(old: Resource, new: Resource) -> Moment:
    return Moment(
        "AfterUpdate",
        new.id,
        new_inputs=new.inputs,
        old_inputs=old.inputs,
        new_outputs=new.outputs,
        old_outputs=old.outputs,
    )


async def same(world: World, step: Step) -> None:
    """Keep the resource as it is; an unchanged provider becomes ready."""
    new = step.resource
    if step.old is None:
        return
    new.id, new.outputs = step.old.id, step.old.outputs
    if urns.is_provider(new.kind):
        await world.providers.same(new, step.old.inputs)
        for former in new.aliases:
            world.providers.alias(new.urn, former)


async def delete(world: World, step: Step) -> None:
    """Delete, also the delete half of a replacement (which protection does not stop: that was decided before)."""
    old = step.resource
    moment = Moment("BeforeDelete", old.id, old_inputs=old.inputs, old_outputs=old.outputs)
    await _hooks(world, old, moment)
    if old.protect and step.op == "delete":
        raise Protected(_protected(old))
    vanishes = old.deleted_with in world.deleted
    world.deleted.add(old.urn)
    kept = old.external or old.retain_on_delete or vanishes
    if not world.preview and old.custom and not urns.is_provider(old.kind) and not kept:
        await calls.delete(world.providers.instance(old.provider), old)
    if not world.preview and urns.is_provider(old.kind):
        await world.providers.retire(old)
    if step.keep:
        old.pending_replacement = True
    await _hooks(world, old, Moment("AfterDelete", old.id, old_inputs=old.inputs, old_outputs=old.outputs))


def _protected(old: Resource) -> str:
    return (
        f'resource "{old.urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, either remove '
        "the `protect` flag from the resource in your Pulumi program and run `pulumi up`, or use the command:\n"
        f"`pulumi state unprotect '{old.urn}'`"
    )


async def nothing(world: World, step: Step) -> None:
    """A step that only the record and the reader know: `replace`, `remove-pending-replace`."""


async def after_component(world: World, step: Step) -> None:
    """The after hooks of a component, once its outputs are there. Raises StepFailed."""
    new = step.resource
    if new.custom or step.op not in ("create", "update"):
        return
    if step.op == "create":
        await _hooks(world, new, Moment("AfterCreate", new.id, new_inputs=new.inputs, new_outputs=new.outputs))
    elif step.old is not None:
        await _hooks(world, new, _updated(step.old, new))


def mark(new: Resource) -> None:
    """Mark outputs that are secret: those asked for, and those whose input of the same name is."""
    if new.outputs is None:
        return
    for key, value in new.outputs.items():
        asked = key in new.additional_secret_outputs and key != "id"
        if asked or (key in new.inputs and has_secret_top(new.inputs[key])):
            new.outputs[key] = secret(value)


def has_secret_top(value: object) -> bool:
    """Whether the value itself, not something inside it, is a secret."""
    return has_secret(value) and not isinstance(value, (dict, list))


OPERATIONS: dict[str, Callable[[World, Step], Awaitable[None]]] = {
    "create": create,
    "create-replacement": create,
    "update": update,
    "same": same,
    "delete": delete,
    "delete-replaced": delete,
    "replace": nothing,
    "remove-pending-replace": nothing,
}
