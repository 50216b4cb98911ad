"""Cloudflare's rules language, as far as POPs read it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.pop.cloudflare_rules import Rule, request_facts, response_facts
from sandbox.pop.expressions import Unreadable, compiled, matches
from sandbox.pop.messages import Headers, Request, Response

REQUEST = Request(
    "GET", "app.weddings.example", "/photos/a.JPG", "w=320", Headers.of({"User-Agent": "x", "X-Kind": "A"})
)
FACTS = response_facts(request_facts(REQUEST), Response(404, Headers.of({"content-type": "Text/HTML; charset=utf-8"})))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ('http.host eq "app.weddings.example"', True),
        ('(http.host == "other" || starts_with(http.request.uri.path, "/photos/")) and not ssl', False),
        ('ends_with(lower(http.request.uri.path), ".jpg")', True),
        ('http.request.uri.path.extension in {"png" "jpg"}', True),
        ("http.response.code in {400..499 503}", True),
        ("http.response.code ge 500", False),
        ('http.request.uri.query contains "w="', True),
        ('http.request.uri.path matches "^/photos/[a-z]+"', True),
        ('http.request.full_uri wildcard "HTTPS://*.weddings.example/*"', True),
        ('http.request.full_uri strict wildcard "HTTPS://*"', False),
        ('http.request.headers["x-kind"][0] eq "A" && len(http.user_agent) lt 2', True),
        ('http.request.headers["absent"][0] eq ""', True),
        ('http.response.content_type.media_type eq "text/html"', True),
        ('not http.request.method in {"POST" "PUT"}', True),
        ('http.host eq "say \\"hi\\""', False),
        ("true xor true and false", True),
        ('ssl and http.request.method ne r"POST"', True),
    ],
)
def test_reads(text: str, expected: bool) -> None:
    """Fields, operators, functions, sets and their precedence mean what Cloudflare's reference says."""
    assert matches(text, FACTS) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http.host eq",
        "(true",
        "true true",
        "cf.bot_management.score gt 3",
        'sha256("x") eq "y"',
        "http.host ! 3 @",
        "http.host lt 3",
    ],
)
def test_refuses_what_it_does_not_know(text: str) -> None:
    """An expression that is not emulated is said to be unreadable, never guessed."""
    with pytest.raises(Unreadable):
        matches(text, FACTS)


def test_an_unreadable_rule_matches_nothing_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A rule with an unknown field does not match, and the log names the rule."""
    assert not Rule("shield", "cf.threat_score gt 5", "set_cache_settings", {}).matches(FACTS)
    assert "shield" in caplog.text


def test_values() -> None:
    """An expression may yield text, for headers and tags."""
    assert compiled('concat("host:", http.host)')(FACTS) == "host:app.weddings.example"
    assert compiled('split(http.request.uri.path, "/", 3)')(FACTS) == ["", "photos", "a.JPG"]


logic = st.recursive(
    st.sampled_from(["true", "false"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or", "xor"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda one: f"not {one}"),
    ),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(logic)
def test_logic_agrees_with_python(text: str) -> None:
    """Any nesting of and, or, xor, not has the value that Python gives it."""
    python = text.replace("xor", "^").replace("true", "True").replace("false", "False")
    # `^` binds tighter than `not` in Python; brackets around each `not` keep the tree.
    while "not " in python:
        head, _, tail = python.rpartition("not ")
        depth, end = 0, 0
        for end, letter in enumerate(tail, 1):
            depth += {"(": 1, ")": -1}.get(letter, 0)
            if (depth == 0 and tail[:end].rstrip() in ("True", "False")) or (depth == 0 and letter == ")"):
                break
        python = f"{head}(NOT{tail[:end]}){tail[end:]}"
    assert matches(text, {}) is bool(eval(python.replace("NOT", "not ")))
