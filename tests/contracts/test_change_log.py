"""Both vendors' logs of changes, on the emulators: what succeeded is told once, with whose credential."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from controlplane.adapters.aws.trail import CloudTrailLog
from controlplane.adapters.cloudflare.audit import CloudflareAudit
from controlplane.domain.outside import VendorChange
from controlplane.errors import Unavailable
from controlplane.ports.change_log import ChangeLog
from sandbox.clock import OffsetClock
from tests.contracts.cloud import Cloud
from tests.fakes.inventory import REGIONS

MINUTE = timedelta(minutes=1)


@dataclass
class Vendor:
    """One vendor: its log, a change that succeeds and gives its target, one that is refused, its name in faults."""

    log: ChangeLog
    changed: Callable[[], str]
    refused: Callable[[], None]
    what: str
    who: str
    fault: str


@pytest.fixture(params=["aws", "cloudflare"])
def vendor(request: pytest.FixtureRequest, cloud: Cloud) -> Vendor:
    """Each vendor in turn; Cloudflare's log is asked two entries at a time, CloudTrail's pages hold fifty."""
    if request.param == "aws":
        client = cloud.session().client("elasticache", REGIONS[0])
        numbers = iter(range(100))

        def create() -> str:
            name = f"outside-{id(numbers)}-{next(numbers)}"
            client.create_cache_parameter_group(
                CacheParameterGroupName=name, CacheParameterGroupFamily="valkey8", Description="x"
            )
            return name

        def refuse() -> None:
            with pytest.raises(ClientError):
                client.delete_cache_parameter_group(CacheParameterGroupName="no-such-group")

        log = CloudTrailLog(cloud.session(), REGIONS)
        return Vendor(log, create, refuse, "elasticache:CreateCacheParameterGroup", "wedcache", "aws")
    api, account = cloud.api(), cloud.cloudflare.account

    def monitor() -> str:
        made = api.call("x", lambda sdk: sdk.load_balancers.monitors.create(account_id=account, path="/outside"))
        api.call("x", lambda sdk: sdk.load_balancers.monitors.delete(made.id, account_id=account))
        return str(made.id)

    def deny() -> None:
        with pytest.raises(Unavailable):
            api.call("x", lambda sdk: sdk.load_balancers.monitors.delete("0" * 32, account_id=account))

    what = f"POST /accounts/{account}/load_balancers/monitors"
    return Vendor(CloudflareAudit(api, account, page=2), monitor, deny, what, "cloudflare-operator", "cloudflare")


def told(vendor: Vendor, cloud: Cloud) -> list[VendorChange]:
    """What the log holds of the last minute and the next."""
    now = OffsetClock(cloud.run.clock).now()
    return [one for one in vendor.log.changes(now - MINUTE, now + MINUTE) if one.what == vendor.what]


def test_each_change_is_told_once_over_all_pages(vendor: Vendor, cloud: Cloud) -> None:
    """Three changes and one refused between them: three entries, with credential, object, instant and own id."""
    before = told(vendor, cloud)
    made = [vendor.changed(), vendor.changed()]
    vendor.refused()
    made.append(vendor.changed())
    new = [one for one in told(vendor, cloud) if one not in before]
    assert sorted(one.target for one in new) == sorted(made)
    assert {one.who for one in new} == {vendor.who}
    assert len({one.id for one in new}) == 3
    assert all(one.at.tzinfo is not None for one in new)


def test_only_what_was_asked_for_is_told(vendor: Vendor, cloud: Cloud) -> None:
    """Nothing of another time."""
    vendor.changed()
    now = OffsetClock(cloud.run.clock).now()
    assert list(vendor.log.changes(now - 3 * MINUTE, now - 2 * MINUTE)) == []


def test_a_vendor_that_does_not_answer_is_unavailable(vendor: Vendor, cloud: Cloud) -> None:
    """Silence of a log is never read as silence at the vendor."""
    cloud.faults.inject("api-503", vendor.fault)
    try:
        with pytest.raises(Unavailable):
            told(vendor, cloud)
    finally:
        cloud.faults.heal()
