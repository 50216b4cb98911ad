"""A Cloudflare API token as Pulumi declares it: its whole life, and that the vendor holds it to its slot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from sandbox.clock import OffsetClock
from sandbox.cloudflare.permissions import group_id
from sandbox.providers.types.cloudflare_tokens import TOKEN
from sandbox.providers.values import Properties
from tests.sandbox.providers.conftest import Cloud
from tests.sandbox.providers.test_lifecycle import lives, name

SLOT = {"notBefore": "2027-06-09T02:00:00Z", "expiresOn": "2027-06-09T06:00:00Z"}


@pytest.fixture
def clock(cloud: Cloud) -> Iterator[OffsetClock]:
    """The vendors' calendar, which goes back to today."""
    clock = OffsetClock(cloud.run.clock)
    yield clock
    clock.set(datetime.now(UTC))


def declared(cloud: Cloud) -> Properties:
    """A token for the pools of the account, in one slot."""
    policy = {
        "effect": "allow",
        "permissionGroups": [{"id": group_id("Load Balancing: Monitors And Pools Write")}],
        "resources": json.dumps({f"com.cloudflare.api.account.{cloud.account}": "*"}),
    }
    return {"name": name(), "policies": [policy], **SLOT}


def test_tokens_live(cloud: Cloud) -> None:
    """A token is created, read back as declared, moved to the next slot in place, and deleted."""
    lives(cloud.cloudflare, TOKEN, declared(cloud), {key: text.replace("-09T", "-16T") for key, text in SLOT.items()})


def test_a_token_is_good_in_its_slot_only(cloud: Cloud, clock: OffsetClock) -> None:
    """Its value is kept over a refresh and an update; the vendor takes it in the slot, by its own clock."""
    made = cloud.cloudflare.create(TOKEN, name(), declared(cloud))
    value = made.outputs["value"]
    seen = cloud.cloudflare.read(made)
    assert seen is not None
    assert cloud.cloudflare.update(seen, {**made.inputs, "name": name()}).outputs["value"] == value
    url = f"{cloud.cloudflare_url}/accounts/{cloud.account}/load_balancers/pools"
    answers = {}
    for at in ("01:59:50", "02:00:10", "05:59:50", "06:00:10"):
        clock.set(datetime.fromisoformat(f"2027-06-09T{at}+00:00"))
        answers[at] = httpx.get(url, headers={"Authorization": f"Bearer {value}"}, trust_env=False).status_code
    assert answers == {"01:59:50": 403, "02:00:10": 200, "05:59:50": 200, "06:00:10": 403}
    cloud.cloudflare.delete(seen)
