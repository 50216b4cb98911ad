"""Coding: a value into an envelope and back, with the chosen serializer, compressed where it pays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from controlplane.cache import compress, envelope
from controlplane.cache.entry import common_of
from controlplane.cache.envelope import EntryTerms, Unusable
from controlplane.cache.isolation import Isolation, Kept, Thaw
from controlplane.cache.serializers import Serializers, decoder_of
from controlplane.domain.tier import Tier
from controlplane.errors import BadInput
from controlplane.ports.serializer import Serializer

# Families that are remembered, and the longest terms of one: together at most 4 MiB as they stand in Redis.
_MOST_FAMILIES, _LONGEST_TERMS = 4_096, 1_024
_TIERS = {tier.value: tier for tier in Tier}


class Family:
    """What stored entries have in common that share their terms and are asked for as the same type.

    `common` is what their entries share in memory (`entry.common_of`). `clear_at` belongs to the second tier: the
    barriers' generation at which no purge of the family's tags was known.
    """

    __slots__ = ("clear_at", "common", "decode", "hands_out", "packing", "serializer", "terms", "thaw")

    def __init__(
        self,
        terms: EntryTerms,
        serializer: Serializer,
        common: tuple[Any, ...],
        decode: Callable[[bytes], Any],
        thaw: Thaw | None,
    ) -> None:
        self.terms = terms
        self.serializer = serializer
        self.common = common
        self.decode = decode
        self.thaw = thaw
        self.hands_out = thaw is None
        self.packing = terms.packing
        self.clear_at = -1


# What an envelope held: what an entry keeps of the value and how a caller's own comes from it (see `Kept`), the size of
# the value's bytes before they were packed, and what it has in common with others. A plain tuple, made for every read.
Opened = tuple[Any, Thaw | None, int, Family]


class Coding:
    """How one cache writes, reads and keeps apart values. Never raises for what stands in a store.

    Values have at most `longest` bytes and live for at most `longest_life` seconds, whatever an envelope says.
    """

    def __init__(
        self,
        serializers: Serializers,
        *,
        namespace: str,
        compress_above: int,
        longest: int,
        longest_life: float,
        copy: str,
    ) -> None:
        self._isolation = Isolation(copy)
        self._serializers = serializers
        self._namespace = namespace
        self._above = compress_above
        self._longest = longest
        self._longest_life = longest_life
        self._families: dict[tuple[bytes, Any], Family] = {}

    def encode(self, value: Any) -> bytes | None:
        """A value's bytes, or None for one that the serializer cannot write (it then stays in memory)."""
        try:
            return self._serializers.writes.encode(value)
        except Exception:
            # A serializer of the application may raise what it likes.
            return None

    def keep(self, value: Any, payload: bytes | None, kind: Any) -> Kept | None:
        """What memory keeps of a loaded value whose bytes are `payload`; None where it cannot be kept apart."""
        return self._isolation.of_loaded(value, payload, self._serializers.writes, kind)

    def wrap(
        self, name: str, payload: bytes, *, fresh: float, stale: float, life: float, tier: str, tags: tuple[str, ...]
    ) -> bytes | None:
        """An envelope's bytes around what `encode` gave, durations in seconds; None where the tags alone are too large
        (65,535 bytes)."""
        packing, packed = compress.pack(payload, self._above)
        terms = EntryTerms(
            int(fresh * 1000),
            int(stale * 1000),
            int(life * 1000),
            tier,
            tuple(str(tag) for tag in tags),
            self._serializers.writes.code,
            int(packing),
        )
        try:
            return envelope.wrap(name, terms, packed)
        except ValueError:
            return None

    def open(self, raw: bytes, name: str, kind: Any) -> Opened | Unusable:
        """The value of `name` in `raw`, as type `kind` (None: plain dicts, lists, texts, numbers); or why not."""
        found = envelope.unwrap(raw, name, self._longest)
        # Asking whether it is a tuple is one look; whether it is of an Enum's class, a call of that.
        if not isinstance(found, tuple):
            return found
        told, payload = found
        family = self._families.get((told, kind))
        if family is None:
            met = self._meet(told, kind)
            if isinstance(met, Unusable):
                return met
            family = met
        if family.packing or len(payload) > self._longest:
            try:
                payload = compress.unpack(family.packing, payload, self._longest)
            except compress.Bomb:
                return Unusable.TOO_LARGE
            except ValueError:
                return Unusable.DAMAGED
        try:
            value = family.decode(payload)
        except Exception:
            # Whatever a serializer makes of bytes that are not of the asked type: it is no value of it.
            return Unusable.MISTYPED
        if family.hands_out or self._isolation.hands_out(value, kind):
            return value, None, len(payload), family
        return payload, family.thaw, len(payload), family

    def _meet(self, told: bytes, kind: Any) -> Family | Unusable:
        """A family that was not seen lately."""
        terms = envelope.terms_of(told)
        if terms is None:
            return Unusable.DAMAGED
        serializer = self._serializers.reader_of(terms.serializer)
        if serializer is None:
            return Unusable.OTHER_VERSION
        most = self._longest_life
        try:
            common = common_of(
                self._namespace,
                terms.tags,
                min(terms.fresh / 1000, terms.life / 1000, most),
                terms.stale / 1000,
                min(terms.life / 1000, most),
                _TIERS[terms.tier],
            )
        except (BadInput, KeyError):
            return Unusable.DAMAGED
        decode = decoder_of(serializer, kind)
        family = Family(terms, serializer, common, decode, None if self._isolation.trusts(kind) else decode)
        if len(told) <= _LONGEST_TERMS:
            if len(self._families) >= _MOST_FAMILIES:
                self._families.clear()
            self._families[told, kind] = family
        return family
