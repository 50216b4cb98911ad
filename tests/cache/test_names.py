"""Tags and keys: one vocabulary, and no two texts under one name."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain import keys, tags
from controlplane.errors import BadInput


@given(st.text(max_size=700), st.text(max_size=700))
def test_encoding_is_injective_bounded_and_safe(one: str, other: str) -> None:
    """Different texts have different names of at most 512 safe characters; no brace can choose a hash slot."""
    assert (keys.encode(one) == keys.encode(other)) == (one == other)
    assert len(keys.encode(one)) <= keys.MAX_ENCODED
    assert set(keys.encode(one)) <= set(string.ascii_letters + string.digits + ":._-/@+=%~")


@given(
    st.lists(st.text(alphabet="a:%3A", max_size=6), max_size=4),
    st.lists(st.text(alphabet="a:%3A", max_size=6), max_size=4),
)
def test_joined_segments_never_run_together(one: list[str], other: list[str]) -> None:
    """Segments that hold colons or percent signs do not make two lists of the same length one key."""
    if len(one) == len(other):
        assert (keys.join(*one) == keys.join(*other)) == (one == other)


@given(st.text(min_size=1, max_size=8), st.text(max_size=8), st.text(min_size=1, max_size=8), st.text(max_size=8))
def test_namespaces_keep_keys_apart(space: str, key: str, other_space: str, other_key: str) -> None:
    """A key of one namespace is never a key of another."""
    same = keys.in_namespace(space, key) == keys.in_namespace(other_space, other_key)
    assert same == ((space, key) == (other_space, other_key))


def test_a_tag_says_its_kind_and_id() -> None:
    """A tag is a text with two halves; an id may hold further colons."""
    tag = tags.page("rsvp:it")
    assert (tag, tag.kind, tag.ident) == ("page:rsvp:it", "page", "rsvp:it")
    assert tags.guest(9) == "guest:9"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("como", "not <kind>:<id>"),
        ("wedding:", "not <kind>:<id>"),
        ("wedding:a b", "' '"),
        ("wedding:a,b", "','"),
        ("wedding:caf\u00e9", "printable ASCII"),
        ("wedding:a\nb", "printable ASCII"),
        ("wedding:Como", "write 'wedding:como'"),
        ("weding:como", "did you mean wedding:como"),
        ("zzz:como", "known kinds"),
        ("wedding:" + "x" * 249, "257 characters"),
    ],
)
def test_a_tag_that_a_cdn_would_drop_is_refused(text: str, says: str) -> None:
    """The refusal names the tag's fault, and what to write where that is known."""
    with pytest.raises(BadInput, match=says.replace("(", r"\(")):
        tags.CacheTag(text)


def test_the_longest_tag_is_kept() -> None:
    """256 characters are a tag."""
    assert len(tags.CacheTag("wedding:" + "x" * 248)) == 256


def test_personal_data_is_known_by_its_tags() -> None:
    """One guest's tag makes an entry erasable; a purge is of personal data only if all its tags are."""
    assert tags.is_erasable(["wedding:como", "guest:9"])
    assert not tags.is_erasable(["wedding:como"])
    assert tags.is_only_erasable(["guest:9", "guest:7"])
    assert not tags.is_only_erasable(["guest:9", "wedding:como"])
