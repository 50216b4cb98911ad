"""What the engine reasons about: a recorded resource, the program's goal for it, a step, a whole snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.engine import urns
from sandbox.engine.values import Properties


@dataclass(eq=False)
class Resource:
    """One resource as the checkpoint records it (ResourceV3). Compared by identity: two may share a URN during a
    replacement.
    """

    urn: str
    kind: str
    custom: bool
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties | None = None
    parent: str = ""
    protect: bool = False
    delete: bool = False
    external: bool = False
    dependencies: list[str] = field(default_factory=list)
    provider: str = ""
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    pending_replacement: bool = False
    init_errors: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    retain_on_delete: bool = False
    deleted_with: str = ""
    created: str = ""
    modified: str = ""
    source_position: str = ""
    stack_trace: list[str] = field(default_factory=list)
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    hooks: dict[str, list[str]] = field(default_factory=dict)
    rest: dict[str, Any] = field(default_factory=dict)  # fields of the checkpoint that we carry and do not use

    @property
    def name(self) -> str:
        """The name inside the URN."""
        return urns.name(self.urn)

    def needs(self) -> Iterator[str]:
        """URNs that must outlive this resource, its parent apart: provider, dependencies, deletedWith."""
        if self.provider:
            yield urns.provider_urn(self.provider)
        yield from self.dependencies
        for dependencies in self.property_dependencies.values():
            yield from dependencies
        if self.deleted_with:
            yield self.deleted_with


@dataclass(eq=False)
class Goal:
    """What the program wants of one resource, after transforms; None means that it said nothing."""

    kind: str
    name: str
    custom: bool
    properties: Properties
    parent: str = ""
    protect: bool | None = None
    dependencies: list[str] = field(default_factory=list)
    provider: str = ""
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    delete_before_replace: bool | None = None
    ignore_changes: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    replace_on_changes: list[str] = field(default_factory=list)
    retain_on_delete: bool | None = None
    deleted_with: str = ""
    hooks: dict[str, list[str]] = field(default_factory=dict)
    source_position: str = ""
    stack_trace: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Step:
    """One step; `op` is the CLI's word for it. `keep` marks the delete half of a delete-before-replace."""

    op: str
    old: Resource | None
    new: Resource | None
    keys: list[str] = field(default_factory=list)
    diffs: list[str] = field(default_factory=list)
    keep: bool = False
    park: bool = False  # a create that leaves its predecessor to be deleted at the end
    skipped: bool = False  # a registration that a destroy answers without creating anything

    @property
    def resource(self) -> Resource:
        """The resource that the step is about: the new one, for deletes the old one."""
        found = self.new or self.old
        if found is None:
            raise ValueError("a step is about some resource")
        return found

    @property
    def urn(self) -> str:
        """The URN of the step's resource."""
        return self.resource.urn


@dataclass(eq=False)
class Pending:
    """An operation that had begun when the state was saved: `creating`, `updating` or `deleting`."""

    resource: Resource
    operation: str


@dataclass(eq=False)
class Snapshot:
    """A stack's resources in dependency order, and what was under way."""

    resources: list[Resource] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
