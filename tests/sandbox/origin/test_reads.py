"""What the two origins answer to reads, over real TLS."""

from __future__ import annotations

import asyncio
import io
import json
import time
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from PIL import Image

from controlplane.domain.http_caching import directives, parsed_status
from controlplane.domain.tags import CacheTag
from controlplane.domain.tier import Tier
from sandbox.faults import Faults
from sandbox.origin.database import Database
from sandbox.origin.held import HeldWrites
from sandbox.origin.internal import Internal
from sandbox.origin.render import FINGERPRINT
from sandbox.origin.replica import Replica
from sandbox.origin.role import Role, Roles
from sandbox.origin.seed import Seed
from sandbox.run import read_json
from tests.sandbox.origin.regions import HOME, OTHER, PORTAL, REGIONS, WEDDING, Regions

CACHEABLE = [
    (WEDDING, "/", Tier.CRITICAL),
    (WEDDING, "/schedule", Tier.CRITICAL),
    (WEDDING, "/travel", Tier.HIGH),
    (WEDDING, "/gallery", Tier.MEDIUM),
    (WEDDING, "/photos/3-640.jpg", Tier.LOW),
    (PORTAL, "/", Tier.LOW),
    (PORTAL, "/vendors/florist-7", Tier.MEDIUM),
    (PORTAL, "/search?q=florist&page=1", Tier.MEDIUM),
    (PORTAL, "/api/weddings/como/timeline", Tier.HIGH),
]


@pytest.mark.parametrize(("host", "path", "tier"), CACHEABLE)
def test_a_cacheable_answer_carries_all_that_the_edge_needs(regions: Regions, host: str, path: str, tier: Tier) -> None:
    """Lifetimes come from the tier table, tags are valid for both vendors, and both regions agree byte for byte."""
    answers = [regions.ask(region, path, host=host) for region in REGIONS]
    for region, answer in zip(REGIONS, answers, strict=True):
        assert answer.status == 200
        told = dict(directives(answer.headers["cache-control"]))
        assert told == directives(answer.headers["cdn-cache-control"])
        fresh, stale = int(tier.profile.fresh.total_seconds()), str(int(tier.profile.stale.total_seconds()))
        left, waited = int(told.pop("max-age")), time.time() - float(answer.headers["x-wedcache-born"])
        assert fresh - waited - 3 < left <= fresh
        assert told == {"public": "", "stale-while-revalidate": stale, "stale-if-error": stale}
        assert [CacheTag(tag) for tag in answer.headers["cache-tag"].split(",")]
        (said,) = parsed_status(answer.headers["cache-status"])
        assert (said.cache, said.said["ttl"]) == ("wedcache", left)
        assert answer.headers["x-wedcache-region"] == region
        assert int(answer.headers["x-wedcache-version"]) >= 1
    assert answers[0].body == answers[1].body
    assert answers[0].headers["etag"] == answers[1].headers["etag"]


def test_who_holds_the_content_gets_304(regions: Regions) -> None:
    """If-None-Match with the other region's ETag is answered without a body; an outdated one with the page."""
    etag = regions.ask(OTHER, "/schedule").headers["etag"]
    same = regions.ask(HOME, "/schedule", headers={"If-None-Match": f'"old", W/{etag}'})
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", etag)
    assert same.headers["cache-control"].startswith("public")
    assert regions.ask(HOME, "/schedule", headers={"If-None-Match": '"old"'}).status == 200


def test_photos_are_real_jpegs_of_the_asked_width(regions: Regions) -> None:
    """Each declared width is a JPEG of that width; other widths and numbers do not exist."""
    for width in (320, 640, 1280):
        with Image.open(io.BytesIO(regions.ask(HOME, f"/photos/2-{width}.jpg").body)) as image:
            assert (image.format, image.size[0]) == ("JPEG", width)
    assert regions.ask(HOME, "/photos/2-333.jpg").status == 404
    assert regions.ask(HOME, "/photos/99-640.jpg").status == 404


def test_what_carries_a_fingerprint_never_changes(regions: Regions) -> None:
    """The style sheet is immutable for a year under its fingerprint, and unknown under any other."""
    answer = regions.ask(HOME, f"/static/app.{FINGERPRINT}.css", host=PORTAL)
    assert "immutable" in answer.headers["cache-control"] and "max-age=31536000" in answer.headers["cache-control"]
    assert regions.ask(HOME, "/static/app.000000000000.css", host=PORTAL).status == 404


def test_personal_pages_are_nobody_elses(regions: Regions) -> None:
    """A guest's page is private, not stored, without tags or validators, and names that guest only."""
    answer = regions.ask(HOME, "/guests", headers={"Cookie": "guest=17"})
    assert answer.headers["cache-control"] == "private, no-store"
    assert not {"etag", "cache-tag"} & set(answer.headers)
    assert b"Guest 17, table 3, of 130 invited" in answer.body


def test_wrong_requests_are_told_what_is_right(regions: Regions) -> None:
    """Unknown hosts, pages and methods are refused in JSON that names what there is."""
    assert regions.ask(HOME, "/schedule", host=f"{HOME}.origin.weddings.example", method="HEAD").status == 421
    assert regions.ask(HOME, "/nothing").status == 404
    wrong = regions.ask(HOME, "/schedule", method="POST", body={})
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET")
    assert regions.ask(HOME, "/_ops/reload").status == 200


def test_the_doors_that_are_not_for_guests_stay_shut(regions: Regions) -> None:
    """Under a guest's host name there is no witness, and without the token no replication."""
    assert regions.ask(HOME, "/_sandbox/db").status == 404
    own = f"{HOME}.origin.weddings.example"
    assert regions.ask(HOME, "/_sandbox/db", host=own, headers={"X-Forwarded-For": "127.0.0.1"}).status == 404
    for door in ("role", "apply"):
        assert regions.ask(HOME, f"/_replica/{door}", host=own, method="POST", body={"epoch": 999}).status == 403
    assert regions.witness(HOME)["role"]["epoch"] < 999


def test_every_request_is_logged_with_what_it_read(regions: Regions) -> None:
    """The access log tells host, path, status, database reads, agent, and the freeze header that the edge added."""
    headers = {"User-Agent": "guest/17", "x-wedcache-freeze": "venue:como:2027-06-12", "Cookie": "guest=17"}
    regions.ask(HOME, "/guests?logged", headers=headers)
    lines = [json.loads(line) for line in regions.run.log(f"origin-{HOME}").read_text().splitlines()]
    (line,) = (line for line in lines if line["path"] == "/guests?logged")
    assert line["monotonic"] > 0
    assert line["ms"] > 0
    wanted = {"host": WEDDING, "method": "GET", "status": 200, "database_reads": 1, "user_agent": "guest/17"}
    assert {name: line[name] for name in wanted} == wanted
    assert line["freeze"] == "venue:como:2027-06-12"


def test_a_slow_origin_answers_after_three_seconds(regions: Regions) -> None:
    """The fault holds for its region only, and ends when it is healed."""
    faults = Faults(regions.run.faults)

    def seconds(region: str) -> float:
        begun = time.monotonic()
        assert regions.ask(region, "/travel").status == 200
        return time.monotonic() - begun

    def at_best(region: str) -> float:
        """A busy machine may hold up one of three."""
        return min(seconds(region) for _ in range(3))

    faults.inject("origin-slow", HOME)
    try:
        assert at_best(OTHER) < 3 <= seconds(HOME)
    finally:
        faults.heal()
    assert read_json(regions.run.faults)["active"] == []
    assert at_best(HOME) < 3


def test_health_follows_the_drain_flag(regions: Regions) -> None:
    """A drained region says 503 and why, while it still serves; the other one stays healthy."""
    assert json.loads(regions.ask(HOME, "/health").body)["healthy"] is True
    regions.lead(HOME, drain=HOME)
    drained = regions.ask(HOME, "/health", host=f"{HOME}.origin.weddings.example")
    assert (drained.status, json.loads(drained.body)["why"]) == (503, "drained")
    assert regions.ask(OTHER, "/health").status == 200
    assert regions.ask(HOME, "/schedule").status == 200


def test_health_fails_with_the_database(tmp_path: Path) -> None:
    """A region whose database fails says so with 503, on a real socket."""
    database = Database(tmp_path / "one.sqlite", Seed())
    held = HeldWrites(database)

    async def nothing(*_: object) -> None:
        return None

    roles = Roles(Role(1, HOME), nothing)
    internal = Internal(HOME, database, held, roles, Replica(HOME, held, roles, nothing), "token", dict)

    async def health() -> tuple[int, str]:
        app = web.Application()
        app.add_routes(internal.routes())
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/health"
            async with aiohttp.ClientSession() as session, session.get(url) as answer:
                return answer.status, (await answer.json())["why"]
        finally:
            await runner.cleanup()

    assert asyncio.run(health()) == (200, "")
    database.close()
    status, why = asyncio.run(health())
    assert status == 503
    assert why.startswith("database:")
