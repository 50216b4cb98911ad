"""A purge on fakes: inside out, confirmed by name, owed by name, and never lost."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from controlplane.domain.purge import PurgeRequest, receipt_key, request_key
from controlplane.domain.purge_log import Kind
from controlplane.errors import Incomplete, Unavailable
from controlplane.operations.purge import PurgeReport, purge
from tests.fakes.clock import FakeClock
from tests.fakes.edges import FakeCdn
from tests.fakes.inventory import HOME, REGIONS, STANDBY
from tests.fakes.store import FakeSharedStore


@dataclass
class Scene:
    """A store, both CDNs and regions whose agents confirm at given seconds."""

    store: FakeSharedStore = field(default_factory=FakeSharedStore)
    clock: FakeClock = field(default_factory=FakeClock)
    cdns: tuple[FakeCdn, FakeCdn] = field(default_factory=lambda: (FakeCdn("cloudfront"), FakeCdn("cloudflare")))
    confirms: dict[str, float] = field(default_factory=lambda: dict.fromkeys(REGIONS, 0.2))
    order: list[str] = field(default_factory=list)

    def pause(self, seconds: float) -> None:
        """Time passes, agents work."""
        self.clock.pause(seconds)
        for region, after in self.confirms.items():
            key = receipt_key("p1", region)
            if self.clock.elapsed - 1000.0 >= after and key not in self.store.objects:
                self.store.objects[key] = json.dumps({"region": region})
                self.order.append(f"{region}, {sum(len(cdn.purges) for cdn in self.cdns)} asked")

    def purge(self, kind: Kind = Kind.SOFT) -> PurgeReport:
        """Purge one wedding."""
        request = PurgeRequest(id="p1", tags=("wedding:como",), kind=kind, by="me", at="2027-06-12T10:00:00Z")
        return purge(
            request, store=self.store, cdns=self.cdns, regions=REGIONS, clock=self.clock, pause=self.pause, patience=8.0
        )


def test_everyone_confirms_from_the_inside_out() -> None:
    """Regions before CDNs; the report says when each confirmed, and nothing is owed."""
    scene = Scene()
    report = scene.purge()
    assert set(report.confirmed) == {*REGIONS, "cloudfront", "cloudflare"}
    assert report.owed == ()
    assert scene.order == [f"{HOME}, 0 asked", f"{STANDBY}, 0 asked"]
    assert [cdn.purges for cdn in scene.cdns] == [[(("wedding:como",), True, "p1")]] * 2


def test_a_region_that_is_lost_is_owed_and_holds_no_cdn_up() -> None:
    """13 with a report by name; the request lies in the store, so its agent delivers it later."""
    scene = Scene(confirms={STANDBY: 0.2})
    with pytest.raises(Incomplete, match="owed by eu-central-1") as caught:
        scene.purge()
    assert caught.value.exit_code == 13
    assert caught.value.report[HOME] == "owed"
    assert {name for name, became in caught.value.report.items() if became == "confirmed"} == {
        STANDBY,
        "cloudfront",
        "cloudflare",
    }
    assert request_key("p1") in scene.store.objects


def test_a_cdn_that_fails_stops_no_other() -> None:
    """The other CDN and the regions are purged; the report has the vendor's words, a second run is harmless."""
    scene = Scene()
    scene.cdns[0].is_down = True
    with pytest.raises(Incomplete, match="owed by cloudfront") as caught:
        scene.purge(Kind.HARD)
    assert caught.value.report["cloudfront"] == "cloudfront does not answer"
    assert scene.cdns[1].purges == [(("wedding:como",), False, "p1")]
    scene.cdns[0].is_down = False
    assert scene.purge(Kind.HARD).owed == ()
    assert [len(cdn.purges) for cdn in scene.cdns] == [1, 1]


def test_a_look_that_fails_is_no_answer() -> None:
    """The CDN accepted, then its API is away for a while: the purge waits and completes."""
    scene = Scene()
    cdn = scene.cdns[0]
    cdn.looks = 3
    looks = iter([True, True, False])
    real = cdn.is_complete

    def flaky(handle: object) -> bool:
        if next(looks, False):
            raise Unavailable("away")
        return real(handle)  # type: ignore[arg-type]  # the fake takes any handle

    cdn.is_complete = flaky  # type: ignore[method-assign]  # a vendor that fails between two looks
    assert scene.purge().owed == ()


def test_without_the_store_nothing_is_asked() -> None:
    """No request could be stored, so nobody would deliver it: no CDN forgets either."""
    scene = Scene()
    scene.store.is_down = True
    with pytest.raises(Unavailable):
        scene.purge()
    assert [cdn.purges for cdn in scene.cdns] == [[], []]
