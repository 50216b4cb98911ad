"""What guests do is decided by the seed; where they go by the sandbox's DNS."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from sandbox.guests.habits import PORTAL_HOST, Class, asks, popular
from sandbox.guests.names import Pop, address, choose, pops
from sandbox.guests.people import Person, crowd, invited
from sandbox.origin.routes import Asked, Kind, Site, find
from sandbox.origin.seed import from_catalogue
from sandbox.world import FULL

WEDDING_HOST = "como.weddings.example"
ANNA = Person("como", WEDDING_HOST, 17, "MXP")


def test_a_seed_gives_the_same_visit_again() -> None:
    """Equal seeds give equal requests and pauses; another seed or guest gives others."""
    first = list(islice(asks(7, 3, ANNA, 0.5), 200))
    assert first == list(islice(asks(7, 3, ANNA, 0.5), 200))
    assert first != list(islice(asks(8, 3, ANNA, 0.5), 200))
    assert [ask.path for ask in first] != [ask.path for ask in islice(asks(7, 4, ANNA, 0.5), 200)]


def test_every_request_is_one_that_the_sites_answer() -> None:
    """Each popular page is a cacheable row of the origin's table; personal pages and answers are what they say."""
    wanted = {Class.CACHEABLE: Kind.CACHEABLE, Class.PERSONAL: Kind.PERSONAL, Class.WRITE: Kind.WRITE}
    for ask in islice(asks(1, 17, ANNA, 0.5), 2000):
        site = Site.PORTAL if ask.host == PORTAL_HOST else Site.WEDDING
        asked = find(site, "como", ask.method, ask.path.partition("?")[0], {})
        assert isinstance(asked, Asked), ask
        assert asked.route.kind is wanted[ask.kind]


def test_popularity_is_zipf_like_and_shares_are_kept() -> None:
    """The first page is asked about twice as often as the second; one request in eight is personal or a write."""
    seen = list(islice(asks(1, 1, ANNA, 0.5), 20_000))
    kinds = Counter(ask.kind for ask in seen)
    assert kinds[Class.PERSONAL] / len(seen) == pytest.approx(0.08, abs=0.01)
    assert kinds[Class.WRITE] / len(seen) == pytest.approx(0.04, abs=0.01)
    pages = Counter((ask.host, ask.path) for ask in seen if ask.kind is Class.CACHEABLE)
    ranks = popular(ANNA)
    assert pages[ranks[0]] / pages[ranks[1]] == pytest.approx(2, rel=0.15)
    assert pages[ranks[0]] / pages[ranks[7]] == pytest.approx(8, rel=0.25)
    assert sum(ask.think for ask in seen) / len(seen) == pytest.approx(0.5, rel=0.05)


def test_every_write_has_a_key_of_its_own() -> None:
    """Keys are unique over a crowd, and another crowd's label keeps them apart."""
    keys = [ask.key for guest in range(1, 9) for ask in islice(asks(1, guest, ANNA, 0.5), 500) if ask.key]
    assert len(keys) == len(set(keys)) > 50
    assert not set(keys) & {ask.key for ask in islice(asks(1, 1, ANNA, 0.5, "other"), 500)}


FRANKFURT, WASHINGTON = Pop("FRA56-P1", ("127.0.0.1", 1)), Pop("IAD89-C1", ("127.0.0.1", 2))
CLOUDFLARE = Pop("FRA", ("127.0.0.1", 3))
ALL = (CLOUDFLARE, FRANKFURT, WASHINGTON)


def test_dns_decides_and_without_it_the_cdn_that_serves_such_hosts() -> None:
    """Weddings are on CloudFront's POPs, the portal on Cloudflare's, or where DNS points; in the own city."""
    assert [choose(WEDDING_HOST, city, ALL, {}) for city in ("IAD", "FRA")] == [WASHINGTON, FRANKFURT]
    assert choose(PORTAL_HOST, "FRA", ALL, {}) is CLOUDFLARE
    assert choose(PORTAL_HOST, "IAD", ALL, {}) is CLOUDFLARE, "where a city has no POP, the next one"
    assert choose(WEDDING_HOST, "FRA", ALL, {WEDDING_HOST: "127.0.0.1:3"}) is CLOUDFLARE
    assert choose(WEDDING_HOST, "FRA", ALL, {WEDDING_HOST: "127.0.0.1:99"}) is FRANKFURT
    assert choose(WEDDING_HOST, "IAD", ALL, {WEDDING_HOST: "127.0.0.1:1"}) is WASHINGTON, "one CDN, the own city"
    assert choose(PORTAL_HOST, "FRA", (FRANKFURT,), {}) is None


def test_the_crowd_is_a_sample_of_those_invited() -> None:
    """The same seed draws the same guests, each from a list; all weddings and all countries' cities are there."""
    lists = from_catalogue(FULL.catalogue)
    everybody = list(invited(lists))
    drawn = crowd(lists, 7, 180)
    assert drawn == crowd(lists, 7, 180) != crowd(lists, 8, 180)
    assert len(set(drawn)) == 180 <= len(everybody) == sum(sum(one.guests.values()) for one in lists.weddings)
    assert set(drawn) <= set(everybody)
    assert {one.wedding for one in drawn} == set(FULL.weddings)
    assert {one.city for one in everybody} == {code[:3] for code in FULL.at("cloudflare")}
    assert len(crowd(lists, 7, 1000)) == 1000
    assert address("https://127.0.0.1:8443/x") == address("127.0.0.1:8443") == ("127.0.0.1", 8443)


def test_a_port_without_tls_is_no_pop() -> None:
    """A POP's port for plain HTTP stands beside it in the registry, and no guest is led there."""
    endpoints = {"pop-FRA": "127.0.0.1:1", "pop-FRA-http": "127.0.0.1:2", "aws": "127.0.0.1:3"}
    assert pops({"endpoints": endpoints}) == (Pop("FRA", ("127.0.0.1", 1)),)
