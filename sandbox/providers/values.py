"""Between Pulumi's wire values and plain Python: the unknown sentinel, secrets by path, assets.

Source of facts: sdk/go/common/resource (signature keys) and the Python SDK's `pulumi.runtime.rpc`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from google.protobuf import struct_pb2

UNKNOWN_SENTINEL: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"

Step = str | int
Route = tuple[Step, ...]
Properties = dict[str, Any]


class _Unknown:
    """A value that is not known before the update runs; one object, compared by identity."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


def decode(struct: struct_pb2.Struct) -> tuple[Properties, frozenset[Route]]:
    """The plain properties and the routes of everything that was secret."""
    secret: set[Route] = set()
    plain = {key: _decode(value, (key,), secret) for key, value in struct.fields.items()}
    return {key: value for key, value in plain.items() if value is not None}, frozenset(secret)


def _decode(value: struct_pb2.Value, route: Route, secret: set[Route]) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value == UNKNOWN_SENTINEL else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_decode(item, (*route, index), secret) for index, item in enumerate(value.list_value.values)]
    if kind == "struct_value":
        return _decode_struct(value.struct_value, route, secret)
    return None


def _decode_struct(struct: struct_pb2.Struct, route: Route, secret: set[Route]) -> Any:
    signature = struct.fields[SIGNATURE].string_value if SIGNATURE in struct.fields else ""
    if signature == SECRET:
        secret.add(route)
        return _decode(struct.fields["value"], route, secret)
    if signature == RESOURCE:
        return _decode(struct.fields["id"], route, secret)
    plain = {key: _decode(item, (*route, key), secret) for key, item in struct.fields.items()}
    return {key: item for key, item in plain.items() if item is not None}


def encode(properties: Mapping[str, Any], secret: Iterable[Route] = ()) -> struct_pb2.Struct:
    """The wire form, with a secret envelope around every route in `secret` that exists."""
    routes = frozenset(secret)
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        struct.fields[key].CopyFrom(_encode(value, (key,), routes))
    return struct


def _encode(value: Any, route: Route, secret: frozenset[Route]) -> struct_pb2.Value:
    plain = _encode_plain(value, route, secret)
    if route not in secret:
        return plain
    envelope = struct_pb2.Struct()
    envelope.fields[SIGNATURE].string_value = SECRET
    envelope.fields["value"].CopyFrom(plain)
    return struct_pb2.Value(struct_value=envelope)


def _encode_plain(value: Any, route: Route, secret: frozenset[Route]) -> struct_pb2.Value:
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=UNKNOWN_SENTINEL)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, (int, float)):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, Mapping):
        struct = struct_pb2.Struct()
        for key, item in value.items():
            struct.fields[str(key)].CopyFrom(_encode(item, (*route, str(key)), secret))
        return struct_pb2.Value(struct_value=struct)
    if isinstance(value, (list, tuple)):
        items = [_encode(item, (*route, index), secret) for index, item in enumerate(value)]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
    raise TypeError(f"{'.'.join(map(str, route))} holds a {type(value).__name__}, which Pulumi cannot carry")


def has_unknown(value: Any) -> bool:
    """Whether anything inside is not known yet."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


def asset_bytes(asset: Any, read: Callable[[Path], bytes] = Path.read_bytes) -> bytes:
    """The content of a string or file asset; raises ValueError for an archive or a remote asset."""
    if isinstance(asset, Mapping) and asset.get(SIGNATURE) == ASSET:
        if asset.get("path"):
            return read(Path(asset["path"]))
        if "text" in asset:
            return str(asset["text"]).encode()
    raise ValueError("only string and file assets can be uploaded here")


def base64_bytes(text: str) -> bytes:
    """Decoded base64 content; raises ValueError when the text is not base64."""
    return base64.b64decode(text, validate=True)
