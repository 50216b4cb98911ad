"""Who answered and why, from an answer's headers alone; and where a host's guests go."""

from __future__ import annotations

import pytest

from controlplane.domain.route import Known, lines, told
from controlplane.domain.trace import Answered, Hop, first_other, hop

ORIGINS = {"eu-central-1": "eu-central-1.origin.weddings.example", "us-east-1": "us-east-1.origin.weddings.example"}
HOME, STANDBY = ORIGINS


def seen(
    cache: str = "", status: int = 200, tier: str = "edge", place: str = "FRA56", body: bytes = b"x", **headers: str
) -> Hop:
    """One place's answer in words."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return hop(Answered(tier, place, status, named, body, cache, 0.01), "photo:como.3" if status == 410 else None)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (seen("HIT", age="7", x_wedcache_region=HOME), "the POP's own copy, 7 s old; it came from origin eu-central-1"),
        (seen("STALE", age="700"), "the POP's own copy, no longer fresh, 700 s old"),
        (
            seen("MISS", x_wedcache_region=HOME, cache_status="wedcache; hit; ttl=9; detail=memory"),
            "the POP had no copy here: origin eu-central-1 answered from its memory",
        ),
        (
            seen("MISS", x_wedcache_region=HOME, cache_status="wedcache; hit; ttl=9; detail=redis"),
            "the POP had no copy here: origin eu-central-1 answered from the region's Redis",
        ),
        (
            seen("MISS", x_wedcache_region=HOME, cache_status="wedcache; fwd=miss; stored"),
            "the POP had no copy here: origin eu-central-1 answered by loading it",
        ),
        (
            seen("MISS", x_wedcache_region=HOME, cache_status="wedcache; fwd=stale; ttl=-5; detail=load-failed"),
            "the POP had no copy here: origin eu-central-1 answered with a stale copy (load-failed)",
        ),
        (seen("DYNAMIC", x_wedcache_region=HOME), "it is never kept at the edge"),
        (seen("MISS", 504), "the CDN itself, with 504: no origin answered"),
        (seen("", 410), "the edge itself denies it: photo:como.3 was taken down"),
        (seen("", 410, x_wedcache_region=HOME), "origin eu-central-1 denies it: photo:como.3 was taken down"),
        (
            seen("", 423, x_wedcache_freeze="venue:como:2027-06-12"),
            "the edge closes operators' paths in the window venue:como:2027-06-12",
        ),
        (seen("", 0), "no answer: "),
        (seen(tier="origin", place=HOME), "origin eu-central-1 answered, past its cache"),
    ],
)
def test_every_answer_has_its_reason(answer: Hop, words: str) -> None:
    """In a sentence that names the tier and the region."""
    assert answer.why.startswith(words)


def test_what_else_a_hop_tells() -> None:
    """Age, tags, policy and the body's hash; nothing of a place that did not answer."""
    told_of = seen("HIT", age="7", cache_control="public", x_wedcache_tags="wedding:como,page:home")
    assert (told_of.age, told_of.policy, told_of.tags) == (7.0, "public", ("wedding:como", "page:home"))
    assert told_of.body == "2d711642b726b044"
    assert seen("", 0).body is None


def test_the_first_place_that_differs_is_named() -> None:
    """With the place that it differs from; an answer without content is no difference."""
    home = seen(tier="origin", place=HOME, body=b"new")
    assert first_other([home, seen(body=b"new"), seen(status=410)]) is None
    other = first_other([home, seen(body=b"new"), seen(place="SIN2", body=b"old")])
    assert other is not None
    assert [one.place for one in other] == ["SIN2", HOME]
    assert first_other([seen(status=504)]) is None


def known(**changes: object) -> Known:
    """Como on its own distribution."""
    whole: dict[str, object] = {
        "host": "como.weddings.example",
        "edge": "cloudfront",
        "wedding": "como",
        "delivery": "dedicated",
        "distribution": "E1",
        "target": "d1.cloudfront.net",
        "names": ("CNAME d1.cloudfront.net",),
        "balanced": None,
        "pools": None,
        "keys": {},
        "seen": {"FRA56": HOME},
    }
    return Known(**{**whole, **changes})  # type: ignore[arg-type]  # the fields of Known


PORTAL: dict[str, object] = {
    "host": "app.weddings.example",
    "edge": "cloudflare",
    "wedding": None,
    "delivery": None,
    "names": (),
}


@pytest.mark.parametrize(
    ("what", "region", "fits", "agrees"),
    [
        (known(), HOME, True, True),
        (known(keys={"route": ORIGINS[STANDBY]}), STANDBY, True, False),
        (known(keys=None), None, True, None),
        (known(names=("CNAME elsewhere.example",)), HOME, False, True),
        (known(names=None), HOME, None, True),
        (known(delivery="tenant"), None, True, None),
        (known(**PORTAL, balanced=(HOME, STANDBY), pools={HOME: (True, True)}), HOME, True, True),
        (
            known(**PORTAL, balanced=(HOME, STANDBY), pools={HOME: (False, True), STANDBY: (True, None)}),
            STANDBY,
            True,
            False,
        ),
        (known(**PORTAL, balanced=(HOME,), pools={HOME: (True, False)}), None, True, None),
        (known(**PORTAL, balanced=None, pools=None), None, None, None),
    ],
)
def test_a_route_is_told_from_what_is_known(
    what: Known, region: str | None, fits: bool | None, agrees: bool | None
) -> None:
    """The region that the control data name, whether the name leads to that CDN, whether POPs see the same."""
    row = told(what, ORIGINS, HOME, [])
    assert (row["region"], row["dns_fits"], row["agrees"]) == (region, fits, agrees)
    assert lines(row)[0] == what.host


def test_a_route_says_what_is_drained_and_denied() -> None:
    """What stands between the guests and the origin."""
    text = "\n".join(lines(told(known(keys={"deny:como.weddings.example": "/photos/3-*"}), ORIGINS, HOME, [STANDBY])))
    assert "drained us-east-1" in text
    assert "denied  /photos/3-*: taken down" in text
