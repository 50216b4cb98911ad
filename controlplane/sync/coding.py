"""A record's payload: which serializer wrote it, and a checksum that knows the key. Never pickle.

`WR`, the version (1 byte), the serializer's code (1 byte), a CRC-32 of key, version, code and body (4 bytes,
big-endian), the body. Another key's payload, or a damaged one, is told apart from every value.
"""

from __future__ import annotations

import struct
import zlib

_VERSION = 1
_HEAD = struct.Struct(">2sBBI")
LONGEST = 1024 * 1024
"""Bytes of one value; more belongs into an object store."""


def wrap(key: str, code: int, body: bytes) -> bytes:
    """The payload of `key` around what its serializer made."""
    return _HEAD.pack(b"WR", _VERSION, code, _checksum(key, code, body)) + body


def unwrap(key: str, payload: bytes) -> tuple[int, bytes] | None:
    """The serializer's code and the body; None for what is no whole payload of `key`."""
    if len(payload) < _HEAD.size or len(payload) > LONGEST + _HEAD.size:
        return None
    mark, version, code, checksum = _HEAD.unpack_from(payload)
    body = payload[_HEAD.size :]
    return (code, body) if (mark, version, checksum) == (b"WR", _VERSION, _checksum(key, code, body)) else None


def _checksum(key: str, code: int, body: bytes) -> int:
    name = key.encode("utf-8", "surrogatepass")
    return zlib.crc32(body, zlib.crc32(b"%c%c%s" % (_VERSION, code, name)))
