"""The checkpoint, version 3 (4 where a feature such as hooks is used): state JSON to resources and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.engine.resources import Pending, Resource, Snapshot
from sandbox.engine.values import freeze, thaw

VERSION = "v3.250.0"  # the release of the CLI whose formats these are

# attribute -> key in the checkpoint, in the CLI's order; values that are empty are left out
_PLAIN = {
    "urn": "urn",
    "custom": "custom",
    "delete": "delete",
    "id": "id",
    "kind": "type",
    "inputs": "inputs",
    "outputs": "outputs",
    "parent": "parent",
    "protect": "protect",
    "external": "external",
    "dependencies": "dependencies",
    "init_errors": "initErrors",
    "provider": "provider",
    "property_dependencies": "propertyDependencies",
    "pending_replacement": "pendingReplacement",
    "additional_secret_outputs": "additionalSecretOutputs",
    "aliases": "aliases",
    "custom_timeouts": "customTimeouts",
    "retain_on_delete": "retainOnDelete",
    "deleted_with": "deletedWith",
    "created": "created",
    "modified": "modified",
    "source_position": "sourcePosition",
    "stack_trace": "stackTrace",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
    "hooks": "resourceHooks",
}


def resource_json(resource: Resource, encrypt: Callable[[str], str] | None) -> dict[str, Any]:
    """One resource as ResourceV3; `encrypt` None shows secrets in plain text."""
    written: dict[str, Any] = {}
    for attribute, key in _PLAIN.items():
        value = getattr(resource, attribute)
        if key == "custom" or value not in (None, "", False, [], {}):
            written[key] = value
    for key in ("inputs", "outputs"):
        if key in written:
            written[key] = freeze(written[key], encrypt)
    if "stackTrace" in written:
        written["stackTrace"] = [{"sourcePosition": frame} if frame else {} for frame in resource.stack_trace]
    if "customTimeouts" in written:
        written["customTimeouts"] = freeze(resource.custom_timeouts, encrypt)
    return {**written, **resource.rest}


def resource_of(data: Mapping[str, Any], decrypt: Callable[[str], str]) -> Resource:
    """ResourceV3 as a resource; fields that we do not use are carried in `rest`."""
    known = {attribute: data[key] for attribute, key in _PLAIN.items() if key in data}
    resource = Resource(**known)
    resource.inputs = thaw(data.get("inputs") or {}, decrypt)
    resource.outputs = thaw(data["outputs"], decrypt) if data.get("outputs") is not None else None
    resource.stack_trace = [frame.get("sourcePosition", "") for frame in data.get("stackTrace") or []]
    resource.rest = {key: value for key, value in data.items() if key not in _PLAIN.values()}
    return resource


def snapshot_of(deployment: Mapping[str, Any], decrypt: Callable[[str], str]) -> Snapshot:
    """A DeploymentV3 as a snapshot."""
    return Snapshot(
        [resource_of(data, decrypt) for data in deployment.get("resources") or []],
        [
            Pending(resource_of(data["resource"], decrypt), data["type"])
            for data in deployment.get("pending_operations") or []
        ],
    )


def stamp(now: datetime) -> str:
    """An instant as the CLI writes it."""
    return now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def manifest(now: datetime) -> dict[str, str]:
    """The manifest; `magic` proves to the CLI that the version was not edited by hand."""
    return {"time": stamp(now), "magic": hashlib.sha256(VERSION.encode()).hexdigest(), "version": VERSION}


def checkpoint_text(
    stack: str, resources: list[str], pending: list[str], state: str, hooks: bool, now: datetime
) -> str:
    """A whole checkpoint file from resources already in JSON. `stack` is `organization/<project>/<stack>`, `state` the
    salt.
    """
    parts = [f'"manifest":{_compact(manifest(now))}']
    if state:
        parts.append(f'"secrets_providers":{_compact({"type": "passphrase", "state": {"salt": state}})}')
    if resources:
        parts.append(f'"resources":[{",".join(resources)}]')
    if pending:
        parts.append(f'"pending_operations":[{",".join(pending)}]')
    parts.append('"metadata":{}')
    head = '"version":4,"features":["hooks"]' if hooks else '"version":3'
    return f'{{{head},"checkpoint":{{"stack":{_compact(stack)},"latest":{{{",".join(parts)}}}}}}}'


def _compact(data: object) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def compact(data: object) -> str:
    """JSON in one line, as the CLI's file backend writes it."""
    return _compact(data)
