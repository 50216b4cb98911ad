"""The online commands against both vendors' emulators: exit codes, one object, plans that change nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from controlplane import bootstrap
from controlplane.domain.failover import Intent, What
from controlplane.domain.health import Health
from controlplane.domain.heartbeat import Heartbeat, heartbeat_key
from controlplane.domain.purge import receipt_key
from controlplane.operations.fail_over import Means
from controlplane.operations.intents import claim
from controlplane.operations.observe_regions import look
from controlplane.operations.purge import purge
from tests.cli.conftest import Online
from tests.contracts.cloud import Cloud, Platform
from tests.fakes.inventory import HOME, REGIONS, STANDBY
from tests.operations.world import World

INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def in_utc(value: object) -> None:
    """Every instant in an object ends with Z; only what is called local has another offset."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not key.startswith("local_"):
                in_utc(inner)
    elif isinstance(value, list):
        for inner in value:
            in_utc(inner)
    elif isinstance(value, str) and INSTANT.match(value):
        assert value.endswith("Z")


def test_status_is_one_object_in_utc(ask: Online, platform: Platform) -> None:
    """Home, regions, inventory's age; agents that never spoke are said so, nobody calls a region lost."""
    said = ask("status", "--output", "json")
    assert (said.code, said.err) == (0, "")
    assert (said.json["schema"], said.json["home"], said.json["weddings"]) == ("wedcache.status/1", HOME, ["como"])
    assert said.json["inventory"] == {"age": 0, "fresh": True}
    assert [(row["name"], row["agent"], row["lost"]) for row in said.json["regions"]] == [
        (region, None, False) for region in REGIONS
    ]
    in_utc(said.json)
    text = ask("status")
    assert text.code == 0
    assert "never spoke" in text.out


def test_a_profile_is_found_wherever_it_stands_or_named_with_the_known_ones(ask: Online) -> None:
    """Missing names and unknown profiles end with 2 and say what is right; nothing is asked of any vendor."""
    assert ask("ops", "list", "--profile", "test", profile=None).code == 0
    for arguments in (["--profile", "tset", "status"], ["status"], ["--profile"], ["status", "--profile="]):
        said = ask(*arguments, profile=None)
        assert (said.code, said.out) == (2, "")
        assert "nothing was changed" in said.err
    assert "known: test" in ask("--profile", "tset", "status", profile=None).err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("catalogue =", "catalog =", "did you mean 'catalogue'?"),
        ('access_key = "wedcache"', "", "access_key and secret_key go together"),
        ("file:", "", "cloudflare.token"),
        ("http://127.0.0.1", "127.0.0.1", "aws.endpoint"),
        ("schema", "[[[", "at line 1"),
        ('"127.0.0.1:9"', '"nowhere"', "connect"),
    ],
)
def test_a_profile_that_is_wrong_is_named_with_its_place(
    ask: Online, tmp_path: Path, old: str, new: str, words: str
) -> None:
    """Unknown keys, half a key pair, a secret in the clear, an address without a scheme: 2, the file and the key."""
    path = tmp_path / ".wedcache/profiles/test.toml"
    text = path.read_text()
    path.write_text(text.replace(old, new) if new != "" or "access" in old else _without_last(text, old))
    said = ask("status")
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert "test.toml" in said.err


def _without_last(text: str, word: str) -> str:
    before, _, after = text.rpartition(word)
    return before + after


def test_a_secret_that_is_missing_or_empty_is_named_by_its_reference(ask: Online, tmp_path: Path) -> None:
    """The file that the profile refers to, never a value."""
    (tmp_path / "cloudflare.token").write_text("")
    assert "cloudflare.token is empty" in ask("status").err
    (tmp_path / "cloudflare.token").unlink()
    said = ask("status")
    assert said.code == 2
    assert "No such file" in said.err


def test_no_prompt_without_a_terminal(ask: Online, cloud: Cloud) -> None:
    """Refused with `add --yes`; nothing reached a vendor."""
    before = len(cloud.mutations())
    for arguments in (["freeze", "push"], ["purge", "wedding:como"]):
        if arguments[0] == "purge":
            assert ask("freeze", "push", "--yes").code == 0
            before = len(cloud.mutations())
        said = ask(*arguments)
        assert said.code == 1
        assert "add --yes" in said.err
        assert "nothing was changed" in said.err
    assert len(cloud.mutations()) == before


def test_plans_change_nothing(online: Online, own: Platform, cloud: Cloud) -> None:
    """`--plan` prints the plan, as an object where one was asked for; the vendors' call log has 0 mutating calls."""
    assert online("freeze", "push", "--yes").code == 0
    before = len(cloud.mutations())
    schemas = {
        "wedcache.calendar-plan/1": ["freeze", "push"],
        "wedcache.purge-plan/1": ["purge", "wedding:como", "--hard"],
    }
    for schema, arguments in schemas.items():
        said = online(*arguments, "--plan", "--output", "json")
        assert said.code == 0
        assert said.json["schema"] == schema
        assert online(*arguments, "--plan").out == ""
    assert len(cloud.mutations()) == before


def test_without_a_calendar_changes_are_refused_as_unknown(online: Online, own: Platform, cloud: Cloud) -> None:
    """16, never open: what a window might forbid is refused, and what no window forbids goes on."""
    before = len(cloud.mutations())
    said = online("purge", "wedding:como", "--hard", "--yes", "--output", "json")
    assert (said.code, said.json["schema"], said.json["exit_code"]) == (16, "wedcache.error/1", 16)
    assert "nothing was changed" in said.err
    assert online("failback", HOME, "--yes").code == 16
    assert len(cloud.mutations()) == before


def test_a_purge_says_who_owes_it(online: Online, own: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without agents both regions owe it: 13 with the report; with their receipts everyone confirmed."""
    monkeypatch.setattr("controlplane.bootstrap.Plant.operation_id", lambda *_: "purge-1")
    for region in REGIONS:
        own.write(receipt_key("purge-1", region), json.dumps({"region": region}))
    assert online("freeze", "push", "--yes").code == 0
    said = online("purge", "wedding:como", "--yes", "--output", "json")
    assert said.code == 0, said.err
    assert set(said.json["confirmed"]) == {*REGIONS, "cloudfront", "cloudflare"}
    own.delete(receipt_key("purge-1", HOME))
    monkeypatch.setattr("controlplane.operations.purge.REGION_SECONDS", 0.2)
    monkeypatch.setattr(purge, "__kwdefaults__", {**(purge.__kwdefaults__ or {}), "patience": 0.5})
    owed = online("purge", "wedding:como", "--yes", "--output", "json")
    assert (owed.code, owed.json["error"], owed.json["report"][HOME]) == (13, "Incomplete", "owed")
    assert f"{HOME}: owed" in owed.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["purge", "--yes"], 2, "no cache tag was named"),
        (["purge", "weding:como", "--yes"], 2, "did you mean wedding:como?"),
        (["purge", "wedding:como", "--colour"], 2, "--colour"),
        (["nonsense"], 2, "nonsense"),
        (["failover", "mars-1", "--yes"], 2, "the inventory has eu-central-1, us-east-1"),
        (["failover", STANDBY, "--yes"], 1, "there is nothing to leave"),
        (["failover", HOME, "--yes"], 1, "no action in a minority view"),
        (["ops", "show", "nothing"], 2, "no operation 'nothing'"),
        (["ops", "resume", "nothing"], 2, "no operation 'nothing'"),
        (["warm", "nowhere.json", "--yes"], 2, "No such file"),
        (["worker", "--region", "mars-1"], 2, "the inventory has eu-central-1, us-east-1"),
        (["plan"], 18, "/warm.json answered"),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(
    ask: Online, cloud: Cloud, arguments: list[str], code: int, words: str
) -> None:
    """Each ends with its code and its words, within seconds, and no mutating call reached a vendor."""
    before = len(cloud.mutations())
    said = ask(*arguments)
    assert said.code == code, said.err
    assert words in said.err
    assert said.out == ""
    assert len(cloud.mutations()) == before


def beat(region: str, number: int, **views: Health) -> str:
    """A heartbeat's text."""
    return Heartbeat(
        region=region,
        beat=number,
        at="2027-06-12T10:00:00Z",
        calendar_epoch=1,
        roles_epoch=1,
        cache_answers=True,
        edge_lease=False,
        views={name.replace("_", "-"): health for name, health in views.items()},
    ).to_json()


def test_agents_that_are_silent_have_no_view(online: Online, own: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both wrote that home is down, long ago: nobody looks now, so nobody may act; `doctor` and `status` say silent."""
    monkeypatch.setattr(look, "__defaults__", (0.5,))
    views = {"eu_central_1": Health.DOWN, "us_east_1": Health.UP}
    for region in REGIONS:
        own.write(heartbeat_key(region), beat(region, 7, **views))
    said = online("failover", HOME, "--yes")
    assert said.code == 1
    assert "0 of 1 vantage points say down" in said.err
    assert "silent" in online("status").out
    checked = online("doctor", "--output", "json")
    assert checked.code == 13
    rows = {row["check"]: row for row in checked.json["checks"]}
    assert rows["shared store"]["ok"]
    assert "silent: eu-central-1, us-east-1" in rows["agents"]["said"]
    assert not rows["edges"]["ok"]


def test_what_is_broken_is_said_with_its_time_and_its_answer(
    online: Online, own: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Origin only: leave the origin. Caches only: do nothing, or move reads. `failover` follows what `status` says."""
    monkeypatch.setattr("controlplane.operations.observe_regions.living", lambda now, _: frozenset(now))
    down = {"eu_central_1": Health.DOWN, "us_east_1": Health.UP}
    for region in REGIONS:
        own.write(heartbeat_key(region), beat(region, 7, **down))
    (row,) = online("status", "--output", "json").json["broken"]
    assert (row["subject"], row["broken"], row["what"], row["time_to_impact"]) == (HOME, "origin", "origin", 0)
    assert row["command"] == f"wedcache failover {HOME} --what origin"
    planned = online("failover", HOME, "--plan", "--output", "json").json
    assert (planned["what"], planned["target"], planned["epoch"]) == ("origin", STANDBY, 2)
    assert [step["step"] for step in planned["steps"]] == ["roles", "drain", "route", "pool", "verify", "close"]
    well = {"eu_central_1": Health.UP, "us_east_1": Health.UP}
    own.write(heartbeat_key(STANDBY), beat(STANDBY, 8, **well))
    own.write(heartbeat_key(HOME), beat(HOME, 8, **well).replace('"cache_answers":true', '"cache_answers":false'))
    said = online("status").out
    assert f"BROKEN    {HOME}   caches: its Redis does not answer" in said
    assert "first guest-visible error in 78 h 0 min, or never" in said
    refused = online("failover", HOME, "--yes")
    assert (refused.code, "do nothing while its database carries the reads" in refused.err) == (1, True)
    assert online("failover", HOME, "--what", "region", "--yes").code == 1
    moved = online("failover", HOME, "--what", "caches", "--plan", "--output", "json").json
    assert (moved["epoch"], [step["step"] for step in moved["steps"]]) == (1, ["route", "pool", "verify", "close"])
    card = World().intent().model_copy(update={"epoch": 1, "what": What.CACHES})
    claim(bootstrap.plant("test").store, card)
    kept = online("ops", "cancel", card.id, "--yes")
    assert (kept.code, "may have moved reads already" in kept.err) == (1, True)


def test_an_open_operation_is_named_before_anything_else(online: Online, own: Platform, cloud: Cloud) -> None:
    """A laptop died in the middle: `failover` and `failback` say whose card is open and how to finish it."""
    from controlplane.bootstrap import plant

    card = World().intent()
    claim(plant("test").store, card)
    for verb in ("failover", "failback"):
        said = online(verb, HOME, "--yes")
        assert said.code == 1
        assert f"`wedcache ops resume {card.id}` finishes it" in said.err
    listed = online("ops", "list", "--output", "json").json
    assert [row["id"] for row in listed["operations"]] == [card.id]
    shown = online("ops", "show", card.id, "--output", "json")
    assert Intent.from_json(shown.out) == card
    assert online("status", "--output", "json").json["open"][0]["id"] == card.id


def test_a_resume_that_guests_do_not_see_ends_with_14_and_stays_open(
    online: Online, own: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything was moved, but no POP answers here: verification failed, the card stays open for the next try."""
    from controlplane.bootstrap import plant

    claim(plant("test").store, World().intent())
    monkeypatch.setattr(Means.__init__, "__defaults__", (0.1,))
    said = online("ops", "resume", "failover-1", "--output", "json")
    assert (said.code, said.json["error"]) == (14, "VerificationFailed")
    assert "ops resume failover-1" in said.err
    seen = online("status", "--output", "json").json
    assert (seen["home"], seen["down"], seen["drained"]) == (STANDBY, [HOME], [HOME])
    pools = {row["name"]: row["pool_enabled"] for row in seen["regions"]}
    assert pools == {HOME: False, STANDBY: True}
