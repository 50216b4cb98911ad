"""The envelope: an entry as bytes and back. Versioned, checked, bounded; never pickle.

`WC`, the version (1 byte), a CRC-32 of version and body (4 bytes, big-endian), the body: a MessagePack array. Mark and
version stand outside the checksum's reach, so that what is foreign, what another release wrote and what is damaged are
told apart. Whatever cannot be used is an `Unusable`, which the caller counts and treats as a miss.
"""

from __future__ import annotations

import enum
import struct
import zlib

import msgspec

MARK = b"WC"
VERSION = 2
_HEAD = len(MARK) + 1
_OURS = MARK + bytes((VERSION,))
_read_head = struct.Struct(f">{_HEAD}sI").unpack_from
_START = _HEAD + 4
# Room for the tags: 250 of the longest ones.
_HEADROOM = 65_536
# msgspec raises UnicodeDecodeError, a ValueError, for texts that are not UTF-8.
_NOT_OURS = (msgspec.DecodeError, ValueError, RecursionError)


class Unusable(enum.Enum):
    """Why stored bytes are no entry; the value is the name of the counter that counts it."""

    FOREIGN = "foreign"
    OTHER_VERSION = "other_version"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    MISTYPED = "mistyped"


class Envelope(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What the second tier holds for one key: milliseconds from when the load began, and the caller's tags.

    `serializer` is the code of the format of `value`, `packing` how that was compressed.
    """

    key: str
    fresh: int
    stale: int
    life: int
    tier: str
    tags: tuple[str, ...]
    serializer: int
    packing: int
    value: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Envelope)


def wrap(envelope: Envelope) -> bytes:
    """The envelope's bytes."""
    body = _encoder.encode(envelope)
    return b"%s%c%s%s" % (MARK, VERSION, _checksum(body), body)


def unwrap(raw: bytes, key: str, *, longest: int) -> Envelope | Unusable:
    """The envelope of `key` in `raw`, whole and undamaged, with a packed value of at most `longest` bytes; or why not.

    Another key's envelope (two long keys with one digest, a copied value) is foreign.
    """
    if len(raw) < _START:
        return _strange(raw)
    head, checksum = _read_head(raw)
    if head != _OURS:
        return _strange(raw)
    if len(raw) > longest + _HEADROOM + 4 * len(key):
        return Unusable.TOO_LARGE
    body = memoryview(raw)[_START:]
    if checksum != zlib.crc32(body, VERSION):
        return Unusable.DAMAGED
    try:
        envelope = _decoder.decode(body)
    except _NOT_OURS:
        return Unusable.DAMAGED
    return envelope if envelope.key == key else Unusable.FOREIGN


def _strange(raw: bytes) -> Unusable:
    """Why bytes that do not begin as ours do, or end too soon, are no envelope."""
    if raw[: len(MARK)] != MARK:
        return Unusable.FOREIGN
    return Unusable.DAMAGED if len(raw) < _START else Unusable.OTHER_VERSION


def version_of(raw: bytes) -> int | None:
    """The version that bytes with our mark say they have; None for bytes without it."""
    return raw[len(MARK)] if raw[: len(MARK)] == MARK and len(raw) > len(MARK) else None


def _checksum(body: bytes | memoryview) -> bytes:
    """CRC-32 of the version and the body: it finds every single flipped bit and every cut."""
    return zlib.crc32(body, VERSION).to_bytes(4, "big")
