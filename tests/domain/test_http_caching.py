"""What is said about caching in HTTP: validators, lifetimes, `Cache-Status` by its grammar, loops."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain import http_caching, keys

# One list member of a structured field whose parameters have the types that RFC 9211 gives them.
MEMBER = re.compile(
    r"[a-z]+(; (hit|fwd=(bypass|miss|stale)|stored(=\?0)?|collapsed(=\?0)?|ttl=-?[0-9]+"
    r'|key="([\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|detail=([A-Za-z*][!#$%&\'*+.^_`|~0-9A-Za-z:/-]*'
    r'|"([\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*")))*'
)
words = st.text(alphabet='aB9":\\ \x7f\té;,=%*-\U0001f470', max_size=8)
maybe = st.none() | st.booleans()


@given(
    st.booleans(),
    st.none() | st.sampled_from(["miss", "stale", "bypass"]),
    st.none() | st.floats(-1e6, 1e6),
    maybe,
    maybe,
    st.none() | words,
    st.none() | words,
)
def test_cache_status_is_always_well_formed(
    hit: bool,
    forwarded: str | None,
    ttl: float | None,
    stored: bool | None,
    collapsed: bool | None,
    key: str | None,
    detail: str | None,
) -> None:
    """Whatever it is told, it is one member of a structured field; `hit` and `fwd` exclude each other."""
    said = http_caching.cache_status(
        hit=hit, forwarded=forwarded, ttl=ttl, stored=stored, collapsed=collapsed, key=key, detail=detail
    )
    assert MEMBER.fullmatch(said), said
    parameters = [part.partition("=")[0] for part in said.split("; ")]
    assert ("hit" in parameters) == (hit and forwarded is None)
    if forwarded is None:
        assert not {"fwd", "stored", "collapsed"} & set(re.sub(r'"(\\.|[^"\\])*"', "", said).split("; "))


@given(
    st.booleans(),
    st.none() | st.sampled_from(["miss", "stale", "bypass"]),
    st.none() | st.floats(-1e6, 1e6),
    st.none() | words,
    st.none() | words,
)
def test_what_is_said_is_what_is_read(
    hit: bool, forwarded: str | None, ttl: float | None, key: str | None, detail: str | None
) -> None:
    """A member is read back whatever stands in it, also between those of other caches."""
    said = http_caching.cache_status(hit=hit, forwarded=forwarded, ttl=ttl, key=key, detail=detail)
    before, own, after = http_caching.parsed_status(f'Far; hit; ttl=376 ,\t{said}, "a CDN";fwd=uri-miss;stored=?0')
    assert (before.cache, before.said, after.cache) == ("Far", {"hit": True, "ttl": 376.0}, "a CDN")
    assert after.said == {"fwd": "uri-miss", "stored": False}
    assert own.cache == "wedcache"
    assert own.said.get("fwd") == forwarded
    assert own.said.get("ttl") == (None if ttl is None else float(ttl // 1))
    assert own.said.get("key") == (None if key is None else keys.encode(key))
    assert own.is_stale == (ttl is not None and ttl < 0)
    assert ("detail" in own.said) == bool(detail)


@pytest.mark.parametrize(
    "field", [None, "", ",", "a;", "a,", "a; ttl=", 'a; key="b', "a b", "a; ttl=1 2", "\u00e9; hit", ";hit"]
)
def test_a_malformed_status_says_nothing(field: str | None) -> None:
    """As RFC 8941 wants it: one wrong member, and none of the field is believed."""
    assert http_caching.parsed_status(field) == ()


@pytest.mark.parametrize(
    ("said", "given"),
    [
        ("wedcache; hit; ttl=375; detail=memory", {"hit": True, "ttl": 375.9, "detail": "memory"}),
        ("wedcache; hit; ttl=-1; detail=refreshing", {"hit": True, "ttl": -0.5, "detail": "refreshing"}),
        (
            "wedcache; fwd=miss; stored; collapsed; ttl=60",
            {"hit": False, "forwarded": "miss", "stored": True, "collapsed": True, "ttl": 60},
        ),
        (
            'wedcache; fwd=stale; stored=?0; key="a%22b"; detail="two words"',
            {"hit": False, "forwarded": "stale", "stored": False, "key": 'a"b', "detail": "two words"},
        ),
    ],
)
def test_cache_status_says(said: str, given: dict[str, object]) -> None:
    """Seconds are whole and rounded down, texts are quoted only where a token cannot hold them."""
    assert http_caching.cache_status(**given) == said  # type: ignore[arg-type]  # a table of keyword arguments


def test_a_validator_is_compared_weakly() -> None:
    """Any of the listed tags matches, weak or strong; a star matches everything; a part of a tag nothing."""
    tag = http_caching.etag(b"body")
    assert http_caching.etag(b"other") != tag
    assert all(http_caching.is_known(asked, tag) for asked in (tag, f"W/{tag}", f'"x,y", W/{tag}', " * "))
    assert not any(http_caching.is_known(asked, tag) for asked in (None, "", '"x"', tag.strip('"'), f'"x{tag[1:]}'))


def test_lifetimes_are_told_to_both_cdns() -> None:
    """Shared caches get the remaining time and the stale directives; without `s-maxage` Cloudflare, and all where
    browsers keep it as long."""
    said = http_caching.public(3599.9, 280_800, browser=0)
    assert said == {
        "Cache-Control": "public, max-age=0, s-maxage=3599, stale-while-revalidate=280800, stale-if-error=280800",
        "CDN-Cache-Control": "public, max-age=3599, stale-while-revalidate=280800, stale-if-error=280800",
    }
    assert http_caching.public(30, -5, browser=60)["Cache-Control"].startswith("public, max-age=30, stale-while-")
    assert http_caching.directives('Max-Age=5, private="x", public,,') == {"max-age": "5", "private": "x", "public": ""}


@pytest.mark.parametrize(
    ("loop", "via", "came"),
    [
        (None, None, False),
        ("", "1.1 office-proxy", False),
        (" ,", None, False),
        ("cloudflare; loops=1", None, True),
        ("cloudflare, wedcache", None, True),
        ("Wedcache; v=1", None, True),
        (None, "1.1 d111111abcdef8.cloudfront.net (CloudFront)", True),
    ],
)
def test_a_request_through_the_edge_is_known(loop: str | None, via: str | None, came: bool) -> None:
    """RFC 8586: whoever it went through says so, our reader too; CloudFront says it in `Via` only."""
    assert http_caching.is_from_edge(loop, via) is came


def test_tags_for_the_edge_are_those_that_a_cdn_purges_by() -> None:
    """The tags that every entry has inside the cache are not shown outside."""
    assert http_caching.edge_tags(("wedding:como", "*", "ns:main", "key:main:a", "wedding:como")) == ("wedding:como",)
