"""A provider type's properties as the Pulumi SDK declares them: names, required, nesting, outputs, secrets.

Source of facts: the `<Type>Args` classes of pulumi_aws and pulumi_cloudflare; required is what their constructors
demand without a default.
"""

from __future__ import annotations

import collections.abc
import importlib
import inspect
import re
import sys
import typing
from typing import Any

import pulumi
from pulumi import _types

Spec = dict[str, Any]
SCALARS: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
MODULES = {"cloudflare:index": "pulumi_cloudflare"}


def resource_class(token: str) -> tuple[type, type]:
    """The SDK's resource class and its Args class for a token such as `aws:cloudfront/cachePolicy:CachePolicy`."""
    if token.startswith("pulumi:providers:"):
        home = importlib.import_module(f"pulumi_{token.rsplit(':', 1)[1]}")
        return home.Provider, home.ProviderArgs
    package, module, name = re.fullmatch(r"(\w+):(\w+)/\w+:(\w+)", token).groups()  # type: ignore[union-attr]  # tokens are constants of our table
    home = importlib.import_module(MODULES.get(f"{package}:{module}", f"pulumi_{package}.{module}"))
    resource = getattr(home, name)
    own = sys.modules[resource.__module__]
    # Where a nested type already has the name `<Type>Args`, the SDK calls the resource's own `<Type>InitArgs`.
    candidates = [getattr(own, f"{name}{suffix}", None) for suffix in ("Args", "InitArgs")]
    return resource, next(one for one in candidates if one is not None and one.__module__ == resource.__module__)


def fields(args: type) -> dict[str, Spec]:
    """Every property of an Args class by its schema name."""
    names = _types.input_type_py_to_pulumi_names(args)
    types = _types.input_type_types(args)
    parameters = inspect.signature(args.__init__).parameters  # type: ignore[misc]  # the class is one of the SDK's
    demanded = {name for name, parameter in parameters.items() if parameter.default is inspect.Parameter.empty}
    found = {}
    for python_name, name in sorted(names.items(), key=lambda pair: pair[1]):
        spec = of_type(types[name])
        if python_name in demanded:
            spec["required"] = True
        found[name] = spec
    return found


def of_type(kind: Any) -> Spec:
    """The spec of one Python type; raises TypeError for a type that no table here knows."""
    if kind in SCALARS:
        return {"type": SCALARS[kind]}
    origin = typing.get_origin(kind)
    arguments = typing.get_args(kind)
    if origin is typing.Union:
        return _of_union([argument for argument in arguments if not _is_wrapper(argument)])
    if origin in (collections.abc.Sequence, list):
        return {"type": "array", "items": of_type(arguments[0])}
    if origin in (collections.abc.Mapping, dict):
        return {"type": "map", "items": of_type(arguments[1])}
    if _types.is_input_type(kind):
        return {"type": "object", "fields": fields(kind)}
    if kind is Any:
        return {"type": "any"}
    if inspect.isclass(kind) and kind.__module__.startswith("pulumi.asset"):
        return {"type": "asset"}
    if inspect.isclass(kind) and issubclass(kind, str):
        return {"type": "string"}
    raise TypeError(f"no spec for {kind!r}")


def _is_wrapper(kind: Any) -> bool:
    """`Input[T]` is a union of T, an Awaitable, an Output and, where optional, None: only T says something."""
    origin = typing.get_origin(kind) or kind
    return origin in (type(None), collections.abc.Awaitable, pulumi.Output) or isinstance(kind, typing.ForwardRef)


def _of_union(kinds: list[Any]) -> Spec:
    """The SDK writes `Union[str, SomeEnum]` for open enums and `Union[Asset, Archive]` for file contents."""
    specs = [of_type(kind) for kind in kinds]
    if all(spec == specs[0] for spec in specs):
        return specs[0]
    return {"type": "any"}


def outputs(resource: type) -> dict[str, str]:
    """Every property of the resource class (inputs and what the vendor fills in) -> scalar type, otherwise `any`."""
    return {name: SCALARS.get(kind, "any") for name, kind in sorted(_types.resource_types(resource).items())}


def secrets(resource: type) -> list[str]:
    """What the SDK marks as secret output."""
    marked = re.search(r"additional_secret_outputs=\[(.*?)\]", inspect.getsource(resource._internal_init))  # type: ignore[attr-defined]  # every SDK resource has it
    return sorted(re.findall(r'"(\w+)"', marked.group(1))) if marked else []
