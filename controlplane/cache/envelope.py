"""The envelope: an entry as bytes and back. Versioned, checked, bounded; never pickle.

Whatever cannot be understood (foreign bytes, another version, a wrong checksum, another key under the same digest, a
value that is not of the asked type) is None, which the caller counts and treats as a miss.
"""

from __future__ import annotations

import functools
import zlib
from typing import Any

import msgspec

VERSION = 1
_HEADROOM = 4096
_CHECKSUM = 4
# msgspec raises UnicodeDecodeError, a ValueError, for texts that are not UTF-8.
_NOT_OURS = (msgspec.DecodeError, ValueError, RecursionError)


class Envelope(msgspec.Struct, array_like=True, frozen=True):
    """What the second tier holds for one key: milliseconds from when the load began, and the caller's tags."""

    version: int
    key: str
    fresh: int
    stale: int
    life: int
    tier: str
    tags: tuple[str, ...]
    value: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Envelope)


def encode_value(value: Any) -> bytes | None:
    """A value as MessagePack, or None for one that msgspec cannot write (it then stays in memory)."""
    try:
        return _encoder.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None


def wrap(key: str, value: bytes, *, fresh: float, stale: float, life: float, tier: str, tags: tuple[str, ...]) -> bytes:
    """The envelope's bytes; durations in seconds."""
    body = _encoder.encode(
        Envelope(
            VERSION,
            key,
            int(fresh * 1000),
            int(stale * 1000),
            int(life * 1000),
            tier,
            tuple(str(tag) for tag in tags),
            value,
        )
    )
    return zlib.crc32(body).to_bytes(_CHECKSUM, "big") + body


def unwrap(raw: bytes, key: str, *, longest: int) -> Envelope | None:
    """The envelope of `key` in `raw`, whole and undamaged, with a value of at most `longest` bytes; else None."""
    if len(raw) > longest + _HEADROOM + 4 * len(key):
        return None
    body = memoryview(raw)[_CHECKSUM:]
    if raw[:_CHECKSUM] != zlib.crc32(body).to_bytes(_CHECKSUM, "big"):
        return None
    try:
        envelope = _decoder.decode(body)
    except _NOT_OURS:
        return None
    return envelope if envelope.version == VERSION and envelope.key == key else None


def decode_value(raw: bytes, kind: Any) -> tuple[bool, Any]:
    """(True, value) of type `kind` (None: plain dicts, lists, strings, numbers), or (False, None)."""
    try:
        return True, _typed(kind).decode(raw)
    except _NOT_OURS:
        return False, None


@functools.lru_cache(maxsize=1024)
def _typed(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """One decoder per type; making one costs more than a thousand uses of it."""
    return msgspec.msgpack.Decoder(Any if kind is None else kind)
