"""`python -m sandbox.providers.derive`: writes `schema/*.json`; `--check` only says what would change."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from typing import Any

from sandbox.providers.derive import botocore_names, by_hand, cloudflare_names, pulumi_sdk
from sandbox.providers.derive.sources import SOURCES, Source
from sandbox.providers.schema import path_of


def derive(token: str) -> str:
    """The schema file's text for one provider type."""
    resource, args = pulumi_sdk.resource_class(token)
    inputs = pulumi_sdk.fields(args)
    unknown = _named(inputs, SOURCES[token])
    by_hand.amend(token, inputs)
    raw: dict[str, Any] = {
        "token": token,
        "inputs": inputs,
        "outputs": pulumi_sdk.outputs(resource),
        "secrets": pulumi_sdk.secrets(resource),
        "unknown_to_the_vendor_sdk": unknown,
    }
    return json.dumps(raw, indent=1, sort_keys=True) + "\n"


def _named(inputs: dict[str, Any], source: Source) -> list[str]:
    if source.service:
        shape = botocore_names.model(source.service).shape_for(source.shape)
        botocore_names.name(inputs, shape, source.unnamed)
    elif source.params:
        module, name = source.params.split(":")
        return cloudflare_names.name(inputs, [getattr(import_module(module), name)], source.unnamed)
    return []


def main(arguments: list[str]) -> int:
    """Write or check every schema; returns the number of files that differ (for `--check`)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    only_check = parser.parse_args(arguments).check
    stale = 0
    for token in SOURCES:
        path, text = path_of(token), derive(token)
        if path.exists() and path.read_text() == text:
            continue
        stale += 1
        sys.stdout.write(f"{'stale' if only_check else 'written'}: {path.name}\n")
        if not only_check:
            path.write_text(text)
    return stale if only_check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
