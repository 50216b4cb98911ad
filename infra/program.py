"""Picks the program for this stack: the platform, or one wedding."""

from __future__ import annotations

from pathlib import Path

import pulumi
from pydantic import ValidationError

from controlplane.domain.inventory import Inventory
from infra import freeze_hooks, shared_platform, stack_settings, wedding
from infra.catalogue_reader import spec_of
from infra.components.ci_token import check_slot

WEDDINGS = "wedcache-weddings"


def main() -> None:
    """Declare the stack that Pulumi asked for. Called once, by `__main__`."""
    if pulumi.get_project() == WEDDINGS:
        declare_wedding()
    else:
        declare_platform()


def declare_platform() -> None:
    """The shared stack."""
    settings = stack_settings.read_platform()
    moment = freeze_hooks.install(settings.calendar, settings.surroundings.clock, protect=settings.deletion_protection)
    check_slot(settings.ci_token, moment.calendar)
    shared_platform.declare(settings)


def declare_wedding() -> None:
    """The stack of the wedding that this stack is named after."""
    settings = stack_settings.read_wedding()
    platform = _platform(settings.inventory)
    spec = spec_of(settings.catalogue, pulumi.get_stack())
    freeze_hooks.install(settings.calendar, platform.clock, protect=settings.deletion_protection)
    wedding.declare(spec, platform, settings.price_class)


def _platform(file: Path) -> Inventory:
    """The last good copy of the platform's inventory. Raises SettingsError if there is none that can be used."""
    try:
        return Inventory.from_json(file.read_bytes())
    except (OSError, ValidationError) as why:
        raise stack_settings.SettingsError(
            f"the platform's inventory {file} cannot be used: {why}\nNothing was declared; bring the platform's stack "
            "up, then fetch its inventory with `wedcache status`"
        ) from why
