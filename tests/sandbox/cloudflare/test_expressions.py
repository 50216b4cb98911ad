"""The rule language: what is accepted, what is refused, and that no text makes the checker fall over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.cloudflare.expressions import read_filter, read_list, read_value
from sandbox.cloudflare.limits import EXPRESSION_CHARACTERS
from sandbox.cloudflare.rule_tokens import Nonsense
from sandbox.cloudflare.rule_words import REQUEST_FIELDS

GOOD = [
    "true",
    "ssl",
    "not ssl",
    'http.host eq "app.weddings.example"',
    '(http.host == "a.example" or http.host == "b.example") and not ssl',
    'starts_with(http.request.uri.path, "/photos/") && http.request.method in {"GET" "HEAD"}',
    'lower(http.request.uri.path) contains "admin"',
    'http.request.uri.path matches "^/[a-z]{2}/"',
    'http.request.uri.path matches r#"^/w/"quoted"$"#',
    'http.request.full_uri wildcard "https://*.example/*"',
    'http.request.full_uri strict wildcard "https://*.example/*"',
    "ip.src in {192.0.2.0/24 2001:db8::/32 198.51.100.1..198.51.100.9}",
    "ip.src ne 192.0.2.1",
    "ip.src in $office.vpn",
    "cf.edge.server_port in {80 443 8000..8080}",
    "ip.src.asnum eq 13335 xor cf.client.bot",
    'http.request.headers["x-tier"][0] eq "critical"',
    'any(http.request.headers["accept"][*] contains "image/avif")',
    'all(lower(http.request.headers.names[*]) ne "x")',
    'any(lower(http.request.headers.names[*]) == "x-a" or http.request.headers.names[*] == "y")',
    'len(http.request.uri.path) gt 10 and substring(http.request.uri.path, 0, 3) eq "/a/"',
    'has_key(http.request.uri.args, "utm_source")',
]
BAD = [
    "",
    "http.host",
    'http.host is "a"',
    'http.host eq "a',
    "http.host eq a",
    "http.host eq 5",
    'http.hots eq "a"',
    'http.host eq "a" and',
    'and http.host eq "a"',
    '(http.host eq "a"',
    'http.host eq "a")',
    'http.host eq "a" http.host eq "b"',
    'http.host in {"a", "b"}',
    'http.host in {"a".."b"}',
    'http.host in "a"',
    "http.host in {}",
    'http.request.uri.path matches "["',
    'http.request.uri.path matches "(?=x)"',
    'http.request.full_uri wildcard "a**b"',
    'ip.src eq "192.0.2.1"',
    "ip.src eq 300.0.2.1",
    "ip.src gt 192.0.2.1",
    "ssl eq true",
    "not http.host",
    "cf.edge.server_port contains 4",
    'lower(http.host, "x") eq "a"',
    'nothing(http.host) eq "a"',
    "lower(ssl)",
    'http.request.headers["x-tier"] eq "critical"',
    'http.request.headers[0] eq "critical"',
    'http.host[0] eq "c"',
    'http.request.headers["accept"][*] contains "image/avif"',
    "http.response.code eq 200",
    "ip.src.asnum eq 13335 ; drop",
    "function handler(event) { return event.request; }",
]


@pytest.mark.parametrize("text", GOOD)
def test_accepts_the_language(text: str) -> None:
    """What the vendor's documentation shows is accepted as a filter."""
    assert read_filter(text, response=False).type == "Boolean"


@pytest.mark.parametrize("text", BAD)
def test_refuses_nonsense(text: str) -> None:
    """A filter that the vendor would not run is refused with a place in it."""
    with pytest.raises(Nonsense) as refused:
        read_filter(text, response=False)
    assert 1 <= refused.value.at <= len(text) + 1


def test_response_fields_belong_to_response_phases() -> None:
    """The same text is valid in a response phase and unknown in a request phase."""
    assert read_filter("http.response.code ge 500", response=True).fields == {"http.response.code"}
    with pytest.raises(Nonsense):
        read_filter("http.response.code ge 500", response=False)


def test_values_and_lists_have_their_types() -> None:
    """A value expression yields a string, a tag expression an array of strings, and neither is taken for the other."""
    read_value('concat("https://", http.host, http.request.uri.path)', response=False)
    read_list('split(http.response.headers["x-tags"][0], ",", 9)', response=True)
    with pytest.raises(Nonsense):
        read_value('split(http.host, ".", 9)', response=False)
    with pytest.raises(Nonsense):
        read_list("http.host", response=False)


def test_length_limit_is_exact() -> None:
    """4,096 characters are accepted, one more is refused."""
    frame = 'http.host eq ""'
    text = f'http.host eq "{"a" * (EXPRESSION_CHARACTERS - len(frame))}"'
    read_filter(text, response=False)
    with pytest.raises(Nonsense):
        read_filter(text[:-1] + 'a"', response=False)


def test_deep_nesting_is_refused_not_fatal() -> None:
    """Two thousand brackets are refused like any nonsense."""
    with pytest.raises(Nonsense):
        read_filter("(" * 2000 + "ssl" + ")" * 2000, response=False)
    with pytest.raises(Nonsense):
        read_filter("!" * 2000 + "ssl", response=False)


SIGNS = [*"(){}[]*,", "..", '"a"', '"[', "1", "192.0.2.1", "$list"]
NAMES = "http.host ssl ip.src http.request.headers any lower eq and or not in matches wildcard strict true"
WORDS = st.sampled_from([*SIGNS, *NAMES.split(" ")])


@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=14).map(" ".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the text, the checker answers with a Boolean reading or with Nonsense, never with another error."""
    try:
        assert read_filter(text, response=False).type == "Boolean"
    except Nonsense as refused:
        assert refused.reason


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


STRINGS_OF_REQUEST = sorted(name for name, kind in REQUEST_FIELDS.items() if kind == "String")
TERM = st.builds(
    lambda name, operator, value: f"{name} {operator} {_quoted(value)}",
    st.sampled_from(STRINGS_OF_REQUEST),
    st.sampled_from(["eq", "ne", "==", "!=", "contains"]),
    st.text(max_size=8),
)
TREE = st.recursive(
    TERM,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or", "xor", "&&", "||"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
    ),
    max_leaves=8,
)


@given(TREE)
def test_well_formed_filters_are_accepted_and_half_ones_refused(text: str) -> None:
    """Every well-formed filter is accepted; cut after its last quote's opening it is refused."""
    read_filter(text, response=False)
    with pytest.raises(Nonsense):
        read_filter(text[: text.rindex('"')], response=False)
