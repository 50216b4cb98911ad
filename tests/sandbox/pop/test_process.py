"""A POP as a process, its log, its certificates, and how guests find it."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox import certificates
from sandbox.faults import Faults
from sandbox.pop.differences import DIFFERENCES
from sandbox.pop.snapshot import base_url, unseen
from sandbox.probe import probe
from sandbox.run import Run, write_json
from tests.sandbox.pop.declared import cloudfront
from tests.sandbox.pop.world import World, world


def test_the_process_says_ready_and_ends_at_once(tmp_path: Path) -> None:
    """It prints one line with its port, serves TLS without any snapshot, and ends at SIGTERM."""
    command = [sys.executable, "-m", "sandbox.pop", "--run", str(tmp_path), "--code", "FRA56-P1", "--cdn", "cloudfront"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        word, port = process.stdout.readline().split()
        write_json(tmp_path / "run.json", {"endpoints": {"pop-FRA56-P1": f"127.0.0.1:{port}"}})
        seen = probe("https://como.weddings.example/a", "FRA56", {}, Run(tmp_path))
        process.send_signal(signal.SIGTERM)
        assert (process.wait(60), word, seen["status"]) == (0, "ready", 403)


def test_the_process_tells_its_port_without_tls(tmp_path: Path) -> None:
    """With --http-port the line has both ports, and plain HTTP is answered on the second one."""
    command = [sys.executable, "-m", "sandbox.pop", "--run", str(tmp_path), "--code", "FRA", "--cdn", "cloudflare"]
    with subprocess.Popen([*command, "--http-port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        _, tls, plain = process.stdout.readline().split()
        endpoints = {"pop-FRA": f"127.0.0.1:{tls}", "pop-FRA-http": f"127.0.0.1:{plain}"}
        write_json(tmp_path / "run.json", {"endpoints": endpoints})
        seen = [probe(f"{scheme}://app.weddings.example/", "FRA", {}, Run(tmp_path)) for scheme in ("http", "https")]
        process.send_signal(signal.SIGTERM)
        assert (process.wait(60), [one["status"] for one in seen]) == (0, [530, 530])


def test_one_process_serves_many_pops(tmp_path: Path) -> None:
    """Each code has two ports of its own and signs as itself; one that is down holds its guests, the others answer."""
    run = Run(tmp_path)
    command = [sys.executable, "-m", "sandbox.pop", "--run", str(tmp_path), "--code", "FRA", "--code", "SIN"]
    with subprocess.Popen(
        [*command, "--cdn", "cloudflare", "--http-port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        _, *ports = process.stdout.readline().split()
        names = ("pop-FRA", "pop-FRA-http", "pop-SIN", "pop-SIN-http")
        write_json(run.registry, {"endpoints": {n: f"127.0.0.1:{p}" for n, p in zip(names, ports, strict=True)}})
        rays = [probe("http://a.example/", code, {}, run)["headers"]["cf-ray"][-3:] for code in ("FRA", "SIN")]
        Faults(run.faults).inject("pop-down", "FRA")
        with ThreadPoolExecutor(1) as pool:
            held = pool.submit(probe, "http://a.example/", "FRA", {}, run)
            assert probe("http://a.example/", "SIN", {}, run)["status"] == 530
            assert not held.done()
            Faults(run.faults).heal()
            assert held.result(60)["status"] == 530
        process.send_signal(signal.SIGTERM)
        assert (process.wait(60), rays) == (0, ["FRA", "SIN"])


def test_an_unknown_city_is_refused(tmp_path: Path) -> None:
    """A POP code without a row in the delay table is an error that names the known cities."""
    command = [sys.executable, "-m", "sandbox.pop", "--run", str(tmp_path), "--code", "XXX1", "--cdn", "cloudflare"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, "FRA" in ended.stderr) == (2, True)


def test_the_log_has_no_secrets_and_every_request(tmp_path: Path) -> None:
    """One line a request with what guests got; cookies, authorization and query strings are not in it."""

    async def scene(stage: World) -> None:
        await stage.api.declare(**cloudfront())
        secrets = {"Cookie": "session=s3cret", "Authorization": "Bearer s3cret", "X-Wedcache-Guest": "guest-7"}
        for _ in range(2):
            await stage.get("/a?token=s3cret", headers=secrets)
        text = stage.run.log("pop-FRA56-P1").read_text()
        rows = [json.loads(line) for line in text.splitlines()]
        assert "s3cret" not in text
        assert [(row["cache"], row["guest"], row["status"], row["path"]) for row in rows] == [
            ("miss", "guest-7", 200, "/a"),
            ("hit", "guest-7", 200, "/a"),
        ]
        assert (rows[0]["origin"], rows[1]["origin"], rows[1]["age"]) == (
            "eu-central-1.origin.weddings.example",
            None,
            0,
        )
        assert rows[0]["origin_ms"] >= 1  # the round trip to the region next door
        assert rows[0]["bytes"] == len("home:one")
        found = await asyncio.to_thread(probe, "https://como.weddings.example/a", "FRA56", {}, stage.run)
        assert (found["headers"]["x-cache"], found["pop"], found["bytes"]) == ("Hit from cloudfront", "FRA56-P1", 8)
        with pytest.raises(KeyError, match="FRA56-P1"):
            probe("https://como.weddings.example/a", "SIN2", {}, stage.run)

    async def play() -> None:
        async with world(tmp_path, "cloudfront", "FRA56-P1") as stage:
            await scene(stage)

    asyncio.run(play())


def test_one_authority_whoever_comes_first(tmp_path: Path) -> None:
    """Many at once make one authority and one certificate each name; keys are readable by their owner only."""
    run = Run(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        made = set(
            pool.map(lambda name: certificates.ensure_certificate(run, name, ["a.example"]).read_bytes(), ["x"] * 8)
        )
    assert len(made) == 1
    for path in (run.ca.with_suffix(".key"), run.certificate("x")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    certificates.client_context(run)


def test_purges_are_carried_out_once() -> None:
    """After a restart of the emulator the whole snapshot comes again, without the purges that were carried out."""
    snapshot = {"seq": 5, "purges": [{"seq": 3}, {"seq": 5}]}
    assert unseen(snapshot, 3)["purges"] == [{"seq": 5}]
    assert unseen(snapshot, 0)["purges"] == snapshot["purges"]
    assert (base_url("127.0.0.1:1"), base_url("http://x/")) == ("http://127.0.0.1:1", "http://x")


def test_differences_say_something() -> None:
    """Every row of the table names a subject once, and two different behaviours or that they are the same."""
    assert len({row.subject for row in DIFFERENCES}) == len(DIFFERENCES) > 20
    assert all(row.vendor and row.ours and row.vendor != row.ours for row in DIFFERENCES)
