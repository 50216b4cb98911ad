"""The edge function's own JavaScript, in the runtime of the POP: windows at the second, broken values, no forgery."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import infra.components
from sandbox.pop.cloudfront_policy import Function
from sandbox.pop.function import Ran, Runtime
from sandbox.pop.messages import Headers, Request
from sandbox.pop.syntax import CODE_LIMIT, check

CODE = (Path(infra.components.__file__).parent / "edge_function.js").read_text()
HOST = "como.weddings.example"
START, END = 1_812_708_000, 1_812_859_200  # 2027-06-11T10:00:00Z and 2027-06-13T04:00:00Z
RULE = "venue:como:2027-06-12"
WINDOW = json.dumps([[START, END, RULE]])
MARK = "x-wedcache-freeze"


def run(pairs: dict[str, str], now: float, path: str = "/", host: str = HOST, **headers: str) -> Ran:
    """One viewer request at the edge."""
    rows = [("Host", host), *((name.replace("_", "-"), value) for name, value in headers.items())]
    runtime = Runtime(Function(CODE, "cloudfront-js-2.0", pairs), ["eu-central-1", "us-east-1"])
    return runtime.run(Request("GET", host, path, "", Headers.of(rows)), now, {"distributionId": "E1"})


def status(ran: Ran) -> int | None:
    """The status of a generated response; None when the request goes on."""
    return ran.response.status if ran.response else None


def test_cloudfront_compiles_it() -> None:
    """njs takes it, and it fits into CloudFront's 10 KB."""
    check(CODE)
    assert len(CODE.encode()) <= CODE_LIMIT


@given(
    st.integers(START - 5, END + 5)
    | st.sampled_from([START - 1, START, END - 1, END])
    | st.floats(START - 2, START + 2)
    | st.floats(END - 2, END + 2)
)
def test_a_window_is_half_open(now: float) -> None:
    """From its first instant on operators are locked out and guests are marked; at its end instant no longer."""
    held = START <= int(now * 1000) / 1000 < END
    pairs = {f"freeze:{HOST}": WINDOW}
    locked, guest = run(pairs, now, "/_ops/x"), run(pairs, now)
    assert status(locked) == (423 if held else None)
    assert guest.response is None
    assert guest.request.headers.get(MARK) == (RULE if held else None)
    if locked.response:
        wait = int(locked.response.headers.get("retry-after") or "")
        assert now + wait >= END - 0.001
        assert wait <= END - now + 1.001
        assert (locked.response.headers.get(MARK), locked.response.headers.get("cache-control")) == (RULE, "no-store")


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20), st.sampled_from(["a:1", "b:2", "c:3"])), max_size=5),
    st.integers(0, 80),
)
def test_the_first_window_that_holds_is_named(windows: list[tuple[int, int, str]], now: int) -> None:
    """Several windows of one host are looked at in order."""
    pairs = [[start, start + length, rule] for start, length, rule in windows]
    wanted = next((rule for start, length, rule in windows if start <= now < start + length), None)
    ran = run({f"freeze:{HOST}": json.dumps(pairs)}, now)
    assert ran.request.headers.get(MARK) == wanted


BROKEN = st.one_of(
    st.text(max_size=30),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    ).map(json.dumps),
)


@given(BROKEN, BROKEN)
def test_no_value_breaks_a_guests_request(freeze: str, route: str) -> None:
    """Whatever stands in the store, a guest's request goes on, and only to an origin that has a host's name."""
    ran = run({f"freeze:{HOST}": freeze, "route": route}, START)
    assert ran.response is None
    if ran.changes is not None:
        assert ran.changes == {"domainName": route, "hostHeader": HOST}


@pytest.mark.parametrize("value", ["", "{", "null", "5", "[null]", '[[1,"x","r"]]', "[[0,9e9]]", '[[0,9e9,"r\\n"]]'])
def test_what_cannot_be_read_is_never_open(value: str) -> None:
    """Operators' paths are closed for a minute, as unknown; guests go on unmarked."""
    pairs = {f"freeze:{HOST}": value}
    locked = run(pairs, START, "/_ops/x").response
    assert locked is not None
    assert (locked.status, locked.headers.get(MARK), locked.headers.get("retry-after")) == (423, "unknown", "60")
    assert MARK not in run(pairs, START).request.headers


@pytest.mark.parametrize("pairs", [{}, {"freeze:other.example": WINDOW}, {f"freeze:{HOST}": "[]"}])
def test_without_a_window_nothing_is_touched(pairs: dict[str, str]) -> None:
    """No key, another host's key, an empty list: the request goes on as it came, operators' paths too."""
    for path in ("/", "/_ops/x"):
        ran = run(pairs, START, path, accept="a")
        assert (ran.response, ran.changes, ran.selected) == (None, None, None)
        assert (ran.request.path, ran.request.headers.get("accept")) == (path, "a")


@pytest.mark.parametrize("now", [START - 1, START])
@pytest.mark.parametrize("name", ["X_Wedcache_Freeze", "x_wedcache_freeze"])
def test_a_client_cannot_forge_the_mark(name: str, now: int) -> None:
    """What a client says of the freeze never reaches the origin."""
    ran = run({f"freeze:{HOST}": WINDOW}, now, **{name: "forged"})
    assert ran.request.headers.get(MARK) == (RULE if now >= START else None)


@pytest.mark.parametrize("host", ["COMO.weddings.example", "como.weddings.example:443"])
@pytest.mark.parametrize("path", ["/_ops/x", "/%5Fops/x", "/_ops%2Fx"])
def test_another_spelling_is_no_way_past(host: str, path: str) -> None:
    """Capitals, a port or percent signs name the same host and the same path."""
    assert status(run({f"freeze:{HOST}": WINDOW}, START, path, host)) == 423


def test_a_route_moves_the_domain_and_keeps_the_host() -> None:
    """The other region's origin is asked for the same site."""
    route = "us-east-1.origin.weddings.example"
    ran = run({"route": route}, START)
    assert ran.changes == {"domainName": route, "hostHeader": HOST}
    assert ran.response is None


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("platform", "page=2"),
        (f"a.example {HOST}", "page=2"),
        ("a.example", "page=2&q=gift"),
        ("platformer", "page=2&q=gift"),
        ("", "page=2&q=gift"),
    ],
)
def test_in_an_emergency_searches_are_answered_with_the_page_itself(words: str, left: str) -> None:
    """For every host, or for those that are named; only the search is dropped, and without the key nothing is."""
    runtime = Runtime(Function(CODE, "cloudfront-js-2.0", {"emergency": words}), ["eu-central-1", "us-east-1"])
    asked = Request("GET", HOST.upper(), "/vendors", "page=2&q=gift", Headers.of([("Host", HOST.upper())]))
    ran = runtime.run(asked, START, {"distributionId": "E1"})
    assert (ran.response, ran.request.query) == (None, left)


@pytest.mark.parametrize("route", ["", "nowhere", "http://x.example/", "a b.example", "UPPER.example", "x.example:1"])
def test_a_route_that_is_no_host_is_left(route: str) -> None:
    """The distribution's own origin serves rather than none."""
    assert run({"route": route}, START).changes is None


EDITION = "x-wedcache-edition"
PAGE = f"{HOST}/schedule"


@given(st.sampled_from(["", "aa", "bb", "cc", "AA", "b b"]), st.booleans(), st.booleans())
def test_guests_get_the_edition_that_stands_in_the_store(asked: str, has_edition: bool, has_next: bool) -> None:
    """Whatever a client names: only the one that is being prepared can be had before its time, and only by its name."""
    pairs = {f"edition:{PAGE}": "aa"} if has_edition else {}
    pairs |= {f"next:{PAGE}": "bb"} if has_next else {}
    headers = {"X_Wedcache_Edition": asked} if asked else {}
    wanted = "bb" if asked == "bb" and has_next else "aa" if has_edition else None
    assert run(pairs, START, "/schedule", **headers).request.headers.get(EDITION) == wanted
    assert run(pairs, START, "/travel", **headers).request.headers.get(EDITION) is None
    assert run(pairs, START, "/schedule", host="other.example", **headers).request.headers.get(EDITION) is None


@given(st.text(max_size=20))
def test_an_edition_that_is_none_is_left_out(value: str) -> None:
    """Whatever stands in the store, the request goes on: with an edition that a header can carry, or with none."""
    ran = run({f"edition:{PAGE}": value}, START, "/schedule")
    assert ran.response is None
    assert ran.request.headers.get(EDITION) in (None, value)
