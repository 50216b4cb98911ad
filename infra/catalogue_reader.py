"""A wedding's row of the catalogue, as its stack needs it."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from controlplane.domain.catalogue import Catalogue
from infra.stack_settings import SettingsError
from infra.wedding import WeddingSpec


def spec_of(catalogue_file: Path, wedding: str) -> WeddingSpec:
    """The spec of `wedding`. Raises SettingsError if the catalogue does not have it or cannot be read.

    `wedcache freeze show` checks the catalogue with lines and suggestions; here a wrong one only stops the program.
    """
    try:
        catalogue = Catalogue.model_validate(YAML(typ="safe").load(catalogue_file.read_text()))
    except (OSError, UnicodeDecodeError, YAMLError, ValidationError) as why:
        raise SettingsError(
            f"the catalogue {catalogue_file} cannot be read: {why}\nNothing was declared; `wedcache freeze show` "
            "names the line"
        ) from why
    for row in catalogue.weddings:
        if row.id == wedding:
            return WeddingSpec(row.id, tuple(row.hosts), row.shape, row.home, row.cell)
    known = ", ".join(row.id for row in catalogue.weddings)
    raise SettingsError(f"the stack {wedding!r} names no wedding of {catalogue_file}; known: {known}")
