"""Property values: plain Python data plus `Secret` and `UNKNOWN`, and their two wire forms (protobuf Struct, state
JSON).

Assets, archives and resource references stay dictionaries with their signature key. Signatures: Pulumi's
developer docs, "resource properties on the wire".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SIG = "4dabf18193072939515e22adb298388d"
SECRET_SIG = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT_SIG = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE_SIG = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Value = Any
Properties = dict[str, Value]


class Unknown:
    """The type of `UNKNOWN`: a value that only the real run will know."""

    def __repr__(self) -> str:
        return "[unknown]"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that is stored encrypted and shown as [secret]; equal when the inner values are."""

    value: Value

    def __repr__(self) -> str:
        return "[secret]"


def read(message: Any, urns: set[str] | None = None) -> Value:
    """A protobuf Struct, ListValue or Value as a property value; dependencies of output values are added to `urns`."""
    kind = message.DESCRIPTOR.name
    if kind == "Value":
        which = message.WhichOneof("kind")
        if which == "string_value":
            text = message.string_value
            return UNKNOWN if text == UNKNOWN_TEXT else text
        if which in ("struct_value", "list_value"):
            return read(getattr(message, which), urns)
        return None if which in (None, "null_value") else getattr(message, which)
    if kind == "ListValue":
        return [read(item, urns) for item in message.values]
    plain = {key: read(message.fields[key], urns) for key in sorted(message.fields)}
    return _recover(plain, urns)


def _recover(plain: Properties, urns: set[str] | None) -> Value:
    signature = plain.get(SIG)
    if signature == SECRET_SIG:
        return secret(plain.get("value"))
    if signature == OUTPUT_SIG:
        if urns is not None:
            urns.update(plain.get("dependencies", []))
        inner = plain.get("value", UNKNOWN)
        return secret(inner) if plain.get("secret") else inner
    return plain


def secret(value: Value) -> Secret:
    """The value as a secret, wrapped once."""
    return value if isinstance(value, Secret) else Secret(value)


def write(value: Value, *, secrets: bool = True, references: bool = True) -> Any:
    """A property value as JSON-like data for a protobuf Struct; secrets and references bare where the reader cannot
    take them.
    """
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if isinstance(value, Secret):
        inner = write(value.value, secrets=secrets, references=references)
        return {SIG: SECRET_SIG, "value": inner} if secrets else inner
    if isinstance(value, Mapping):
        if not references and value.get(SIG) == RESOURCE_SIG:
            return write(value.get("id") or value["urn"])
        return {key: write(inner, secrets=secrets, references=references) for key, inner in value.items()}
    if isinstance(value, list):
        return [write(inner, secrets=secrets, references=references) for inner in value]
    return value


def struct(properties: Mapping[str, Value], *, secrets: bool = True, references: bool = True) -> Any:
    """The properties as a `google.protobuf.Struct`."""
    from google.protobuf import struct_pb2

    message = struct_pb2.Struct()
    message.update(write(dict(properties), secrets=secrets, references=references))
    return message


def freeze(value: Value, encrypt: Callable[[str], str] | None) -> Any:
    """A property value as state JSON; secrets encrypted, or in plain text where `encrypt` is None."""
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if isinstance(value, Secret):
        text = json.dumps(freeze(value.value, lambda plain: plain), separators=(",", ":"), ensure_ascii=False)
        return (
            {SIG: SECRET_SIG, "plaintext": text} if encrypt is None else {SIG: SECRET_SIG, "ciphertext": encrypt(text)}
        )
    if isinstance(value, Mapping):
        return {key: freeze(inner, encrypt) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [freeze(inner, encrypt) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value


def thaw(data: Any, decrypt: Callable[[str], str]) -> Value:
    """State JSON as a property value; numbers become floats as they are on the wire."""
    if isinstance(data, Mapping):
        if data.get(SIG) == SECRET_SIG:
            text = data["plaintext"] if "plaintext" in data else decrypt(data["ciphertext"])
            return Secret(thaw(json.loads(text), decrypt))
        return {key: thaw(inner, decrypt) for key, inner in data.items()}
    if isinstance(data, list):
        return [thaw(inner, decrypt) for inner in data]
    if isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    return UNKNOWN if data == UNKNOWN_TEXT else data


def has_unknown(value: Value) -> bool:
    """Whether the value holds anything unknown."""
    return _any(value, lambda inner: inner is UNKNOWN)


def has_secret(value: Value) -> bool:
    """Whether the value holds a secret."""
    return _any(value, lambda inner: isinstance(inner, Secret))


def _any(value: Value, test: Callable[[Value], bool]) -> bool:
    if test(value):
        return True
    if isinstance(value, Secret):
        return _any(value.value, test)
    if isinstance(value, Mapping):
        return any(_any(inner, test) for inner in value.values())
    return isinstance(value, list) and any(_any(inner, test) for inner in value)


def reveal(value: Value) -> Value:
    """The value without secret marks."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, Mapping):
        return {key: reveal(inner) for key, inner in value.items()}
    return [reveal(inner) for inner in value] if isinstance(value, list) else value


def mark_secrets(outputs: Properties, inputs: Mapping[str, Value]) -> None:
    """Mark in place every output whose input of the same name holds a secret (for providers that drop the marks)."""
    for key, given in inputs.items():
        if key not in outputs:
            continue
        if isinstance(outputs[key], dict) and isinstance(given, Mapping):
            mark_secrets(outputs[key], given)
        elif has_secret(given):
            outputs[key] = secret(outputs[key])
