"""Compression by Zstandard, guarded: nothing that is read may inflate beyond a cap.

python-zstandard ignores `max_output_size` when a frame declares its own size (a frame of 6.4 KB became 200 MB). So the
declared size is read first (RFC 8878, section 3.1.1.1.4): too much, or none, is refused before a byte is inflated; a
frame that holds more than it declares fails while it inflates.
"""

from __future__ import annotations

import enum
import threading

import zstandard

_LEVEL = 3
# Compressing must pay for the time: an eighth at least.
_WORTH = 7 / 8


class Packing(enum.IntEnum):
    """How an envelope's value is packed."""

    PLAIN = 0
    ZSTD = 1


class Bomb(ValueError):
    """Bytes that would inflate beyond the cap, or do not say to what."""


class _Contexts(threading.local):
    """One compressor and one decompressor a thread: they hold state and must not be shared."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True, write_checksum=False)
        self.decompressor = zstandard.ZstdDecompressor()


_contexts = _Contexts()


def pack(raw: bytes, above: int) -> tuple[Packing, bytes]:
    """`raw` compressed if it is larger than `above` bytes and shrinks by an eighth at least; else as it is."""
    if len(raw) > above:
        packed = _contexts.compressor.compress(raw)
        if len(packed) <= len(raw) * _WORTH:
            return Packing.ZSTD, packed
    return Packing.PLAIN, raw


def unpack(packing: int, raw: bytes, longest: int) -> bytes:
    """What `pack` was given, of at most `longest` bytes.

    Raises Bomb for more than that, ValueError for an unknown packing or a damaged frame.
    """
    if packing == Packing.PLAIN:
        if len(raw) > longest:
            raise Bomb(f"{len(raw)} bytes, at most {longest} are taken")
        return raw
    if packing != Packing.ZSTD:
        raise ValueError(f"unknown packing {packing}")
    try:
        declared = zstandard.get_frame_parameters(raw).content_size
        if declared > longest:
            raise Bomb(f"a frame that declares {declared} bytes, at most {longest} are taken")
        inflated = _contexts.decompressor.decompress(raw, max_output_size=declared, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ValueError(f"a damaged frame: {error}") from error
    if len(inflated) != declared:
        raise ValueError(f"a frame that declares {declared} bytes and holds {len(inflated)}")
    return inflated
