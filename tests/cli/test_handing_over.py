"""What is left to a worker is done by a worker, and only while one lives."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from controlplane.bootstrap import Plant, plant
from controlplane.cli.adopting import adopter, overdue
from controlplane.cli.emergency import new_card
from controlplane.cli.performing import switched
from controlplane.domain.emergency import EMERGENCY_KEY, Switch
from controlplane.domain.heartbeat import heartbeat_key
from controlplane.operations.intents import all_cards
from controlplane.operations.observe_regions import look
from tests.cli.conftest import Online
from tests.cli.test_online import beat
from tests.contracts.cloud import Platform
from tests.fakes.inventory import HOME, STANDBY


@pytest.fixture
def worker(own: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    """The plant of a worker at home, which beats, on a machine that may be slow."""
    monkeypatch.setattr(look, "__defaults__", (60.0,))
    stop = threading.Event()

    def live() -> None:
        number = 1
        while not stop.wait(0.3):
            number += 1
            own.write(heartbeat_key(HOME), beat(HOME, number))

    own.write(heartbeat_key(HOME), beat(HOME, 1))
    beating = threading.Thread(target=live)
    beating.start()
    one = plant("test")
    yield one
    stop.set()
    beating.join()
    one.cloudflare.close()


def test_an_operation_that_was_handed_over_is_finished_by_the_named_worker(
    online: Online, own: Platform, worker: Plant
) -> None:
    """21 with the worker's region; another region's worker leaves it alone while that one beats."""
    own.cloud.faults.inject("api-503", "cloudflare")
    assert online("emergency", "on", "--yes").code == 13
    identity = all_cards(worker.store)[0].id
    said = online("ops", "resume", identity, "--hand-over", "--output", "json")
    assert said.code == 21, said.err
    assert said.json["state"] == "open"
    assert f"handed over to the worker of {HOME}" in said.err
    own.cloud.faults.heal()
    assert f"handed over to the worker of {HOME}" in online("ops", "list").out
    told: list[str] = []
    adopter(worker, STANDBY, told.append)()
    assert told == []
    work = adopter(worker, HOME, told.append)
    work()
    assert told == [f"{identity} was handed over: going on with it"]
    work()
    assert len(told) == 1
    assert all_cards(worker.store)[0].state == "done"
    kinds = [entry["kind"] for entry in online("ops", "story", identity, "--output", "json").json["entries"]]
    assert [kind for kind in kinds if kind not in ("step", "kept")] == [
        "begun",
        "failed",
        "handed over",
        "resumed",
        "closed",
    ]
    assert online("ops", "resume", identity, "--hand-over").code == 2
    assert online("emergency", "off", "--yes").code == 0


def test_an_emergency_ends_by_itself_when_its_time_is_over(online: Online, worker: Plant) -> None:
    """Accepted because a worker lives; not a moment earlier, and by every worker with the same card."""
    said = online("emergency", "on", "wedding:como", "--for", "2h", "--yes", "--output", "json")
    assert said.code == 0, said.err
    assert f"the worker of {HOME} switches it off at {said.json['until']}" in said.err
    assert overdue(worker) == []
    switched(worker, new_card(worker, Switch.ON, "wedding:como", timedelta(0)))
    assert worker.edge_store.read() == {EMERGENCY_KEY: "como.weddings.example"}
    assert [card.id for card in overdue(worker)] == [card.id for card in overdue(worker)] != []
    told: list[str] = []
    adopter(worker, STANDBY, told.append)()
    assert worker.edge_store.read() == {}
    adopter(worker, HOME, told.append)()
    assert told == ["emergency mode of wedding:como: its time is over"]
    assert online("emergency", "status").out == "emergency mode is off\n"
