"""The record of a run: what was under way and what is done, saved before and after every change.

The state after each step is the new resources in their order, then what is left of the former ones. Saving is one
write for all who ask at the same moment, and unchanged resources are not encoded again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sandbox.engine.checkpoint import compact, resource_json
from sandbox.engine.resources import Pending, Resource, Snapshot, Step

_PENDING = {
    "create": "creating",
    "create-replacement": "creating",
    "update": "updating",
    "delete": "deleting",
    "delete-replaced": "deleting",
}


class Journal:
    """Follows a run from `prior`; `write(resources, pending)` stores resources and operations given as JSON texts."""

    def __init__(
        self, prior: Snapshot, encrypt: Callable[[str], str], write: Callable[[list[str], list[str]], None]
    ) -> None:
        self._prior = prior
        self._encrypt = encrypt
        self._write = write
        self._new: list[Resource] = []
        self._done: set[int] = set()
        self._pending: dict[int, Pending] = {}
        self._texts: dict[int, tuple[Resource, str]] = {}
        self._wanted = 0
        self._saved = 0
        self._saving = asyncio.Lock()

    async def begin(self, step: Step) -> None:
        """Note the operation before its call."""
        operation = _PENDING.get(step.op)
        if operation is not None:
            self._pending[id(step.resource)] = Pending(step.resource, operation)
            await self.save()

    async def end(self, step: Step, succeeded: bool) -> None:
        """Note the outcome of a step."""
        self._pending.pop(id(step.resource), None)
        if not succeeded:
            await self.save()
            return
        for resource in (step.old, step.new):
            self.touch(resource)
        if step.op in ("create", "create-replacement", "update", "same") and step.new is not None and not step.skipped:
            self._new.append(step.new)
        if step.old is not None and _leaves(step):
            self._done.add(id(step.old))
        if step.op != "replace":
            await self.save()

    def touch(self, resource: Resource | None) -> None:
        """The resource changed: encode it anew at the next save."""
        self._texts.pop(id(resource), None)

    def snapshot(self) -> Snapshot:
        """The state as of now."""
        everything = [*self._new, *self._prior.resources]
        creating = [pending for pending in self._prior.pending if pending.operation == "creating"]
        return Snapshot([r for r in everything if id(r) not in self._done], [*self._pending.values(), *creating])

    async def save(self) -> None:
        """Store the state; returns when a write that began after this call is done."""
        self._wanted += 1
        mine = self._wanted
        await asyncio.sleep(0)
        async with self._saving:
            if self._saved >= mine:
                return
            upto = self._wanted
            now = self.snapshot()
            self._write([self._text(r) for r in now.resources], [self._operation(p) for p in now.pending])
            self._saved = upto

    def _text(self, resource: Resource) -> str:
        known = self._texts.get(id(resource))
        if known is None:
            known = (resource, compact(resource_json(resource, self._encrypt)))
            self._texts[id(resource)] = known
        return known[1]

    def _operation(self, pending: Pending) -> str:
        resource = compact(resource_json(pending.resource, self._encrypt))
        return f'{{"resource":{resource},"type":{compact(pending.operation)}}}'


def _leaves(step: Step) -> bool:
    """Whether the step's former resource leaves the state."""
    old = step.old
    if old is None or step.op == "replace":
        return False
    if step.op == "create-replacement":
        return old.pending_replacement
    if step.op in ("delete", "delete-replaced"):
        return not old.pending_replacement
    return True
