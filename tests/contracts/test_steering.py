"""What steering promises, on the fake and on Cloudflare's pools as emulated."""

from __future__ import annotations

import pytest

from controlplane.adapters.cloudflare.steering import CloudflareSteering
from controlplane.errors import Refused, Unavailable
from controlplane.ports.steering import Steering
from tests.contracts.cloud import Cloud
from tests.fakes.edges import FakeSteering
from tests.fakes.inventory import HOME, REGIONS


@pytest.fixture(params=["fake", "cloudflare"])
def steering(request: pytest.FixtureRequest) -> Steering:
    """Two regions' pools."""
    if request.param == "fake":
        return FakeSteering(dict.fromkeys(REGIONS, (True, None)))
    cloud: Cloud = request.getfixturevalue("healed")
    return CloudflareSteering(cloud.api(), cloud.cloudflare.account, cloud.pools())


def enabled(steering: Steering) -> dict[str, bool]:
    """Region -> enabled."""
    return {pool.region: pool.enabled for pool in steering.pools()}


def test_a_pool_is_disabled_and_enabled_again(steering: Steering) -> None:
    """Only that region's; doing it twice changes nothing more."""
    assert enabled(steering) == dict.fromkeys(REGIONS, True)
    for _ in range(2):
        steering.set_enabled(HOME, enabled=False)
        assert enabled(steering) == {**dict.fromkeys(REGIONS, True), HOME: False}
    steering.set_enabled(HOME, enabled=True)
    assert enabled(steering) == dict.fromkeys(REGIONS, True)


def test_a_region_without_a_pool_is_refused(steering: Steering) -> None:
    """Named, and nothing was changed."""
    with pytest.raises(Refused, match="no pool for mars-1"):
        steering.set_enabled("mars-1", enabled=False)
    assert enabled(steering) == dict.fromkeys(REGIONS, True)


@pytest.mark.parametrize("fault", ["api-503", "api-429"])
def test_an_api_that_is_away_is_unavailable(healed: Cloud, fault: str) -> None:
    """Looking and editing both say so, safe to retry."""
    steering = CloudflareSteering(healed.api(), healed.cloudflare.account, healed.pools())
    healed.faults.inject(fault, "cloudflare")
    with pytest.raises(Unavailable) as looked:
        steering.pools()
    with pytest.raises(Unavailable) as edited:
        steering.set_enabled(HOME, enabled=False)
    assert looked.value.safe_to_retry
    assert edited.value.safe_to_retry
    healed.faults.heal()
    assert enabled(steering) == dict.fromkeys(REGIONS, True)


def test_an_edit_whose_answer_was_lost_is_done_once_more_without_harm(healed: Cloud) -> None:
    """The edit was carried out; the retry finds it so."""
    steering = CloudflareSteering(healed.api(), healed.cloudflare.account, healed.pools())
    healed.faults.inject("answer-lost", "cloudflare")
    with pytest.raises(Unavailable) as caught:
        steering.set_enabled(HOME, enabled=False)
    assert caught.value.safe_to_retry
    steering.set_enabled(HOME, enabled=False)
    assert enabled(steering)[HOME] is False
