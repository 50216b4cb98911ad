"""The pure half of a POP: ages, bounds, purges, keys and tags, over arithmetic that no example covers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.pop.cloudfront_policy import CacheRules
from sandbox.pop.decide import Lifetime, NotCached, Verdict, decide, may_serve_on_error, store
from sandbox.pop.directives import Directives, declared_lifetime
from sandbox.pop.entries import Entries, Entry, Purge
from sandbox.pop.key import Choice, Take, accepted_encodings, chosen_query, digest
from sandbox.pop.messages import Headers, Request, Response

seconds = st.integers(0, 100_000).map(float)
instants = st.integers(1_700_000_000, 1_900_000_000).map(float)
GET = Request("GET", "como.weddings.example", "/")


@dataclass(frozen=True)
class Fixed:
    """A policy that gives every answer the same lifetime."""

    life: Lifetime
    enabled: bool = True

    def lifetime(self, request: Request, response: Response, now: float) -> Lifetime:
        return self.life

    def tags(self, response: Response) -> frozenset[str]:
        return frozenset({"wedding:como"})

    def retained(self, response: Response) -> Response:
        return response


lifetimes = st.builds(
    Lifetime, seconds, seconds, st.none() | seconds, seconds | st.just(float("inf")), forgiving=st.booleans()
)


def kept(life: Lifetime, now: float) -> Entry:
    """The entry that `life` makes of an answer at `now`."""
    entry = store(GET, Response(200, body=b"x"), Fixed(life), now, key="k", scope="s", target="/")
    assert isinstance(entry, Entry)
    return entry


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lifetimes, instants, seconds)
def test_nothing_is_served_beyond_its_bounds(life: Lifetime, at: float, age: float) -> None:
    """A copy is a HIT before its TTL only, stale before TTL plus directive only, and gone at the limit."""
    entry = kept(life, at)
    verdict = decide(GET, entry, Fixed(life), at + age)
    assert (verdict is Verdict.HIT) == (age < min(life.ttl, life.limit))
    if verdict is Verdict.STALE:
        assert life.ttl <= age < min(life.ttl + life.swr, life.limit)
    if may_serve_on_error(entry, at + age):
        assert age < life.limit
        assert life.sie is None or age < life.ttl + life.sie
        assert life.sie is not None or life.forgiving or age < life.ttl


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lifetimes, instants, seconds, seconds, seconds)
def test_soft_purged_is_never_a_hit(life: Lifetime, at: float, age: float, later: float, again: float) -> None:
    """After a soft purge a copy is never a HIT, and purging again never lengthens what is left."""
    entries = Entries()
    entries.replace(kept(life, at))
    purge = Purge("s", soft=True, matches=lambda entry: True)
    entries.purge(purge, at + age)
    once = entries.get("k")
    assert once is not None
    assert decide(GET, once, Fixed(life), at + age + later) is not Verdict.HIT
    entries.purge(purge, at + age + again)
    twice = entries.get("k")
    assert twice is not None
    assert twice.swr_until == once.swr_until
    assert once.swr_until <= kept(life, at).swr_until


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lifetimes, instants, st.lists(st.sampled_from(["fetch", "land", "hard", "soft"]), max_size=30))
def test_a_hard_purge_never_leaves_anything_older(life: Lifetime, at: float, steps: list[str]) -> None:
    """Whatever the order of fetches and purges, what is kept was asked for after the last hard purge."""
    entries, under_way, last_hard = Entries(), [(0, 0)], 0
    for number, step in enumerate(steps, 1):
        if step == "fetch":
            under_way.append((number, entries.purged))
        elif step == "land":
            asked, since = under_way.pop() if len(under_way) > 1 else (number, entries.purged)
            entry = replace(kept(life, at), response=Response(200, body=str(asked).encode()))
            entries.put(entry, since, at)
        else:
            entries.purge(Purge("s", soft=step == "soft", matches=lambda entry: True), at)
            last_hard = number if step == "hard" else last_hard
        found = entries.get("k")
        assert found is None or int(found.response.body) > last_hard


def test_a_soft_purge_reaches_an_answer_under_way() -> None:
    """An answer asked for before a soft purge and landed after it is kept as stale."""
    entries, life = Entries(), Lifetime(60, swr=60)
    since = entries.purged
    entries.purge(Purge("s", soft=True, matches=lambda entry: True), 100.0)
    landed = entries.put(kept(life, 100.0), since, 101.0)
    assert landed is not None
    assert decide(GET, landed, Fixed(life), 101.0) is Verdict.STALE


def test_a_purge_by_tag_uses_the_index_and_leaves_others() -> None:
    """A tag purge touches its tag's entries in its scope, and nothing else."""
    entries, one = Entries(), kept(Lifetime(60), 0.0)
    entries.replace(one)
    entries.replace(replace(one, key="other", tags=frozenset({"vendor:7"})))
    entries.replace(replace(one, key="elsewhere", scope="t"))
    tags = frozenset({"wedding:como"})
    assert entries.purge(Purge("s", soft=False, matches=lambda entry: bool(tags & entry.tags), tags=tags), 1.0) == 1
    assert (entries.get("k"), len(entries)) == (None, 2)


def test_memory_is_bounded_by_the_least_recently_used() -> None:
    """Above the limit the entry that was not asked for the longest leaves."""
    entries = Entries(memory_limit=25)
    for key in "abc":
        entries.replace(replace(kept(Lifetime(60), 0.0), key=key, response=Response(200, body=b"x" * 10)))
        entries.get("a")
    assert [key for key in "abc" if entries.get(key)] == ["a", "c"]


bounds = st.tuples(seconds, seconds, seconds).map(sorted)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bounds, st.none() | seconds, st.booleans(), seconds, instants)
def test_cloudfront_ttl_stays_between_its_bounds(
    limits: list[float], max_age: float | None, forbidden: bool, swr: float, now: float
) -> None:
    """CloudFront's TTL lies between minimum and maximum; a forbidden answer is kept for the minimum or not at all."""
    rules = CacheRules(limits[0], limits[1], limits[2])
    parts = ["no-store"] if forbidden else []
    parts += [] if max_age is None else [f"max-age={max_age:.0f}"]
    text = ", ".join([*parts, f"stale-while-revalidate={swr:.0f}"])
    life = rules.lifetime(GET, Response(200, Headers.of({"cache-control": text})), now)
    if isinstance(life, NotCached):
        assert forbidden
        assert limits[0] == 0
        return
    assert limits[0] <= life.ttl <= limits[2]
    if forbidden:
        assert life.ttl == limits[0]
    elif max_age is None:
        assert life.ttl == limits[1]
    entry = kept(life, now)
    assert entry.swr_until <= now + limits[2]
    assert entry.error_until <= now + limits[2]


def test_cloudfront_errors_are_kept_for_the_error_ttl() -> None:
    """404 and 5xx are kept 10 s or what the origin asks, 403 only when asked, 401 never."""
    rules = CacheRules(error_ttls=((503, 3.0),))

    def ttl(status: int, text: str = "") -> float | None:
        life = rules.lifetime(GET, Response(status, Headers.of({"cache-control": text})), 0.0)
        return life.ttl if isinstance(life, Lifetime) else None

    assert [ttl(404), ttl(503), ttl(500, "max-age=60"), ttl(500, "no-store")] == [10, 3, 60, 10]
    assert [ttl(403), ttl(403, "max-age=5"), ttl(401, "max-age=5")] == [None, 10, None]


def test_cloudfront_tags_have_limits() -> None:
    """The first 50 tags of at most 256 printable characters count, in any case; the rest is dropped in silence."""
    rules = CacheRules(tag_header="cache-tag")
    text = ",".join(["Wedding:Como", "x" * 257, "b l a n k", *(f"t{n}" for n in range(60))])
    tags = rules.tags(Response(200, Headers.of({"Cache-Tag": text})))
    assert (len(tags), "wedding:como" in tags, "t48" in tags, "t49" in tags) == (50, True, True, False)
    assert not any(len(tag) > 256 or " " in tag for tag in tags)


def test_other_methods_and_ranges_pass() -> None:
    """Only whole GETs and HEADs are served from the cache, and nothing is where caching is disabled."""
    entry, policy = kept(Lifetime(60), 0.0), Fixed(Lifetime(60))
    assert decide(replace(GET, method="POST"), entry, policy, 1.0) is Verdict.PASS
    assert decide(replace(GET, headers=Headers.of({"range": "bytes=0-1"})), entry, policy, 1.0) is Verdict.PASS
    assert decide(GET, entry, Fixed(Lifetime(60), enabled=False), 1.0) is Verdict.PASS
    assert decide(GET, entry, policy, -10.0) is Verdict.HIT  # the calendar was set back


def test_a_failed_origin_is_left_alone_for_a_moment() -> None:
    """An expired copy is held while the origin's rest lasts, then the origin is asked again."""
    policy = Fixed(Lifetime(10, limit=100, forgiving=True))
    entry = replace(kept(policy.life, 0.0), retry_at=30.0)
    assert decide(GET, entry, policy, 29.0) is Verdict.HELD
    assert decide(GET, entry, policy, 31.0) is Verdict.REVALIDATE


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_different_parts_make_different_keys(one: list[str], other: list[str]) -> None:
    """Two keys are equal only if all their parts are."""
    assert (digest(one) == digest(other)) == (one == other)


def test_choices_over_names() -> None:
    """Query strings are chosen by name, in the order and spelling in which they came."""
    query = "b=2&a=%20&utm=x&a"
    assert chosen_query(query, Choice()) == ""
    assert chosen_query(query, Choice(Take.ALL)) == query
    assert chosen_query(query, Choice(Take.NAMED, frozenset("a"))) == "a=%20&a"
    assert chosen_query(query, Choice(Take.ALL_BUT, frozenset({"utm"}))) == "b=2&a=%20&a"
    assert accepted_encodings("gzip;q=0.5, br, zstd", ("br", "gzip")) == "br,gzip"
    assert accepted_encodings("gzip, br;q=0", ("br", "gzip")) == "gzip"


def test_declared_lifetimes() -> None:
    """s-maxage goes before max-age before Expires; what cannot be read has expired."""
    date = "Sat, 12 Jun 2027 10:00:00 GMT"
    later = "Sat, 12 Jun 2027 10:01:00 GMT"

    def declared(**headers: str) -> float | None:
        found = Headers.of(headers)
        return declared_lifetime(found, Directives.parse(found.get("cache-control")), 0.0)

    assert declared(**{"cache-control": "max-age=5, s-maxage=7"}) == 7
    assert declared(**{"cache-control": 'max-age="5"'}) == 5
    assert declared(expires=later, date=date) == 60
    assert (declared(expires="0"), declared()) == (0, None)
