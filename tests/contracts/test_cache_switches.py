"""What cache switches promise, on the fake and on Cloudflare's zone as emulated."""

from __future__ import annotations

import pytest

from controlplane.adapters.cloudflare.switches import CloudflareSwitches
from controlplane.errors import Unavailable
from controlplane.ports.cache_switches import CacheSwitches
from infra.ownership import EMERGENCY_SWITCHES
from tests.contracts.cloud import Cloud
from tests.fakes.switches import FakeSwitches


@pytest.fixture(params=["fake", "cloudflare"])
def switches(request: pytest.FixtureRequest) -> CacheSwitches:
    """The switches of one zone."""
    if request.param == "fake":
        return FakeSwitches()
    cloud: Cloud = request.getfixturevalue("healed")
    return CloudflareSwitches(cloud.api(), cloud.cloudflare.zone(cloud.cloudflare.client()))


@pytest.mark.parametrize("path", sorted(EMERGENCY_SWITCHES))
def test_every_switch_of_emergency_mode_goes_on_and_off(switches: CacheSwitches, path: str) -> None:
    """Off at first; setting it twice changes nothing more."""
    assert switches.get(path) == "off"
    for value in ("on", "on", "off"):
        switches.set(path, value)
        assert switches.get(path) == value


@pytest.mark.parametrize("fault", ["api-503", "api-429"])
def test_a_vendor_that_is_away_is_unavailable(healed: Cloud, fault: str) -> None:
    """Looking and setting both say so, safe to retry."""
    switches = CloudflareSwitches(healed.api(), healed.cloudflare.zone(healed.cloudflare.client()))
    healed.faults.inject(fault, "cloudflare")
    for ask in (lambda: switches.get("argo/smart_routing"), lambda: switches.set("argo/smart_routing", "on")):
        with pytest.raises(Unavailable) as caught:
            ask()
        assert caught.value.safe_to_retry
