"""The process: its wire, the POPs' snapshot, faults, limits, and how it begins and ends."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare

from sandbox.cloudflare.differences import DIFFERENCES
from sandbox.cloudflare.opening import NAMES
from sandbox.cloudflare.routes import ROUTES
from sandbox.run import Run
from tests.sandbox.cloudflare.emulator import ROOT, Emulator, code, running


def test_account_and_tokens_come_from_the_registry(tmp_path: Path) -> None:
    """Values that the registry holds are used; those that it lacks are made and written there."""
    run = Run(tmp_path)
    with run.edit() as registry:
        registry["cloudflare_account"] = "a" * 32
        registry["tokens"] = {"cloudflare-operator": "operator-value"}
    with running(tmp_path) as started:
        accounts = list(started.client("operator-value").accounts.list())
        reader = started.client(started.secret("cloudflare-readonly")).user.tokens.verify()
    assert [row.id for row in accounts] == ["a" * 32]
    assert reader is not None
    assert reader.status == "active"
    assert set(run.read()["tokens"]) == set(NAMES)


def test_ends_at_sigterm(tmp_path: Path) -> None:
    """SIGTERM ends the process with 0 although a POP is waiting for news."""
    with running(tmp_path) as started:
        waiting = http.client.HTTPConnection("127.0.0.1", started.port, timeout=20)
        waiting.request("GET", "/_sandbox/edge?after=99&wait=60")
        for _ in range(2):
            started.edge()  # who asked first is waiting by now
        started.process.terminate()
        assert waiting.getresponse().status == 204
        assert started.process.wait(timeout=30) == 0
        waiting.close()


def test_a_taken_port_is_a_clear_error(emulator: Emulator, tmp_path: Path) -> None:
    """A port in use ends the process with 2 and one line that says so."""
    command = [sys.executable, "-m", "sandbox.cloudflare", "--run", str(tmp_path), "--port", str(emulator.port)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=30, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "did not start" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_waiting_pop_gets_the_snapshot_at_once(emulator: Emulator, client: Cloudflare, zone: str) -> None:
    """A long poll answers as soon as something is declared, not when its time is over; without news it is 204."""
    start = emulator.edge()
    assert start is not None
    assert emulator.edge(after=start["seq"], wait=0.05) is None
    with ThreadPoolExecutor(1) as pool:
        news = pool.submit(emulator.edge, after=start["seq"], wait=60)  # its socket gives up after 20
        client.zones.settings.edit("brotli", zone_id=zone, value="off")
        snapshot = news.result(timeout=30)
    assert snapshot is not None
    assert next(row for row in snapshot["zones"] if row["id"] == zone)["settings"] == {"brotli": "off"}


def test_acks_are_kept_and_never_go_back(emulator: Emulator) -> None:
    """A POP's ack is shown; an older one that comes late changes nothing."""
    url = f"http://127.0.0.1:{emulator.port}/_sandbox/edge/ack"
    for seq in (7, 5):
        body = json.dumps({"pop": "FRA", "seq": seq}).encode()
        request = urllib.request.Request(url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 204
    with urllib.request.urlopen(f"{url}s", timeout=30) as answer:
        assert json.load(answer)["acks"]["FRA"] == 7


def test_what_is_not_implemented_answers_501(emulator: Emulator, client: Cloudflare, zone: str) -> None:
    """Any other call gets 501 in the vendor's envelope, and the log shows it."""
    with pytest.raises(cloudflare.InternalServerError) as refused:
        client.get(f"/zones/{zone}/snippets", cast_to=object)
    assert refused.value.status_code == 501
    body: Any = refused.value.body
    assert body["success"] is False
    assert emulator.calls()[-1].operation == f"GET /zones/{zone}/snippets"


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({}, b"", 9106),
        ({"Authorization": "Basic abc"}, b"", 6003),
        ({"Authorization": "Bearer "}, b"", 6003),
        ({"Authorization": "Bearer operator"}, b"{", 6007),
        ({"Authorization": "Bearer operator"}, b'{"tags": [NaN]}', 6007),
    ],
)
def test_broken_requests_get_the_vendors_codes(
    emulator: Emulator, zone: str, headers: dict[str, str], body: bytes, expected: int
) -> None:
    """A missing or malformed Authorization header and malformed JSON are 400 with the vendor's codes."""
    told = {key: value.replace("operator", emulator.secret()) for key, value in headers.items()}
    url = f"http://127.0.0.1:{emulator.port}/client/v4/zones/{zone}/purge_cache"
    with pytest.raises(urllib.request.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, body, told), timeout=30)
    with refused.value as answer:
        assert (answer.code, json.load(answer)["errors"][0]["code"]) == (400, expected)


def test_malformed_ids_are_not_routed(client: Cloudflare) -> None:
    """An id that is not 32 hexadecimal digits gets 7003."""
    with pytest.raises(cloudflare.BadRequestError) as refused:
        client.zones.get(zone_id="weddings.example")
    assert code(refused.value) == 7003


def test_vendor_outage_and_throttling_faults(emulator: Emulator, client: Cloudflare, zone: str) -> None:
    """While a fault is active every call gets 503 or 429 in the envelope and nothing changes; then calls go through."""
    down, throttled = cloudflare.InternalServerError, cloudflare.RateLimitError
    for fault, kind in (("api-503", down), ("management-503", down), ("api-429", throttled)):
        emulator.faults.inject(fault, "cloudflare")
        try:
            with pytest.raises(kind) as refused:
                client.zones.delete(zone_id=zone)
        finally:
            emulator.faults.heal(fault)
        assert refused.value.status_code == int(fault[-3:])
        assert emulator.calls()[-1].caller.startswith("cloudflare-operator")
    assert client.zones.get(zone_id=zone) is not None


def test_a_lost_answer_is_carried_out_once(emulator: Emulator, client: Cloudflare, zone: str) -> None:
    """The next mutating call is done and its answer lost; refused calls and reads do not use the fault up."""
    emulator.faults.inject("answer-lost", "cloudflare")
    client.zones.get(zone_id=zone)
    with pytest.raises(cloudflare.BadRequestError):
        client.dns.records.create(zone_id=zone, name="lost", type="A", content="nowhere", ttl=60)
    with pytest.raises(cloudflare.APIConnectionError):
        client.dns.records.create(zone_id=zone, name="lost", type="A", content="192.0.2.1", ttl=60)
    assert [row.content for row in client.dns.records.list(zone_id=zone)] == ["192.0.2.1"]
    client.dns.records.create(zone_id=zone, name="kept", type="A", content="192.0.2.1", ttl=60)


def test_call_limit_blocks_the_token_and_no_other(tmp_path: Path) -> None:
    """1,200 calls pass with counting headers, the next gets 429 for five minutes; other tokens go on."""
    with running(tmp_path) as started:
        connection = http.client.HTTPConnection("127.0.0.1", started.port, timeout=20)
        headers = {"Authorization": f"Bearer {started.secret('cloudflare-readonly')}"}

        def verify() -> tuple[int, dict[str, str], bytes]:
            connection.request("GET", "/client/v4/user/tokens/verify", headers=headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

        _, first, _ = verify()
        assert (first["x-ratelimit-limit"], first["x-ratelimit-remaining"]) == ("1200", "1199")
        assert {verify()[0] for _ in range(1199)} == {200}
        status, blocked, body = verify()
        connection.close()
        assert (status, json.loads(body)["errors"][0]["code"]) == (429, 971)
        assert 299 <= int(blocked["retry-after"]) <= 301
        assert started.client().user.tokens.verify() is not None


def test_every_call_is_logged_with_its_caller(emulator: Emulator, client: Cloudflare, zone: str) -> None:
    """Purges are mutating, reads are not, refused calls are there with their status and code."""
    client.cache.purge(zone_id=zone, tags=["logged"])
    client.zones.get(zone_id=zone)
    with pytest.raises(cloudflare.BadRequestError):
        client.cache.purge(zone_id=zone, tags=["not logged"])
    purge, read, refused = emulator.calls()[-3:]
    assert (purge.service, purge.operation, purge.mutating, purge.status) == ("cloudflare", "cache.purge", True, 200)
    assert purge.parameters == {"zone_id": zone, "body": {"tags": ["logged"]}}
    assert (read.operation, read.mutating) == ("zones.get", False)
    assert (refused.status, refused.answer["errors"][0]["code"]) == (400, 1130)


def test_tables_are_tables() -> None:
    """No two routes match one request, each has its operation name once a method, and each difference is told once."""
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    assert len({(route.operation, route.method) for route in ROUTES}) == len(ROUTES)
    assert len({(row.subject, row.vendor) for row in DIFFERENCES}) == len(DIFFERENCES)
    assert all(row.vendor and row.ours for row in DIFFERENCES)
