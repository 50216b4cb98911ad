"""Picks the program for this stack: the platform, or one wedding."""

from __future__ import annotations

import zoneinfo

import pulumi

from controlplane.domain.inventory import Inventory
from infra import freeze_hooks, shared_platform, stack_settings, wedding
from infra.catalogue_reader import read_catalogue, spec_of

WEDDINGS = "wedcache-weddings"


def main() -> None:
    """Declare the stack that Pulumi asked for. Called once, by `__main__`."""
    zoneinfo.reset_tzpath(to=[])  # the pinned tzdata decides, not the machine's zone files
    if pulumi.get_project() == WEDDINGS:
        declare_wedding()
    else:
        declare_platform()


def declare_platform() -> None:
    """The shared stack."""
    settings = stack_settings.read_platform()
    catalogue = read_catalogue(settings.catalogue)
    freeze_hooks.install(catalogue, "platform", settings.surroundings.clock, protect=settings.deletion_protection)
    shared_platform.declare(settings)


def declare_wedding() -> None:
    """The stack of the wedding that this stack is named after."""
    settings = stack_settings.read_wedding()
    catalogue = read_catalogue(settings.catalogue)
    platform = Inventory.from_json(settings.inventory.read_text())
    spec = spec_of(catalogue, pulumi.get_stack())
    freeze_hooks.install(catalogue, f"wedding:{spec.wedding}", platform.clock, protect=settings.deletion_protection)
    wedding.declare(spec, platform)
