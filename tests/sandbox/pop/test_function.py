"""The edge function's real JavaScript, run as CloudFront Functions runs it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.pop.cloudfront_policy import Function
from sandbox.pop.event import InvalidAnswer
from sandbox.pop.function import FunctionFails, Ran, Runtime
from sandbox.pop.messages import Headers, Request
from sandbox.pop.syntax import FunctionDoesNotCompile, check

REQUEST = Request(
    "GET",
    "como.weddings.example",
    "/a",
    "x=1&y=%20&x=2",
    Headers.of(
        [("Host", "como.weddings.example"), ("Accept", "a"), ("Accept", "b"), ("Cookie", "k=v"), ("X-Cache", "no")]
    ),
)
NOW = 1_812_700_800.5  # 2027-06-11T08:00:00.5Z


def ran(code: str, pairs: dict[str, str] | None = None, request: Request = REQUEST) -> Ran:
    """Run code once."""
    return Runtime(Function(code, "cloudfront-js-2.0", pairs), ["home"]).run(request, NOW, {"distributionId": "E1"})


def said(body: str, pairs: dict[str, str] | None = None) -> Any:
    """What a function's expression is, as text."""
    text = f"async function handler(event) {{ return {{statusCode: 200, body: String({body})}}; }}"
    answer = ran(f"import cf from 'cloudfront';\n{text}", pairs).response
    assert answer is not None
    return answer.body.decode()


def test_an_unchanged_request_goes_on_as_it_came() -> None:
    """A function that changes nothing leaves query, headers and cookies byte for byte."""
    assert ran("function handler(event) { return event.request; }").request == REQUEST


def test_the_event_has_cloudfronts_shape() -> None:
    """Multi-value headers and query strings, cookies apart, hidden headers hidden."""
    assert said("event.request.querystring.x.multiValue.length + event.request.querystring.y.value") == "2%20"
    assert said("event.request.headers.accept.multiValue[1].value + event.request.cookies.k.value") == "bv"
    assert said("typeof event.request.headers.cookie + typeof event.request.headers['x-cache']") == "undefinedundefined"
    assert said("event.context.eventType + event.version + event.context.distributionId") == "viewer-request1.0E1"


def test_changes_are_obeyed() -> None:
    """Changed path, query, headers and cookies are what goes on."""
    request = ran(
        "function handler(event) { var r = event.request; r.uri = '/b'; r.querystring = {q: {value: '1'}};"
        " r.headers['x-new'] = {value: 'n'}; delete r.headers.accept; r.cookies.k.value = 'w'; return r; }"
    ).request
    assert (request.path, request.query, request.headers.get("x-new")) == ("/b", "q=1", "n")
    assert ("accept" in request.headers, request.headers.get("cookie"), request.headers.get("x-cache")) == (
        False,
        "k=w",
        "no",
    )


def test_the_key_value_store() -> None:
    """get, exists, count and meta are promises; a missing key throws; without a store kvs() throws."""
    pairs = {"freeze:h": "[[1,2]]", "route": "us"}
    assert (
        said("await cf.kvs().get('route') + (await cf.kvs().get('freeze:h', {format: 'json'}))[0][1]", pairs) == "us2"
    )
    assert (
        said("[await cf.kvs().exists('no'), await cf.kvs().count(), (await cf.kvs().meta()).keyCount]", pairs)
        == "false,2,2"
    )
    with pytest.raises(FunctionFails, match="KeyNotFound"):
        said("await cf.kvs().get('no')", pairs)
    with pytest.raises(FunctionFails, match="KvsNotAssociated"):
        said("cf.kvs()")


def test_date_stands_still_at_the_calendar() -> None:
    """Every way to ask for the time gives the calendar's instant, all through one run."""
    assert said("[Date.now(), new Date().getTime(), new Date(5).getTime(), new Date() instanceof Date]") == (
        f"{int(NOW * 1000)},{int(NOW * 1000)},5,true"
    )
    moving = "(function () { for (var i = 0, t = Date.now(); i < 999; i++) { if (Date.now() !== t) { return 'no'; } }"
    assert said(f"{moving} return 'still'; }})()") == "still"


def test_what_the_runtime_does_not_have() -> None:
    """No timers, network, eval, function constructor, or anything that CloudFront's list does not name."""
    absent = (
        "setTimeout",
        "fetch",
        "require",
        "eval",
        "Map",
        "Set",
        "WeakMap",
        "Proxy",
        "Reflect",
        "BigInt",
        "queueMicrotask",
    )
    assert said("[" + ",".join(f"typeof {name}" for name in absent) + "]") == ",".join(["undefined"] * len(absent))
    with pytest.raises(FunctionFails):
        said("(function () {}).constructor('return 1')()")


def test_nothing_outlives_a_request() -> None:
    """Top-level variables begin anew with each request, and a global cannot be made by accident."""
    runtime = Runtime(
        Function("var n = 0; function handler(e) { n += 1; return {statusCode: 200, body: '' + n}; }", "", None), []
    )
    bodies = [answer.response.body for answer in (runtime.run(REQUEST, NOW, {}) for _ in range(3)) if answer.response]
    assert bodies == [b"1", b"1", b"1"]
    with pytest.raises(FunctionFails, match="ReferenceError"):
        ran("function handler(e) { leak = 1; return e.request; }")


def test_a_generated_response() -> None:
    """Status, headers, cookies and body come from the function."""
    answer = ran(
        "function handler(e) { return {statusCode: 423,"
        " headers: {'retry-after': {value: '60'}, 'x-m': {value: '', multiValue: [{value: '1'}, {value: '2'}]}},"
        " cookies: {a: {value: 'b', attributes: 'Secure'}}, body: {encoding: 'base64', data: 'aGk='}}; }"
    ).response
    assert answer is not None
    assert (answer.status, answer.body, answer.headers.get("retry-after")) == (423, b"hi", "60")
    assert (answer.headers.get("x-m"), answer.headers.get("set-cookie")) == ("1, 2", "a=b; Secure")


def test_origin_changes_are_reported() -> None:
    """updateRequestOrigin and selectRequestOriginById are handed to the POP; an unknown origin throws."""
    code = "import cf from 'cloudfront';\nfunction handler(e) {{ {0}; return e.request; }}"
    assert ran(code.format("cf.updateRequestOrigin({domainName: 'x.example'})")).changes == {"domainName": "x.example"}
    assert ran(code.format("cf.selectRequestOriginById('home')")).selected == "home"
    with pytest.raises(FunctionFails, match="not in the distribution"):
        ran(code.format("cf.selectRequestOriginById('other')"))


@pytest.mark.parametrize(
    "change",
    [
        "r.headers.host = {value: 'evil'}",
        "r.headers['x-cache'] = {value: 'Hit'}",
        "r.headers['x-edge-a'] = {value: '1'}",
        "r.headers['X-Upper'] = {value: '1'}",
        "r.headers.via = {value: '1'}",
        "r.headers.a = {value: 5}",
        "r.uri = 'no-slash'",
        "r.uri = '/with space'",
        "r = 'text'",
    ],
)
def test_answers_that_cloudfront_does_not_accept(change: str) -> None:
    """Read-only and disallowed headers, odd URIs and odd values fail validation (502)."""
    with pytest.raises(InvalidAnswer):
        ran(f"function handler(event) {{ var r = event.request; {change}; return r; }}")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("function handler(e) { throw new Error('boom'); }", "boom"),
        ("async function handler(e) { await null; throw new Error('later'); }", "later"),
        ("function handler(e) { while (true) {} }", "interrupted"),
        ("async function handler(e) { await null; while (true) {} }", "interrupted"),
        (
            "function handler(e) { var a = []; while (true) { a.push('x'.repeat(9999) + a.length); } }",
            "memory|interrupted",
        ),
        ("function handler(e) { return handler(e); }", "stack|overflow"),
        ("async function handler(e) { return new Promise(function () {}); }", "never settled"),
        ("function handler(e) { return undefinedName; }", "undefinedName"),
    ],
)
def test_a_failing_function_is_told(code: str, told: str) -> None:
    """Throwing, looping, filling memory and never settling all end as a failure, and the next request works."""
    runtime = Runtime(Function(code, "", None), [])
    for _ in range(2):
        with pytest.raises(FunctionFails, match=told):
            runtime.run(REQUEST, NOW, {})


@pytest.mark.parametrize("code", ["class A {}", "for (var x of [1]) {}", "var a = {...b};", "function ( {"])
def test_syntax_that_only_quickjs_would_accept(code: str) -> None:
    """njs refuses what CloudFront refuses, with the line."""
    with pytest.raises(FunctionDoesNotCompile, match=r"function\.js:2"):
        check(f"function handler(event) {{ return event.request; }}\n{code}")


def test_code_limits() -> None:
    """10 KB of code pass, one byte more does not; code without a handler does not compile."""
    code = "function handler(event) { return event.request; }\n"
    check(code + "/" * (10 * 1024 - len(code)))
    with pytest.raises(FunctionDoesNotCompile, match="10240"):
        check(code + "/" * (10 * 1024 - len(code) + 1))
    with pytest.raises(FunctionFails, match="handler"):
        ran("var a = 1;")
