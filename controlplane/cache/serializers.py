"""The serializers that come with the cache: MessagePack (the default) and JSON by msgspec, and bytes as they are.

msgspec checks the type while it decodes, at the speed of others that do not (a typed list of 12.8 KB: 233 us, untyped
orjson 341 us, pydantic 1,026 us). None of them can run code that hides in the bytes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from controlplane.errors import BadInput
from controlplane.ports.serializer import Serializer

_FIRST, _LAST = 1, 255
Decode = Callable[[bytes], Any]


class MsgPack:
    """MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md): compact, and knows bytes and timestamps."""

    name = "msgpack"
    code = 1

    def __init__(self) -> None:
        self._encoder = msgspec.msgpack.Encoder()

    def encode(self, value: Any) -> bytes:
        """Structs, dataclasses, dicts, lists, texts, numbers, bytes, dates. Raises TypeError for anything else."""
        return self._encoder.encode(value)

    def decode(self, raw: bytes, kind: Any) -> Any:
        """Strict: a value of another type raises ValidationError."""
        return _msgpack(kind).decode(raw)

    def decoder(self, kind: Any) -> Decode:
        """`decode` for one type, without a look-up for each value."""
        return _msgpack(kind).decode


class Json:
    """JSON (RFC 8259): for values that other languages or people read in Redis."""

    name = "json"
    code = 2

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder()

    def encode(self, value: Any) -> bytes:
        """As MessagePack; bytes become base64 and come back only where the type asks for bytes."""
        return self._encoder.encode(value)

    def decode(self, raw: bytes, kind: Any) -> Any:
        """Strict: a value of another type raises ValidationError."""
        return _json(kind).decode(raw)

    def decoder(self, kind: Any) -> Decode:
        """As MessagePack's."""
        return _json(kind).decode


class Raw:
    """Bytes that are bytes already: thumbnails, rendered pages."""

    name = "raw"
    code = 3

    def encode(self, value: Any) -> bytes:
        """The same bytes. Raises TypeError for anything but bytes."""
        if not isinstance(value, bytes):
            raise TypeError(f"the raw serializer takes bytes, not {type(value).__name__}")
        return value

    def decode(self, raw: bytes, kind: Any) -> Any:
        """The same bytes. Raises TypeError where another type is asked for."""
        if kind not in (None, bytes, Any):
            raise TypeError(f"raw bytes are no {kind}")
        return bytes(raw)


class Serializers:
    """The one that writes, and all that can be read: whoever changes the format still reads what the old one wrote."""

    def __init__(self, writes: Serializer | None = None, reads: Iterable[Serializer] = ()) -> None:
        self.writes: Serializer = writes or MsgPack()
        self._known: dict[int, Serializer] = {}
        every: list[Serializer] = [MsgPack(), Json(), Raw(), *reads, self.writes]
        for one in every:
            known = self._known.setdefault(one.code, one)
            if type(one).__hash__ is None:
                raise BadInput(f"serializer {one.name!r} cannot be hashed; give its class a __hash__ (or eq=False)")
            if not _FIRST <= one.code <= _LAST or known.name != one.name:
                raise BadInput(
                    f"serializer {one.name!r} has the code {one.code}: taken, or not within {_FIRST} to {_LAST}",
                    next_step="Give it a code of its own between 64 and 255, and never change it.",
                )
            self._known[one.code] = one

    def reader_of(self, code: int) -> Serializer | None:
        """The serializer with this code; None for one that this process does not know."""
        return self._known.get(code)


@functools.lru_cache(maxsize=1024)
def decoder_of(serializer: Any, kind: Any) -> Decode:
    """How `serializer` makes values of type `kind`: one function a type, so that an entry holds a pointer only."""
    if isinstance(serializer, MsgPack | Json):
        return serializer.decoder(kind)
    return functools.partial(serializer.decode, kind=kind)


@functools.lru_cache(maxsize=1024)
def _msgpack(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """One decoder per type; making one costs more than a thousand uses of it."""
    return msgspec.msgpack.Decoder(Any if kind is None else kind)


@functools.lru_cache(maxsize=1024)
def _json(kind: Any) -> msgspec.json.Decoder[Any]:
    """As `_msgpack`."""
    return msgspec.json.Decoder(Any if kind is None else kind)
