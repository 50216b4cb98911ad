"""Between Pulumi's property names and the vendor API's, directed by the derived schema. Pure.

A spec's `api` is the vendor's name, `wrap: quantity` marks CloudFront's {Quantity, Items} lists, `wrap: single` a list
of one that is an object at the vendor, `api_type: string` a number that the vendor spells as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.providers.schema import Spec


def to_api(fields: Mapping[str, Spec], value: Mapping[str, Any]) -> dict[str, Any]:
    """The API's form of an object of properties; properties without an `api` name are left out."""
    named = ((spec["api"], spec, value[name]) for name, spec in fields.items() if "api" in spec and name in value)
    return {api: _to_value(spec, one) for api, spec, one in named if one or spec.get("wrap") != "single"}


def _to_value(spec: Spec, value: Any) -> Any:
    if "fields" in spec:
        inside = to_api(spec["fields"], value)
        if spec.get("wrap") == "quantity":
            inside["Quantity"] = len(inside.get("Items", []))
        return inside
    if spec["type"] == "array":
        items = [_to_value(spec["items"], item) for item in value]
        if spec.get("wrap") == "single":
            return items[0]
        return {"Quantity": len(items), "Items": items} if spec.get("wrap") == "quantity" else items
    if spec["type"] == "map":
        return {key: _to_value(spec["items"], item) for key, item in value.items()}
    return str(value) if spec.get("api_type") == "string" else value


def from_api(fields: Mapping[str, Spec], value: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that the API's object holds; absent and null ones are left out."""
    found = {}
    for name, spec in fields.items():
        raw = value.get(spec["api"]) if "api" in spec else None
        if raw is not None:
            found[name] = _from_value(spec, raw)
    return found


def _from_value(spec: Spec, raw: Any) -> Any:
    if "fields" in spec:
        return from_api(spec["fields"], raw)
    if spec["type"] == "array":
        if spec.get("wrap") == "single":
            return [_from_value(spec["items"], raw)]
        items = raw.get("Items", []) if spec.get("wrap") == "quantity" else raw
        return [_from_value(spec["items"], item) for item in items]
    if spec["type"] == "map":
        return {key: _from_value(spec["items"], item) for key, item in raw.items()}
    if spec.get("api_type") == "string" and spec["type"] == "integer":
        return int(raw) if raw != "" else 0
    return raw
