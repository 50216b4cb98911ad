"""What every edge store promises, on the fake and on CloudFront's KeyValueStore as emulated."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from controlplane.adapters.aws.edge_store import KeyValueEdgeStore
from controlplane.errors import Refused, Unavailable
from controlplane.ports.edge_store import EdgeStore
from tests.contracts.cloud import Cloud
from tests.fakes.edges import FakeEdgeStore

Made = Callable[[], tuple[EdgeStore, EdgeStore]]


@pytest.fixture(params=["fake", "key value store"])
def stores(request: pytest.FixtureRequest) -> tuple[EdgeStore, EdgeStore]:
    """Two writers of one empty store."""
    if request.param == "fake":
        fake = FakeEdgeStore()
        return fake, fake
    cloud: Cloud = request.getfixturevalue("healed")
    arn = cloud.pairs()
    return opened(cloud, arn), opened(cloud, arn)


def opened(cloud: Cloud, arn: str) -> KeyValueEdgeStore:
    """A store as one process has it."""
    return KeyValueEdgeStore(cloud.session(), arn, random.Random(1))


def test_puts_and_deletes_in_one_change(stores: tuple[EdgeStore, EdgeStore]) -> None:
    """What was written is read, None deletes, what is the same already is not written again."""
    store, _ = stores
    assert store.read() == {}
    assert store.change(lambda _: {"a": "1", "b": "2"}) == {"a": "1", "b": "2"}
    assert store.change(lambda held: {"a": None, "b": held["b"], "c": "3", "d": None}) == {"a": None, "c": "3"}
    assert store.read() == {"b": "2", "c": "3"}
    assert store.change(lambda _: {"b": "2"}) == {}


def test_a_conflict_is_computed_anew(stores: tuple[EdgeStore, EdgeStore]) -> None:
    """Somebody writes between our read and our write: the update runs again on what they wrote; nothing is lost."""
    store, other = stores
    seen: list[dict[str, str]] = []

    def update(held: object) -> dict[str, str | None]:
        assert hasattr(held, "get")
        seen.append(dict(held))  # type: ignore[call-overload]  # a mapping, by the port
        if len(seen) == 1:
            other.change(lambda _: {"theirs": "1"})
        return {"mine": str(len(seen))}

    assert store.change(update) == {"mine": "2"}
    assert seen == [{}, {"theirs": "1"}]
    assert store.read() == {"theirs": "1", "mine": "2"}


def test_the_vendors_limits_are_refused_before_sending(stores: tuple[EdgeStore, EdgeStore]) -> None:
    """51 keys, or a value of 1,025 bytes (513 letters of two): Refused, nothing was written; the limit itself is."""
    store, _ = stores
    for wanted in ({f"k{number}": "" for number in range(51)}, {"k": "\u00e9" * 512 + "x"}):
        with pytest.raises(Refused):
            store.change(lambda _, wanted=wanted: wanted)  # type: ignore[misc]  # bound per turn
    assert store.read() == {}
    store.change(lambda _: {f"k{number}": "\u00e9" * 512 for number in range(50)})
    assert len(store.read()) == 50


def test_a_lost_answer_is_an_unknown_outcome_that_the_next_read_shows(healed: Cloud) -> None:
    """The write was carried out: exit code 19, read back first; changing again writes nothing more."""
    store = opened(healed, healed.pairs())
    healed.faults.inject("answer-lost", "aws")
    with pytest.raises(Unavailable) as caught:
        store.change(lambda _: {"route": "us"})
    assert (caught.value.safe_to_retry, caught.value.exit_code) == (False, 19)
    assert store.read() == {"route": "us"}
    assert store.change(lambda _: {"route": "us"}) == {}


@pytest.mark.parametrize("fault", ["api-503", "api-429"])
def test_an_api_that_is_away_is_safe_to_ask_again(healed: Cloud, fault: str) -> None:
    """Nothing was written, and the words hold no secret."""
    store = opened(healed, healed.pairs())
    healed.faults.inject(fault, "aws")
    with pytest.raises(Unavailable) as caught:
        store.change(lambda _: {"route": "us"})
    assert caught.value.safe_to_retry
    assert "canary" not in f"{caught.value} {caught.value.next_step}"
    healed.faults.heal()
    assert store.read() == {}
