"""G16, the envelope: whatever is not exactly what was written is nothing, and says why."""

from __future__ import annotations

import struct
import zlib

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from controlplane.cache import envelope
from controlplane.cache.coding import Coding
from controlplane.cache.compress import Bomb, Packing, pack, unpack
from controlplane.cache.envelope import EntryTerms, Unusable
from controlplane.cache.serializers import Serializers

LONGEST = 2**20
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | texts
    | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
coding = Coding(Serializers(), namespace="main", compress_above=64, longest=LONGEST, longest_life=1000.0, copy="frozen")


def wrapped(key: str, payload: bytes) -> bytes:
    """An envelope with ordinary terms."""
    wrapped = coding.wrap(key, payload, fresh=60, stale=600, life=700, tier="low", tags=("wedding:como",))
    assert wrapped is not None
    return wrapped


def enveloped(value: bytes, packing: int, *, serializer: int = 1) -> bytes:
    """An envelope that somebody else could have written, with a right checksum."""
    return envelope.wrap("k", EntryTerms(1, 1, 1, "low", (), serializer, packing), value)


@given(plain, st.integers(1, 300))
def test_values_come_back(value: object, repeats: int) -> None:
    """Whatever MessagePack can hold comes back equal, compressed or not."""
    payload = coding.encode([value] * repeats)
    assert payload is not None
    opened = coding.open(wrapped("k", payload), "k", None)
    assert isinstance(opened, tuple)
    kept, thaw, size, family = opened
    found = family.terms
    assert (found.fresh, found.stale, found.life, found.tags) == (60_000, 600_000, 700_000, ("wedding:como",))
    assert thaw is not None
    assert (thaw(kept), size) == ([value] * repeats, len(payload))


@given(st.binary(max_size=60) | st.binary(min_size=1, max_size=3).map(lambda one: one * 400), st.data())
def test_damage_is_noticed(value: bytes, data: st.DataObject) -> None:
    """An envelope with one flipped bit, wherever it is, cut short or with bytes behind it, is nothing."""
    raw = bytearray(wrapped("key", value))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    flipped = coding.open(bytes(raw), "key", bytes)
    assert flipped in {
        0: (Unusable.FOREIGN,),
        1: (Unusable.FOREIGN,),
        2: (Unusable.OTHER_VERSION,),
    }.get(place, (Unusable.DAMAGED,))
    whole = wrapped("key", value)
    assert isinstance(coding.open(whole[: data.draw(st.integers(0, len(whole) - 1))], "key", bytes), Unusable)
    assert coding.open(whole + data.draw(st.binary(min_size=1, max_size=9)), "key", bytes) is Unusable.DAMAGED


@given(st.binary(max_size=200), st.booleans())
def test_foreign_bytes_are_nothing(raw: bytes, marked: bool) -> None:
    """Bytes that we did not write are not an entry, even behind our mark, and nothing is raised."""
    assert isinstance(coding.open((envelope.MARK + raw) if marked else raw, "k", None), Unusable)


@given(st.binary(max_size=200))
def test_any_terms_under_a_right_checksum_harm_nobody(told: bytes) -> None:
    """Whoever can write to Redis can make checksums: terms that are none are damage, and nothing is raised."""
    body = struct.pack(">HH", len(told), 1) + told + b"k" + b"\xc0"
    raw = envelope.MARK + bytes([envelope.VERSION]) + zlib.crc32(body, envelope.VERSION).to_bytes(4, "big") + body
    assert isinstance(coding.open(raw, "k", None), (tuple, Unusable))
    longer = struct.pack(">HH", len(told) + 60_000, 1) + told + b"k"
    raw = envelope.MARK + bytes([envelope.VERSION]) + zlib.crc32(longer, envelope.VERSION).to_bytes(4, "big") + longer
    assert coding.open(raw, "k", None) is Unusable.DAMAGED


@given(st.binary(max_size=200), st.sampled_from([0, 1, 2, 255]), st.sampled_from([0, 1, 2, 3, 99]))
def test_any_body_under_a_right_checksum_harms_nobody(value: bytes, packing: int, serializer: int) -> None:
    """Whoever can write to Redis can make checksums: any value, packing and serializer is an entry or a reason."""
    opened = coding.open(enveloped(value, packing, serializer=serializer), "k", None)
    assert isinstance(opened, (tuple, Unusable))
    if serializer == 99:
        assert opened is Unusable.OTHER_VERSION


def test_what_is_not_used_says_why() -> None:
    """Another key, another version, more than the guard takes and another type each have their own reason."""
    payload = msgspec.msgpack.encode("value")
    raw = wrapped("k", payload)
    newer = envelope.MARK + bytes([envelope.VERSION + 1]) + raw[3:]
    assert coding.open(raw, "other", None) is Unusable.FOREIGN
    assert coding.open(newer, "k", None) is Unusable.OTHER_VERSION
    assert coding.open(raw, "k", int) is Unusable.MISTYPED
    assert coding.open(enveloped(b"x" * (LONGEST + 100_000), 0), "k", None) is Unusable.TOO_LARGE
    assert coding.open(enveloped(b"\xc4", 0), "k", None) is Unusable.MISTYPED
    assert (envelope.version_of(newer), envelope.version_of(b"pickle")) == (envelope.VERSION + 1, None)


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    """A frame that declares 200 MB, one that declares nothing, and one that lies about itself are never inflated."""
    bomb = zstandard.ZstdCompressor().compress(bytes(200_000_000))
    assert len(bomb) < 20_000
    assert coding.open(enveloped(bomb, Packing.ZSTD), "k", None) is Unusable.TOO_LARGE
    silent = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(200_000_000))
    with pytest.raises(Bomb):
        unpack(Packing.ZSTD, silent, LONGEST)
    honest = zstandard.ZstdCompressor().compress(bytes(1000))
    place = honest.index((1000 - 256).to_bytes(2, "little"))
    for claim in (300, 60_000):
        lying = honest[:place] + (claim - 256).to_bytes(2, "little") + honest[place + 2 :]
        with pytest.raises(ValueError, match=r"frame"):
            unpack(Packing.ZSTD, lying, LONGEST)
    with pytest.raises(ValueError, match="damaged"):
        unpack(Packing.ZSTD, honest + honest, LONGEST)


@given(st.binary(min_size=1, max_size=4), st.integers(1, 4000), st.integers(1, 4000), st.data())
def test_unpacking_never_gives_more_than_the_cap(part: bytes, times: int, cap: int, data: st.DataObject) -> None:
    """Packed bytes, whole or with a flipped bit, give what was packed, or other bytes within the cap, or an error."""
    raw = part * times
    packing, packed = pack(raw, 64)
    assert unpack(packing, packed, len(raw)) == raw
    assert len(packed) <= len(raw)
    broken = bytearray(packed)
    broken[data.draw(st.integers(0, len(packed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        assert len(unpack(packing, bytes(broken), cap)) <= cap
    except ValueError:
        return


def test_only_what_shrinks_is_compressed() -> None:
    """Small values and values without redundancy are stored as they are."""
    noise = zstandard.ZstdCompressor().compress(b"".join(number.to_bytes(4, "big") for number in range(4000)))
    assert pack(b"a" * 1024, 1024) == (Packing.PLAIN, b"a" * 1024)
    assert pack(b"a" * 1025, 1024)[0] is Packing.ZSTD
    assert pack(noise, 1024) == (Packing.PLAIN, noise)


def test_a_nest_of_lists_does_not_break_the_reader() -> None:
    """Ten thousand nested lists are refused, not followed."""
    assert coding.open(wrapped("k", b"\x91" * 10_000 + b"\x90"), "k", None) is Unusable.MISTYPED


def test_what_msgspec_cannot_write_stays_in_memory() -> None:
    """A value without a MessagePack form is None here, never pickled."""
    assert coding.encode(object()) is None
    assert coding.encode({1: lambda: None}) is None


def test_what_is_remembered_of_terms_is_bounded() -> None:
    """Five thousand different terms, and some of 20 KB: all are read, few are kept, none of the long ones."""
    own = Coding(
        Serializers(), namespace="main", compress_above=64, longest=LONGEST, longest_life=1000.0, copy="frozen"
    )
    for number in range(5_000):
        terms = EntryTerms(number, 1, 1, "low", ("wedding:como",), 1, 0)
        assert isinstance(own.open(envelope.wrap("k", terms, b"\xc0"), "k", None), tuple)
    assert 0 < len(own._families) <= 4_096
    long = EntryTerms(1, 1, 1, "low", tuple(f"wedding:{number:0>200}" for number in range(100)), 1, 0)
    before = len(own._families)
    opened = own.open(envelope.wrap("k", long, b"\xc0"), "k", None)
    assert isinstance(opened, tuple)
    assert opened[-1].terms == long
    assert len(own._families) == before
