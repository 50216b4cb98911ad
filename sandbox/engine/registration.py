"""From the SDK's RegisterResource request to a goal. Pure; transforms have already been applied to the request."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from sandbox.engine import refused, urns
from sandbox.engine.resources import Goal
from sandbox.engine.values import read

_HOOKS = {
    "before_create": "BeforeCreate",
    "after_create": "AfterCreate",
    "before_update": "BeforeUpdate",
    "after_update": "AfterUpdate",
    "before_delete": "BeforeDelete",
    "after_delete": "AfterDelete",
}
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_INTERNAL = "__internal"


def options_of(request: Any) -> Any:
    """The request's options as a `TransformResourceOptions`, the form that transforms see and change."""
    from pulumi.runtime.proto import alias_pb2, resource_pb2

    options = resource_pb2.TransformResourceOptions(
        depends_on=request.dependencies,
        ignore_changes=request.ignoreChanges,
        replace_on_changes=request.replaceOnChanges,
        version=request.version,
        aliases=[*(alias_pb2.Alias(urn=urn) for urn in request.aliasURNs), *request.aliases],
        provider=request.provider,
        providers=request.providers,
        plugin_download_url=request.pluginDownloadURL,
        deleted_with=request.deletedWith,
        additional_secret_outputs=request.additionalSecretOutputs,
        replace_with=request.replace_with,
        hide_diff=request.hideDiffs,
    )
    setattr(options, "import", request.importId)
    for name, target in (("protect", "protect"), ("retainOnDelete", "retain_on_delete")):
        if request.HasField(name):
            setattr(options, target, getattr(request, name))
    if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
        options.delete_before_replace = request.deleteBeforeReplace
    for name, target in (("customTimeouts", "custom_timeouts"), ("hooks", "hooks")):
        if request.HasField(name):
            getattr(options, target).CopyFrom(getattr(request, name))
    return options


def inherit(request: Any, parent: Goal | None) -> None:
    """Fill in what a child takes from its parent: protection, retainOnDelete, deletedWith."""
    if parent is None:
        return
    if not request.deletedWith:
        request.deletedWith = parent.deleted_with
    if not request.HasField("protect") and parent.protect is not None:
        request.protect = parent.protect
    if not request.HasField("retainOnDelete") and parent.retain_on_delete is not None:
        request.retainOnDelete = parent.retain_on_delete


def goal_of(request: Any, properties: Any, options: Any, provider: str, root: Path) -> Goal:
    """The goal of a request whose transforms gave `properties` and `options`. Raises Stop for what we refuse."""
    refused.registration(request, options)
    values, dependencies = _properties(request, properties)
    if urns.is_provider(request.type):
        values.update(provider_inputs(options.version, options.plugin_download_url))
    position, trace = _positions(request, root)
    return Goal(
        kind=request.type,
        name=request.name,
        custom=request.custom,
        properties=values,
        parent=request.parent,
        protect=options.protect if options.HasField("protect") else None,
        dependencies=list(dict.fromkeys(request.dependencies)),
        provider=provider,
        property_dependencies=dependencies,
        delete_before_replace=options.delete_before_replace if options.HasField("delete_before_replace") else None,
        ignore_changes=list(options.ignore_changes),
        additional_secret_outputs=list(options.additional_secret_outputs),
        aliases=[alias.urn for alias in options.aliases],
        custom_timeouts=_timeouts(options),
        replace_on_changes=list(options.replace_on_changes),
        retain_on_delete=options.retain_on_delete if options.HasField("retain_on_delete") else None,
        deleted_with=options.deleted_with,
        hooks=_bindings(options),
        source_position=position,
        stack_trace=trace,
    )


def _properties(request: Any, properties: Any) -> tuple[dict[str, Any], dict[str, list[str]]]:
    values: dict[str, Any] = {}
    dependencies: dict[str, list[str]] = {}
    declared = request.propertyDependencies
    for key in sorted(properties.fields):
        seen: set[str] = set()
        values[key] = read(properties.fields[key], seen)
        given = declared[key].urns if key in declared else () if declared else request.dependencies
        dependencies[key] = list(dict.fromkeys([*given, *sorted(seen)]))
    for key in declared:
        dependencies.setdefault(key, list(dict.fromkeys(declared[key].urns)))
    return values, dependencies


def provider_inputs(version: str, url: str) -> dict[str, Any]:
    """The inputs by which a provider resource remembers its plugin."""
    inputs: dict[str, Any] = {}
    if version:
        inputs.update({_INTERNAL: {}, "version": version})
    if url:
        inputs[_INTERNAL] = {"pluginDownloadURL": url}
    return inputs


def default_provider(package: str, version: str, url: str, config: Mapping[str, Any]) -> Goal:
    """The goal of a package's default provider, named after its version; `config` is the package's configuration."""
    name = "_".join(["default", *re.split(r"[.+-]", version)] if version else ["default"])
    if url:
        name += "_" + re.sub(r"[^A-Za-z0-9_.]", "_", url)
    return Goal(urns.PROVIDER_PREFIX + package, name, True, {**config, **provider_inputs(version, url)})


def _timeouts(options: Any) -> dict[str, float]:
    if not options.HasField("custom_timeouts"):
        return {}
    given = {name: getattr(options.custom_timeouts, name) for name in ("create", "update", "delete", "read")}
    return {name: seconds(text) for name, text in given.items() if text}


def seconds(text: str) -> float:
    """A Go duration such as `1h30m` in seconds. Raises ValueError."""
    parts = re.findall(r"(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)", text)
    if "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"unable to parse customTimeout Value {text}")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _bindings(options: Any) -> dict[str, list[str]]:
    if not options.HasField("hooks"):
        return {}
    found = {kind: list(getattr(options.hooks, name)) for name, kind in _HOOKS.items()}
    return {kind: names for kind, names in found.items() if names}


def _positions(request: Any, root: Path) -> tuple[str, list[str]]:
    position = _position(request.sourcePosition, root) if request.HasField("sourcePosition") else ""
    frames = request.stackTrace.frames if request.HasField("stackTrace") else ()
    return position, [_position(frame.pc, root) if frame.HasField("pc") else "" for frame in frames]


def _position(raw: Any, root: Path) -> str:
    parts = urlsplit(raw.uri)
    if parts.scheme != "file" or not parts.path.startswith("/"):
        return ""
    relative = os.path.relpath(unquote(parts.path), root)
    column = f",{raw.column}" if raw.column else ""
    return f"project:///{quote(relative)}#{raw.line}{column}"
