"""Coding: a value into an envelope and back, with the chosen serializer, compressed where it pays."""

from __future__ import annotations

from typing import Any, NamedTuple

from controlplane.cache import compress, envelope
from controlplane.cache.envelope import Envelope, Unusable
from controlplane.cache.isolation import Isolation, Kept
from controlplane.cache.serializers import Serializers
from controlplane.ports.serializer import Serializer


class Opened(NamedTuple):
    """What an envelope held: itself, the value, the value's bytes before they were packed, and who decoded them."""

    envelope: Envelope
    value: Any
    payload: bytes
    serializer: Serializer


class Coding:
    """How one cache writes, reads and keeps apart values. Never raises for what stands in a store."""

    def __init__(self, serializers: Serializers, *, compress_above: int, longest: int, copy: str) -> None:
        self.isolation = Isolation(copy)
        self._serializers = serializers
        self._above = compress_above
        self._longest = longest

    def encode(self, value: Any) -> bytes | None:
        """A value's bytes, or None for one that the serializer cannot write (it then stays in memory)."""
        try:
            return self._serializers.writes.encode(value)
        except Exception:
            # A serializer of the application may raise what it likes.
            return None

    def keep(self, value: Any, payload: bytes | None, kind: Any) -> Kept | None:
        """What memory keeps of a loaded value whose bytes are `payload`; None where it cannot be kept apart."""
        return self.isolation.of_loaded(value, payload, self._serializers.writes, kind)

    def wrap(
        self, key: str, payload: bytes, *, fresh: float, stale: float, life: float, tier: str, tags: tuple[str, ...]
    ) -> bytes:
        """An envelope's bytes around what `encode` gave; durations in seconds."""
        packing, packed = compress.pack(payload, self._above)
        return envelope.wrap(
            Envelope(
                key,
                int(fresh * 1000),
                int(stale * 1000),
                int(life * 1000),
                tier,
                tuple(str(tag) for tag in tags),
                self._serializers.writes.code,
                int(packing),
                packed,
            )
        )

    def open(self, raw: bytes, key: str, kind: Any) -> Opened | Unusable:
        """The value of `key` in `raw`, as type `kind` (None: plain dicts, lists, texts, numbers); or why not."""
        found = envelope.unwrap(raw, key, longest=self._longest)
        if isinstance(found, Unusable):
            return found
        serializer = self._serializers.reader_of(found.serializer)
        if serializer is None:
            return Unusable.OTHER_VERSION
        try:
            payload = compress.unpack(found.packing, found.value, self._longest)
        except compress.Bomb:
            return Unusable.TOO_LARGE
        except ValueError:
            return Unusable.DAMAGED
        try:
            return Opened(found, serializer.decode(payload, kind), payload, serializer)
        except Exception:
            # Whatever a serializer makes of bytes that are not of the asked type: it is no value of it.
            return Unusable.MISTYPED
