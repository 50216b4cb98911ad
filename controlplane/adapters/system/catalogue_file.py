"""The catalogue's file: YAML in, a checked catalogue or its compiled calendar out; every error names file and line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from controlplane.adapters.system import places, yaml_lines
from controlplane.adapters.system import tzdata as zone_files
from controlplane.domain.calendar import Calendar
from controlplane.domain.calendar_json import CalendarUnreadable, from_json
from controlplane.domain.catalogue import Catalogue
from controlplane.domain.catalogue_check import problems
from controlplane.domain.compilation import compiled
from controlplane.domain.zones import Zones
from controlplane.errors import BadInput

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

_MOST_BYTES = 64 * 1024 * 1024
_MOST_SHOWN = 20
_PLAIN_WORDS = {
    "missing": "is missing",
    "tuple_type": "must be a list: [...]",
    "dict_type": "must be a mapping of keys and values",
    "model_type": "must be a mapping of keys and values",
    "string_type": "must be a text; put it in quotes",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "too_short": "must not be empty",
}


class CatalogueInvalid(BadInput):
    """The catalogue cannot be used; `findings` are lines of `file:line: what is wrong; what is right`."""

    def __init__(self, path: Path, findings: Iterable[tuple[int, str]]) -> None:
        self.findings = [f"{path}:{line}: {text}" for line, text in sorted(set(findings))]
        shown = self.findings[:_MOST_SHOWN]
        more = len(self.findings) - len(shown)
        told = "\n".join([*shown, f"... and {more} more"] if more else shown)
        super().__init__(told, next_step=f"correct {path} and run the command again")


def load(path: Path, zones: Zones | None = None) -> Catalogue:
    """The catalogue in `path`, checked against `zones` (by default the pinned ones). Raises CatalogueInvalid."""
    document = _document(path)
    catalogue = _model(path, document)
    found = problems(catalogue, zones or zone_files.pinned(), places.zone_at)
    if found:
        raise CatalogueInvalid(path, [(document.line(each.path), f"{_told(each.path)}: {each.text}") for each in found])
    return catalogue


def calendar(path: Path, at: datetime, zones: Zones | None = None) -> Calendar:
    """The calendar compiled as of `at` from the catalogue in `path`; or, in a `.json` file, one compiled before.

    Raises CatalogueInvalid.
    """
    if path.suffix == ".json":
        try:
            return from_json(_text(path))
        except CalendarUnreadable as why:
            raise CatalogueInvalid(path, [(1, str(why))]) from why
    zones = zones or zone_files.pinned()
    return compiled(load(path, zones), zones, places.zone_at, at)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise CatalogueInvalid(path, [(1, f"larger than {_MOST_BYTES // 1024 // 1024} MiB")])
        return path.read_text(encoding="utf-8")
    except OSError as why:
        raise BadInput(
            f"{path}: {why.strerror or why}", next_step="give the catalogue's file: --catalogue FILE"
        ) from why
    except UnicodeDecodeError as why:
        line = why.object[: why.start].count(b"\n") + 1
        raise CatalogueInvalid(path, [(line, "not UTF-8; save the file as UTF-8")]) from why


def _document(path: Path) -> yaml_lines.Lines:
    text = _text(path)
    try:
        document = yaml_lines.read(text)
    except yaml_lines.NotYaml as why:
        raise CatalogueInvalid(path, [(why.line, f"not YAML: {why}")]) from why
    if document.repeated:
        raise CatalogueInvalid(path, document.repeated)
    if not isinstance(document.value, dict):
        raise CatalogueInvalid(path, [(1, "not a catalogue; it begins with schema: wedcache.catalogue/1")])
    return document


def _model(path: Path, document: yaml_lines.Lines) -> Catalogue:
    from pydantic import ValidationError

    try:
        return Catalogue.model_validate(document.value)
    except ValidationError as why:
        found = [_finding(document, error) for error in why.errors(include_url=False)]
        raise CatalogueInvalid(path, found) from why


def _finding(document: yaml_lines.Lines, error: ErrorDetails) -> tuple[int, str]:
    path = tuple(part for part in error["loc"] if part != "[key]")
    line, kind, given = document.line(path), error["type"], error["input"]
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(path[-1]), _keys_at(path[:-1]), n=1, cutoff=0.5)
        known = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(_keys_at(path[:-1]))}"
        return line, f"{_told(path)}: unknown key; {known}"
    if kind == "value_error":
        return line, f"{_told(path)}: {error['ctx']['error']}"
    if given is None and kind != "missing":
        return line, f"{_told(path)}: has no value; write one or remove the key"
    if kind == "string_pattern_mismatch":
        return line, f"{_told(path)}: {given!r} does not fit {error['ctx']['pattern']}"
    if kind in ("enum", "literal_error"):
        return line, f"{_told(path)}: {given!r} is not {error['ctx']['expected']}{_nearest(given, error)}"
    shown = "" if kind == "missing" or isinstance(given, dict | list) else f", not {given!r}"
    return line, f"{_told(path)}: {_PLAIN_WORDS.get(kind, error['msg'].lower())}{shown}"


def _nearest(given: object, error: ErrorDetails) -> str:
    choices = [word.strip("' ") for word in str(error["ctx"]["expected"]).replace(" or ", ",").split(",")]
    near = difflib.get_close_matches(str(given).lower(), choices, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _told(path: tuple[str | int, ...]) -> str:
    told = ""
    for part in path:
        told += f"[{part}]" if isinstance(part, int) else f".{part}" if told else part
    return told or "the file"


def _keys_at(path: tuple[str | int, ...]) -> list[str]:
    """The keys that the model knows at `path`."""
    model: type[BaseModel] | None = Catalogue
    for part in path:
        if isinstance(part, str) and model is not None and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside `tuple[Model, ...]`, `dict[K, Model]` or `Model | None`."""
    if hasattr(annotation, "model_fields"):
        return annotation  # type: ignore[no-any-return]  # annotations are Any to the type checker
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
