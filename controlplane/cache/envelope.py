"""The envelope: an entry as bytes and back. Versioned, checked, bounded; never pickle.

`WC`, the version (1 byte), a CRC-32 of version and all that follows it (4 bytes), the lengths of terms and key (2 bytes
each), all big-endian; the terms as a MessagePack array, the key, the value. Mark and version stand outside the
checksum's reach, so that what is foreign, what another release wrote and what is damaged are told apart. The terms
stand for themselves because many entries share them: whoever has read these bytes once need not read them again.
Whatever cannot be used is an `Unusable`, which the caller counts and treats as a miss.
"""

from __future__ import annotations

import enum
import struct
import zlib

import msgspec

MARK = b"WC"
VERSION = 3
_OURS = MARK + bytes((VERSION,))
_head = struct.Struct(">3sIHH")
_read_head, _crc32 = _head.unpack_from, zlib.crc32
# The checksum covers what is behind it.
_CHECKED = 7
_START = _head.size
# Room for the tags: 250 of the longest ones.
_HEADROOM = 65_536


class Unusable(enum.Enum):
    """Why stored bytes are no entry; the value is the name of the counter that counts it."""

    FOREIGN = "foreign"
    OTHER_VERSION = "other_version"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    MISTYPED = "mistyped"


class EntryTerms(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What entries may have in common: milliseconds from when the load began, the tier, and the caller's tags.

    `serializer` is the code of the format of the value, `packing` how that was compressed.
    """

    fresh: int
    stale: int
    life: int
    tier: str
    tags: tuple[str, ...]
    serializer: int
    packing: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(EntryTerms)


def wrap(key: str, terms: EntryTerms, value: bytes) -> bytes:
    """The envelope's bytes. Raises ValueError for terms or a key beyond 65,535 bytes."""
    told, name = _encoder.encode(terms), key.encode()
    try:
        lengths = struct.pack(">HH", len(told), len(name))
    except struct.error as error:
        raise ValueError(f"terms of {len(told)} bytes and a key of {len(name)}; at most 65535 each") from error
    body = b"%s%s%s%s" % (lengths, told, name, value)
    return b"%s%s%s" % (_OURS, _crc32(body, VERSION).to_bytes(4, "big"), body)


def unwrap(raw: bytes, key: str, longest: int) -> tuple[bytes, bytes] | Unusable:
    """Terms (see `terms_of`) and packed value of `key` in `raw`, undamaged and of about `longest` bytes; or why not.

    Another key's envelope (two long keys with one digest, a copied value) is foreign.
    """
    try:
        ours, checksum, told, begin = _read_head(raw)
    except struct.error:
        return _strange(raw)
    if ours != _OURS:
        return _strange(raw)
    if len(raw) > longest + _HEADROOM + len(key):
        return Unusable.TOO_LARGE
    if _crc32(raw[_CHECKED:], VERSION) != checksum:
        return Unusable.DAMAGED
    told += _START
    begin += told
    if raw[told:begin] != key.encode():
        return Unusable.FOREIGN if begin <= len(raw) else Unusable.DAMAGED
    return raw[_START:told], raw[begin:]


def terms_of(told: bytes) -> EntryTerms | None:
    """The terms in these bytes; None for what are none (under a right checksum, so somebody else wrote them)."""
    try:
        return _decoder.decode(told)
    # msgspec raises UnicodeDecodeError, a ValueError, for texts that are not UTF-8.
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def version_of(raw: bytes) -> int | None:
    """The version that bytes with our mark say they have; None for bytes without it."""
    return raw[len(MARK)] if raw[: len(MARK)] == MARK and len(raw) > len(MARK) else None


def _strange(raw: bytes) -> Unusable:
    """Why bytes that do not begin as ours do, or end too soon, are no envelope."""
    if raw[: len(MARK)] != MARK:
        return Unusable.FOREIGN
    ours = raw[: len(_OURS)] == _OURS or len(raw) == len(MARK)
    return Unusable.DAMAGED if ours else Unusable.OTHER_VERSION
