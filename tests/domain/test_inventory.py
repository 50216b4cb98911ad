"""The inventory: what it refuses, and that it comes back as it was written."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from controlplane.domain.heartbeat import Heartbeat
from controlplane.domain.inventory import Inventory, WeddingEntry
from tests.fakes.inventory import inventory, wedding


def test_both_documents_round_trip() -> None:
    """What infra writes is what the control plane reads."""
    assert Inventory.from_json(inventory().to_json()) == inventory()
    assert WeddingEntry.from_json(wedding().to_json()) == wedding()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"clock": "http://127.0.0.1:1/"}, "real time is not a setting"),
        ({"home": "mars-1"}, "none of the regions"),
        ({"store": [{"bucket": "a", "region": "eu-west-1"}]}, "at least 3"),
        ({"colour": "blue"}, "Extra inputs"),
        ({"schema": "wedcache.inventory/2"}, "wedcache.inventory/1"),
    ],
)
def test_what_it_refuses(change: dict[str, Any], words: str) -> None:
    """A clock outside a sandbox, a home that is no region, a store of other than three, unknown keys and versions."""
    whole = {**inventory().model_dump(mode="json", by_alias=True), **change}
    with pytest.raises(ValidationError, match=words):
        Inventory.from_mapping(whole)


def test_an_unknown_region_is_named_with_the_known_ones() -> None:
    """On-call sees what would be right."""
    assert inventory().region("us-east-1").origin == "us-east-1.origin.weddings.example"
    with pytest.raises(KeyError, match="eu-central-1, us-east-1"):
        inventory().region("mars-1")


def test_a_heartbeat_moves_only_forward() -> None:
    """An older copy from a bucket that was away is no sign of life; a restart counts on."""

    def beat(number: int) -> Heartbeat:
        return Heartbeat(
            region="r",
            beat=number,
            at="2027-06-12T10:00:00Z",
            calendar_epoch=1,
            roles_epoch=1,
            cache_answers=True,
            edge_lease=False,
            views={},
        )

    assert not beat(2).moved_since(None)
    assert beat(2).moved_since(beat(1))
    assert not beat(2).moved_since(beat(2))
    assert not beat(1).moved_since(beat(2))
