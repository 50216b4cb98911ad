"""Physical names where the real providers make them: `<resource name>-<7 hex digits>`. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.providers.row import Type

PROPOSE, ENFORCE, DISABLE = 0, 1, 2


@dataclass(frozen=True)
class Naming:
    """What the engine says about names: `mode` PROPOSE, ENFORCE or DISABLE and the proposed name ("" for none)."""

    mode: int = PROPOSE
    proposed: str = ""


def resource_name(urn: str) -> str:
    """The last part of a URN: the name in the program."""
    return urn.rsplit("::", 1)[-1]


def physical_name(row: Type, urn: str, olds: Mapping[str, Any], seed: bytes, naming: Naming) -> str | None:
    """The name for a resource that declares none; None when the engine forbids automatic names.

    A name that was made before is kept; the same seed gives the same name.
    """
    if naming.mode == DISABLE:
        return None
    before = olds.get(row.autoname)
    if isinstance(before, str) and _was_made(row, urn, before, naming):
        return before
    if naming.proposed:
        return naming.proposed
    logical = resource_name(urn)
    if not row.random_name:
        return logical
    suffix = hashlib.blake2b(seed + urn.encode(), digest_size=4).hexdigest()[:7]
    name = f"{logical[: row.name_limit - 8]}-{suffix}"
    return name.lower() if row.lower_name else name


def collides(row: Type, urn: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether a replacement would carry the old one's physical name: then the old one must be deleted first."""
    before, after = olds.get(row.autoname), news.get(row.autoname)
    if not row.autoname or not isinstance(before, str) or before != after:
        return False
    return not (row.random_name and _was_made(row, urn, before, Naming()))


def _was_made(row: Type, urn: str, name: str, naming: Naming) -> bool:
    logical = resource_name(urn)
    if not row.random_name:
        return name == logical
    stem = re.escape(logical[: row.name_limit - 8])
    return bool(re.fullmatch(f"{stem}-[0-9a-f]{{7}}", name, re.IGNORECASE)) or naming.mode == ENFORCE
