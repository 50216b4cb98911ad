"""The origin as a process: how it starts, what it reads through, how it ends."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from controlplane.adapters.redis.control import RedisControlKeys
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.domain.http_caching import directives
from controlplane.domain.purge_log import Kind
from controlplane.domain.warming import parse_manifest
from controlplane.ports.control_keys import CALENDAR, Document
from sandbox import processes
from sandbox.origin.__main__ import settings
from sandbox.origin.secret_files import CONTENT_EDITOR, token
from tests.sandbox.origin.regions import HOME, OTHER, PORTAL, WEDDING, Regions, until


def logged(regions: Regions, region: str, path: str) -> list[dict[str, object]]:
    lines = (json.loads(line) for line in regions.run.log(f"origin-{region}").read_text().splitlines())
    return [line for line in lines if line["path"] == path]


def test_the_second_read_comes_from_the_cache(regions: Regions) -> None:
    """The first read of a page asks the database, the second one memory: the access log shows 0 database reads."""
    for _ in range(2):
        assert regions.ask(HOME, "/vendors/music-3", host=PORTAL).status == 200
    first, second = logged(regions, HOME, "/vendors/music-3")
    assert (first["cache"], first["database_reads"]) == ("loaded", 1)
    assert (second["cache"], second["database_reads"]) == ("hit", 0)


def test_one_tag_purge_reaches_the_application(regions: Regions) -> None:
    """A purge that an agent appends to the region's log makes the next read load again."""
    path = "/vendors/music-4"
    regions.ask(HOME, path, host=PORTAL)

    async def purge() -> None:
        log = RedisPurgeLog(f"redis://{regions.run.endpoint(f'valkey-{HOME}-primary')}", timeout=10.0)
        await log.append(["vendor:music-4"], Kind.HARD)
        await log.aclose()

    asyncio.run(purge())

    def loaded_again() -> bool:
        regions.ask(HOME, path, host=PORTAL)
        return logged(regions, HOME, path)[-1]["cache"] == "loaded"

    until(loaded_again)


def test_what_is_written_before_a_window_lives_to_its_end(regions: Regions) -> None:
    """With the calendar in Redis, an entry of the wedding gets a physical life to the window's end, others do not."""
    now = datetime.now(UTC)
    end = now + timedelta(hours=90)
    zulu = "%Y-%m-%dT%H:%M:%SZ"
    rule = {
        "id": "venue:como:2027-06-12",
        "start": (now + timedelta(hours=60)).strftime(zulu),
        "end": end.strftime(zulu),
        "local_start": "2027-06-11T12:00:00+02:00",
        "local_end": "2027-06-13T06:00:00+02:00",
        "zone": "Europe/Rome",
        "lead": "12h",
        "lag": "6h",
        "derived": False,
        "days": [],
    }
    subject = {"hosts": [WEDDING], "vendors": [], "home": None, "cell": "default", "rules": [rule]}
    body = {
        "schema": "wedcache.calendar/1",
        "epoch": 1,
        "tzdata": "2026.6",
        "tzdata_source": "pinned",
        "compiled_at": now.strftime(zulu),
        "valid_until": (now + timedelta(days=30)).strftime(zulu),
        "platform": [],
        "weddings": {"como": subject},
    }

    async def push() -> None:
        keys = RedisControlKeys(f"redis://{regions.run.endpoint(f'valkey-{HOME}-primary')}", timeout=10.0)
        await keys.put(CALENDAR, Document(1, body))
        await keys.aclose()

    asyncio.run(push())
    host, _, port = regions.run.endpoint(f"valkey-{HOME}-primary").rpartition(":")
    with redis.Redis(host=host, port=int(port)) as client:

        def life(path: str, name: str, where: str) -> float:
            assert regions.ask(HOME, path, host=where).status == 200
            until(lambda: any(name.encode() in key for key in client.scan_iter(match="wc:main:v:*")))
            (key,) = (key for key in client.scan_iter(match="wc:main:v:*") if name.encode() in key)
            return float(client.pttl(key)) / 3_600_000

        photos = itertools.product(range(1, 13), (320, 640, 1280))  # enough fresh keys until the calendar was read

        def lives_to_the_end() -> bool:
            number, width = next(photos)
            return life(f"/photos/{number}-{width}.jpg", f":photo:{number}:{width}", WEDDING) > 89

        until(lives_to_the_end)
        assert life("/vendors/music-5", ":music-5", PORTAL) < 80


def test_the_manifest_lists_every_cacheable_path_critical_first(regions: Regions) -> None:
    """What is warmed is what the sites have: every listed path answers 200 with its tier's lifetime."""
    for host in (WEDDING, PORTAL):
        pages = parse_manifest(regions.ask(HOME, "/warm.json", host=host).body)
        ranks = [page.tier.rank for page in pages]
        assert ranks == sorted(ranks)
        assert len(pages) > 20
        for page in pages[:: len(pages) // 6]:
            answer = regions.ask(HOME, page.path, host=host)
            assert answer.status == 200
            control = directives(answer.headers["cache-control"])
            fresh = int(page.tier.profile.fresh.total_seconds())
            assert "immutable" in control or fresh - 600 < int(control["max-age"]) <= fresh


def test_a_purge_that_the_log_did_not_take_survives_the_process(regions: Regions) -> None:
    """With Redis stopped an owner's update is owed on disk; after kill -9 the next process delivers it to the log."""
    tag = f"page:como.{(page := 'travel')}"
    headers = {"Authorization": f"Bearer {token(regions.run, CONTENT_EDITOR)}"}
    owed = regions.run.folder / f"owed-{HOME}"
    regions.stop(f"valkey-{HOME}")
    reply = regions.ask(HOME, f"/pages/{page}", method="PUT", body={"text": "by train"}, headers=headers, patience=20)
    assert reply.status == 201
    assert [file for file in owed.iterdir() if tag in file.read_text()]
    processes.send(regions.run, [f"origin-{HOME}"], signal.SIGKILL)
    until(lambda: f"origin-{HOME}" not in processes.alive(regions.run))
    regions.start_origins(HOME)
    regions.wake()

    async def barriers() -> set[str]:
        log = RedisPurgeLog(f"redis://{regions.run.endpoint(f'valkey-{HOME}-primary')}", timeout=10.0)
        try:
            return {barrier.tag for barrier in await log.barriers()}
        finally:
            await log.aclose()

    until(lambda: tag in asyncio.run(barriers()))
    until(lambda: not list(owed.iterdir()))
    assert b"by train" in regions.ask(HOME, f"/{page}").body
    until(lambda: regions.witness(HOME)["role"]["epoch"] == regions.epoch)


@pytest.mark.parametrize("redis_stopped", [False, True])
def test_it_ends_at_sigterm_and_keeps_what_it_held(regions: Regions, redis_stopped: bool) -> None:
    """An orderly end comes also with its Redis stopped; the next process finds every acknowledged write."""
    _, said = regions.rsvp(HOME, 31)
    if redis_stopped:
        regions.stop(f"valkey-{OTHER}")
    processes.send(regions.run, [f"origin-{OTHER}"], signal.SIGTERM)
    until(lambda: f"origin-{OTHER}" not in processes.alive(regions.run))
    regions.wake()
    regions.start_origins(OTHER)
    assert said["write_id"] in regions.witness(OTHER)["writes"]["held"]
    until(lambda: regions.witness(OTHER)["role"]["epoch"] == regions.epoch)


def test_the_command_line_refuses_what_it_does_not_know(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown region ends with exit code 2 and the known ones."""
    with pytest.raises(SystemExit) as ended:
        settings(["--run", str(tmp_path), "--region", "mars-1"])
    assert ended.value.code == 2
    assert "eu-central-1" in capsys.readouterr().err
