"""The verbs of `python -m sandbox`, on real processes; nothing is provisioned here (the rehearsal does that)."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Callable, Iterator

import psutil
import pytest

from sandbox import valkey
from sandbox.__main__ import main
from sandbox.run import Run
from sandbox.world import PROJECT, SHORT
from tests.sandbox.front import BARE, Said, bearers, client, command, folder_in, sandbox, state, until


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A sandbox that is up and detached, shared by the tests that leave it as it was."""
    run = folder_in(tmp_path_factory.mktemp("shared"))
    started = sandbox(run, *BARE, "--at", "2027-06-11T09:00:00+02:00")
    assert started.code == 0, started.err
    yield run
    assert sandbox(run, "down").code == 0
    assert bearers(run) == []


@pytest.fixture
def verb(up: Run, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """A verb on the shared sandbox, in this process: what `python -m sandbox` does with its words."""

    def run_verb(*words: str) -> Said:
        capsys.readouterr()
        try:
            code = main(["--run", str(up.folder), *words])
        except SystemExit as ended:
            code = int(str(ended.code))
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run_verb


def test_status_names_what_lives(up: Run, verb: Callable[..., Said]) -> None:
    """Every process that is shown lives, with its endpoint; the object says its schema first."""
    found = verb("status", "--json").json
    assert next(iter(found)) == "schema"
    assert found["schema"] == "wedcache.sandbox-status/1"
    assert found["run"] == up.read()["run"]
    assert len(found["processes"]) == 12  # two agents come with provisioning
    assert all(psutil.pid_exists(pid) for pid in found["processes"].values())
    assert {"aws", "cloudflare", "clock", "providers", "pop-FRA", "pop-FRA56-P1"} <= set(found["endpoints"])
    assert found["at"].startswith("2027-06-11T07:")
    text = verb("status").out
    assert all(str(pid) in text for pid in found["processes"].values())


def test_a_second_up_is_refused(verb: Callable[..., Said]) -> None:
    """A second `up` in the same folder names the pids that live, says `down`, and touches nothing."""
    before = verb("status", "--json").json
    refused = verb(*BARE)
    assert refused.code == 1
    assert all(f"{name} {pid}" in refused.err for name, pid in before["processes"].items())
    assert "python -m sandbox down" in refused.err
    assert verb("status", "--json").json["processes"] == before["processes"]


def test_the_clock_jumps(up: Run, verb: Callable[..., Said]) -> None:
    """`set` and `advance` move the calendar that the endpoint shows; `show` tells it."""
    assert verb("clock", "set", "2027-06-12T12:00:00+02:00").out.startswith("2027-06-12T10:00:0")
    assert verb("clock", "advance", "6h").out.startswith("2027-06-12T16:00:0")
    with urllib.request.urlopen(f"http://{up.endpoint('clock')}/", timeout=30) as answer:
        assert json.load(answer)["now"].startswith("2027-06-12T16:00:0")
    assert verb("clock", "show").out.startswith("2027-06-12T16:00:0")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("clock", "set", "2027-06-12T10:00:00"), "with an offset"),
        (("clock", "set", "Saturday"), "with an offset"),
        (("clock", "advance", "6 hours"), "90m, 12h, 1d"),
        (("clock", "advance", "-1h"), "usage"),
        (("fault", "inject", "region-stoped"), "did you mean 'region-stopped'"),
        (("fault", "inject", "region-stopped", "--target", "mars-1"), "eu-central-1"),
        (("fault", "inject", "clock-jump", "--target", "aws"), "has no target"),
        (("fault", "heal", "nonsense"), "known:"),
        (("probe", "como.weddings.example", "--pop", "FRA56"), "is not a URL"),
        (("probe", "https://como.weddings.example/", "--pop", "XXX1"), "registered: "),
        (("probe", "https://como.weddings.example/", "--pop", "FRA56", "--header", "nonsense"), "NAME:VALUE"),
        (("calls", "--since", "2027-06-12"), "with an offset"),
        (("up", "--at", "2027-06-12T10:00"), "with an offset"),
        (("upp",), "invalid choice"),
        ((), "usage"),
    ],
)
def test_wrong_words_change_nothing(up: Run, verb: Callable[..., Said], words: tuple[str, ...], hint: str) -> None:
    """Wrong words end with 2, say what is right, and leave clock, faults and processes as they were."""
    before = [path.read_text() for path in (up.clock, up.faults, up.registry)]
    said = verb(*words)
    assert said.code == 2
    assert hint in said.err
    assert [path.read_text() for path in (up.clock, up.faults, up.registry)] == before


def test_a_region_stops_and_wakes(up: Run, verb: Callable[..., Said]) -> None:
    """region-stopped stops the Redis servers and the origin of one region, flags it, and healing wakes them."""
    pids = verb("status", "--json").json["processes"]
    mine = [pids[name] for name in ("valkey-us-east-1-primary", "valkey-us-east-1-replica", "origin-us-east-1")]
    others = [pid for pid in pids.values() if pid not in mine]
    assert "SIGSTOP" in verb("fault", "inject", "region-stopped", "--target", "us-east-1").out
    until("the stop", lambda: all(state(pid) == "T" for pid in mine), 5)
    assert all(state(pid) != "T" for pid in others)
    assert verb("status", "--json").json["faults"] == [{"name": "region-stopped", "target": "us-east-1"}]
    s3 = client(up, "s3")
    assert "ACTIVE: us-east-1" in verb("fault", "list").out
    assert "active already" in verb("fault", "inject", "region-stopped", "--target", "us-east-1").out
    assert verb("fault", "heal", "region-stopped").code == 0
    until("the wake", lambda: all(state(pid) != "T" for pid in mine), 5)
    assert verb("status", "--json").json["faults"] == []
    s3.close()


def test_killed_redis_comes_back_empty(up: Run, verb: Callable[..., Said]) -> None:
    """redis-killed ends a region's pair for good; healing starts a pair on the same port, in sync."""
    host, _, port = up.endpoint("valkey-eu-central-1-primary").rpartition(":")
    valkey.ask(int(port), "SET", "guest", "1", host=host)
    before = verb("status", "--json").json["processes"]
    verb("fault", "inject", "redis-killed", "--target", "eu-central-1")
    until("the end", lambda: "valkey-eu-central-1-primary" in verb("status", "--json").json["dead"], 5)
    assert sandbox(up, "fault", "heal").code == 0
    assert valkey.ask(int(port), "GET", "guest", host=host) == "$-1\r\n"
    after = verb("status", "--json").json
    assert after["dead"] == []
    assert after["processes"]["valkey-eu-central-1-primary"] != before["valkey-eu-central-1-primary"]


def test_a_pop_goes_down_by_its_city(verb: Callable[..., Said]) -> None:
    """pop-down takes a code or its part before the hyphen, and stops that POP only."""
    pids = verb("status", "--json").json["processes"]
    assert "FRA56-P1" in verb("fault", "inject", "pop-down", "--target", "FRA56").out
    until("the stop", lambda: state(pids["pop-FRA56-P1"]) == "T", 5)
    assert state(pids["pop-FRA"]) != "T"
    assert verb("fault", "heal", "pop-down", "--target", "FRA56").code == 0
    until("the wake", lambda: state(pids["pop-FRA56-P1"]) != "T", 5)


def test_a_clock_jump_is_taken_back_once(up: Run, verb: Callable[..., Said]) -> None:
    """clock-jump moves the calendar by one hour however often it is injected; healing moves it back."""

    def offset() -> float:
        return float(json.loads(up.clock.read_text())["offset"])

    before = offset()
    verb("fault", "inject", "clock-jump")
    verb("fault", "inject", "clock-jump")
    assert offset() == pytest.approx(before + 3600)
    verb("fault", "heal", "clock-jump")
    assert offset() == pytest.approx(before)
    assert verb("fault", "heal").out == "nothing to heal\n"


def test_probe_shows_what_a_guest_gets(verb: Callable[..., Said]) -> None:
    """A probe shows status, headers, the body's hash and real seconds, over TLS that was checked."""
    found = verb("probe", "https://como.weddings.example/", "--pop", "FRA56", "--header", "Accept: text/html", "--json")
    answer = found.json
    assert answer["schema"] == "wedcache.probe/1"
    assert answer["pop"] == "FRA56-P1"
    assert answer["status"] >= 400  # nothing is declared in a bare sandbox
    assert len(answer["body_sha256"]) == 64
    assert 0 < answer["seconds"]["connect"] <= answer["seconds"]["total"]
    assert verb("probe", "https://como.weddings.example/", "--pop", "FRA56").out.startswith(str(answer["status"]))


def test_calls_shows_who_asked_for_what(up: Run, verb: Callable[..., Said]) -> None:
    """A call that was received is shown with caller, operation and answer; service and time narrow the list."""
    verb("clock", "set", "2027-06-13T10:00:00Z")
    sts = client(up, "sts")
    sts.get_caller_identity()
    sts.close()
    found = verb("calls", "--service", "sts", "--since", "2027-06-13T10:00:00Z", "--json").json
    assert found["schema"] == "wedcache.calls/1"
    assert [(one["operation"], one["caller"], one["status"]) for one in found["calls"]] == [
        ("GetCallerIdentity", "tester", 200)
    ]
    assert "sts:GetCallerIdentity  by tester" in verb("calls", "--service", "sts").out
    assert verb("calls", "--since", "2199-01-01T00:00:00Z", "--json").json["calls"] == []
    assert "services: " in verb("calls", "--service", "nonsense").err


def test_bucket_regions_are_those_declared() -> None:
    """region-stopped can strike exactly the regions in which the sandbox's stack declares buckets."""
    from ruamel.yaml import YAML

    declared = YAML(typ="safe").load((PROJECT / "Pulumi.sandbox.yaml").read_text())["config"]["wedcache:store"]
    assert tuple(declared["regions"]) == SHORT.store_regions


def test_a_reader_who_has_enough_is_no_error(up: Run) -> None:
    """Output into a pipe that is closed early ends quietly with 0."""
    process = subprocess.Popen(command(up, "fault", "list"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, said = process.communicate(timeout=120)
    assert (process.returncode, said) == (0, "")
