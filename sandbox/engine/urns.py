"""URNs and provider references: `urn:pulumi:<stack>::<project>::<parent types$type>::<name>`, `<urn>::<id>`."""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


def make(stack: str, project: str, parent: str, kind: str, name: str) -> str:
    """The URN of a resource; the parent's types qualify the type, except the stack's."""
    parents = qualified_type(parent) if parent else ""
    prefix = f"{parents}$" if parents and parents != STACK_TYPE else ""
    return f"urn:pulumi:{stack}::{project}::{prefix}{kind}::{name}"


def qualified_type(urn: str) -> str:
    """The types of the resource and its parents, joined by `$`."""
    return urn.split("::", 3)[2]


def kind(urn: str) -> str:
    """The resource's own type."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def name(urn: str) -> str:
    """The resource's name."""
    return urn.split("::", 3)[3]


def is_provider(kind_: str) -> bool:
    """Whether the type is a provider's."""
    return kind_.startswith(PROVIDER_PREFIX)


def package(kind_: str) -> str:
    """The package that serves the type."""
    return kind_.removeprefix(PROVIDER_PREFIX) if is_provider(kind_) else kind_.split(":", 1)[0]


def provider_urn(reference: str) -> str:
    """The URN inside a provider reference; "" for none."""
    return reference.rsplit("::", 1)[0] if reference else ""
