"""The checked-in schema of one provider type, as `python -m sandbox.providers.derive` wrote it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("schema")
Spec = dict[str, Any]


@dataclass(frozen=True)
class Schema:
    """What is known of a type without asking anybody.

    `inputs`: property -> spec (type, required, enum, items, fields, api); `outputs`: every property -> its scalar type
    or `any`; `secrets`: outputs that the SDK marks secret."""

    token: str
    inputs: dict[str, Spec]
    outputs: dict[str, str]
    secrets: tuple[str, ...]


def path_of(token: str) -> Path:
    """`aws:cloudfront/cachePolicy:CachePolicy` -> `schema/aws.cloudfront.CachePolicy.json`.

    `pulumi:providers:aws` -> `schema/aws.provider.json`."""
    package, rest = token.split(":", 1)
    if package == "pulumi":
        return FOLDER / f"{token.rsplit(':', 1)[1]}.provider.json"
    module, name = rest.split("/")[0], rest.rsplit(":", 1)[1]
    return FOLDER / f"{package}.{module}.{name}.json"


@cache
def load(token: str) -> Schema:
    """The schema of `token`; raises FileNotFoundError when it was never derived."""
    raw = json.loads(path_of(token).read_text())
    return Schema(token, raw["inputs"], raw["outputs"], tuple(raw["secrets"]))
