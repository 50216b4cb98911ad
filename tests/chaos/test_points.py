"""Where a laptop is struck, which operations are played, and what the judge takes for lost or done too often."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import cyclopts
import pytest

from controlplane.domain.register import Acceptor, Ballot, State
from sandbox.chaos import cloud, judge
from sandbox.chaos.__main__ import main
from sandbox.chaos.commands import ELSEWHERE, NotCovered, operations, scene_of, scenes
from sandbox.chaos.points import AFTER, BEFORE, MARKED, Points, Strike, Watched

STEPS = ["store.change roles", "edge_store.change", "steering.set_enabled eu"]


class Struck(Exception):
    """In a test nobody dies."""


class Told(Points):
    """Points that raise instead of killing."""

    def _die(self) -> None:
        raise Struck


class Port:
    """A port that remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def change(self, *key: str) -> None:
        """An act."""
        self.calls.append(f"change {' '.join(key)}")

    def read(self) -> str:
        """A look."""
        return "seen"


def done(strike: Strike | None) -> list[str]:
    """What a laptop has done when it is struck: two steps, a mark after the first, and a look everywhere."""
    port, points = Port(), Told(strike, lambda *_: None)
    watched = Watched(port, "store", points)
    try:
        for key in ("roles", "ledger/failover-1", "drain/eu"):
            assert watched.read() == "seen"
            watched.change(key)
        points.end()
    except Struck:
        return [*port.calls, "struck"]
    return port.calls


@pytest.mark.parametrize(
    ("strike", "before"),
    [
        (Strike(1, BEFORE), []),
        (Strike(1, AFTER), ["change roles"]),
        (Strike(1, MARKED), ["change roles", "change ledger/failover-1"]),
        (Strike(2, BEFORE), ["change roles", "change ledger/failover-1"]),
        (Strike(2, AFTER), ["change roles", "change ledger/failover-1", "change drain/eu"]),
        (Strike(2, MARKED), ["change roles", "change ledger/failover-1", "change drain/eu"]),
    ],
    ids=lambda one: one.name if isinstance(one, Strike) else "",
)
def test_three_points_of_each_step(strike: Strike, before: list[str]) -> None:
    """Before the act, after it, after its mark; without a mark the third is right before what follows."""
    assert done(strike) == [*before, "struck"]


def test_a_laptop_that_is_not_struck_tells_its_steps() -> None:
    """Marks are no steps, looks neither."""
    points = Told(None, lambda *_: None)
    watched = Watched(Port(), "store", points)
    for key in ("roles", "ledger/failover-20270612T140000-abcdef", "intents/failover-20270612T140000-abcdef"):
        watched.change(key)
    assert (points.steps, points.marked) == (["store.change roles", "store.change intents/failover"], {1})


def test_every_operation_is_played_or_has_its_reason() -> None:
    """The list is the command's own: whatever asks before it changes something."""
    assert {scene.name for scene in scenes()} | ELSEWHERE.keys() == operations().keys()
    assert {"failover", "failback", "purge", "warm", "emergency on", "freeze push"} <= operations().keys()


def test_an_operation_that_cannot_be_typed_fails_with_the_missing_word(capsys: pytest.CaptureFixture[str]) -> None:
    """A new one joins by itself, or chaos says which word it lacks and where that belongs."""

    def launch(rocket: str, /, *, yes: bool = False) -> None:
        assert rocket or yes

    with pytest.raises(NotCovered, match=r"'rocket' of `wedcache launch`.*WORDS"):
        scene_of("launch", cyclopts.App(name="launch", default_command=launch))
    assert main(["--only", "launch"]) == 2
    assert "no operation launch; known: " in capsys.readouterr().err


def put(state: cloud.State, bucket: str, accepted: Acceptor, etag: str | None) -> None:
    """A register's conditional PUT."""
    condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
    words = {"Bucket": bucket, "Key": "registers/roles", "Body": accepted.to_json(), **condition}
    cloud.answer(state, {"service": "s3", "operation": "put_object", "parameters": words}, 7)


def test_a_change_counts_once_in_however_many_buckets() -> None:
    """And twice when it was made again; promises are no effects, and a lost condition is refused."""
    state = cloud.State()
    for number, bucket in enumerate(state.buckets):
        ballot = Ballot(1, "a")
        put(state, bucket, Acceptor(ballot), None)
        put(state, bucket, Acceptor(ballot, ballot, State("home", 1, ("m1",))), "1")
        with pytest.raises(cloud.Refusal, match="PreconditionFailed"):
            put(state, bucket, Acceptor(ballot), None)
        assert judge.effects(state) == Counter({'register roles = "home"': 1}), number
    first = next(iter(state.buckets))
    put(state, first, Acceptor(Ballot(2, "a"), Ballot(2, "a"), State("away", 2, ("m1", "m2"))), "2")
    put(state, first, Acceptor(Ballot(3, "b"), Ballot(3, "b"), State("home", 3, ("m1", "m2", "m3"))), "3")
    found = judge.effects(state)
    assert found['register roles = "home"'] == 2
    assert judge.too_often(Counter({'register roles = "home"': 1, 'register roles = "away"': 1}), found, 1) == []
    assert judge.too_often(Counter(), found, 1) == ['2 times: register roles = "home"']


def test_what_is_lost_is_named() -> None:
    """The same world but for one pool and one purge."""
    wanted, found = cloud.State(purges=[["cloudfront", ["#wedding:como"]]]), cloud.State()
    found.pools["pool-us-east-1"] = False
    wrong = judge.differences(judge.facts(wanted), judge.facts(found))
    assert wrong[0] == "pools pool-us-east-1: False instead of True"
    assert wrong[1].startswith("purges: [] instead of")


def test_who_and_when_make_no_difference() -> None:
    """Two laptops at two times with two ids leave the same facts; another target is another fact."""

    def world(who: str, identity: str, target: str) -> cloud.State:
        card = {"id": identity, "by": who, "begun_at": "2027-06-12T14:00:00Z", "target": target, "state": "done"}
        state = cloud.State()
        put_card = Acceptor(Ballot(1, who), Ballot(1, who), State(json.dumps(card), 1, ("m",)))
        for bucket in state.buckets.values():
            bucket[f"registers/intents/{identity}"] = [put_card.to_json(), "1", 0.0]
        return state

    one = judge.facts(world("ann@a:1:abcdef", "failover-20270612T140000-abcdef", "us-east-1"))
    assert one == judge.facts(world("bob@b:2:fedcba", "failover-20270612T150000-fedcba", "us-east-1"))
    assert one != judge.facts(world("ann@a:1:abcdef", "failover-20270612T140000-abcdef", "eu-west-1"))


def test_a_world_begins_from_any_earlier_one(tmp_path: Path) -> None:
    """What lasts is plain values."""
    state = cloud.State(keys={"route": "x"}, lost=["eu-central-1"])
    place = tmp_path / "state.json"
    place.write_text(state.to_json())
    assert cloud.State.from_json(place.read_text()) == state
