"""The envelope: whatever is not exactly what was written is nothing."""

from __future__ import annotations

import zlib

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from controlplane.cache import envelope

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"]))
    | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def wrapped(key: str, value: bytes) -> bytes:
    """An envelope with ordinary terms."""
    return envelope.wrap(key, value, fresh=60, stale=600, life=700, tier="low", tags=("wedding:como",))


@given(plain)
def test_values_come_back(value: object) -> None:
    """Whatever MessagePack can hold comes back equal."""
    raw = envelope.encode_value(value)
    assert raw is not None
    found = envelope.unwrap(wrapped("k", raw), "k", longest=2**20)
    assert found is not None
    assert (found.fresh, found.stale, found.life, found.tags) == (60_000, 600_000, 700_000, ("wedding:como",))
    assert envelope.decode_value(found.value, None) == (True, value)


@given(st.binary(max_size=60), st.data())
def test_damage_is_noticed(value: bytes, data: st.DataObject) -> None:
    """An envelope with one flipped bit, wherever it is, or cut short, is nothing."""
    raw = bytearray(wrapped("key", value))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    assert envelope.unwrap(bytes(raw), "key", longest=2**20) is None
    short = wrapped("key", value)[: data.draw(st.integers(0, len(raw) - 1))]
    assert envelope.unwrap(short, "key", longest=2**20) is None


@given(st.binary(max_size=200))
def test_foreign_bytes_are_nothing(raw: bytes) -> None:
    """Bytes that we did not write are not an envelope, and nothing is raised."""
    assert envelope.unwrap(raw, "k", longest=2**20) is None


def test_another_key_another_version_and_too_much_are_nothing() -> None:
    """An envelope under the wrong key, from another version, or larger than the guard is not used."""
    raw = wrapped("k", b"value")
    assert envelope.unwrap(raw, "other", longest=2**20) is None
    newer = msgspec.msgpack.encode([envelope.VERSION + 1, *msgspec.msgpack.decode(raw[4:])[1:]])
    newer = zlib.crc32(newer).to_bytes(4, "big") + newer
    assert envelope.unwrap(newer, "k", longest=2**20) is None
    assert envelope.unwrap(wrapped("k", b"x" * 100_000), "k", longest=1000) is None


def test_a_nest_of_lists_does_not_break_the_reader() -> None:
    """Ten thousand nested lists are refused, not followed."""
    assert envelope.decode_value(b"\x91" * 10_000 + b"\x90", None) == (False, None)


def test_what_msgspec_cannot_write_stays_in_memory() -> None:
    """A value without a MessagePack form is None here, never pickled."""
    assert envelope.encode_value(object()) is None
    assert envelope.encode_value({1: lambda: None}) is None
