"""Replacing copies: nothing is purged that the origin would not answer, and nothing that is right already."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from controlplane.cli.replacing import weddings_of
from controlplane.domain.tier import Tier
from controlplane.domain.warming import Page
from controlplane.errors import BadInput, Refused
from controlplane.operations.replace import Comparison, compare
from controlplane.ports.edge_probe import Answer, Ask
from tests.fakes.edges import FakeEdgeProbe
from tests.operations.world import WEDDING

POPS = ("FRA56-P1", "SIN2-P1")
PAGES = [(WEDDING, Page("/", Tier.CRITICAL)), (WEDDING, Page("/schedule", Tier.CRITICAL))]
TAG = "page:como.schedule"


@dataclass
class Site:
    """An origin and two POPs; `edge` maps (path, POP) to what is kept there instead."""

    status: int = 200
    edge: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def origin(self, host: str, path: str) -> Answer:
        """The origin's answer, with its tags."""
        tags = "wedding:como,page:como.schedule" if path == "/schedule" else "wedding:como"
        return Answer(Ask(host, path, "origin"), self.status, {"x-wedcache-tags": tags}, path.encode())

    def pop(self, ask: Ask) -> Answer:
        """A POP's answer."""
        return Answer(ask, 200, {}, self.edge.get((ask.path, ask.pop or ""), ask.path.encode()))

    def compared(self, *tags: str) -> Comparison:
        """What would be replaced."""
        probe = FakeEdgeProbe(frozenset({WEDDING}), self.pop)
        return compare(PAGES, tags or (TAG,), self.origin, probe, lambda _: ("cloudfront", POPS))


def test_only_what_carries_the_tag_is_compared_at_every_pop() -> None:
    """And only the copies that differ are named."""
    found = Site(edge={("/schedule", "SIN2-P1"): b"old", ("/", "SIN2-P1"): b"old"}).compared()
    assert [(one.path, one.pop) for one in found.targets] == [("/schedule", pop) for pop in POPS]
    assert [(one.path, one.pop) for one in found.other] == [("/schedule", "SIN2-P1")]
    assert found.plan.targets == found.targets
    assert Site().compared("wedding:como").other == ()


def test_an_origin_that_fails_keeps_the_copies() -> None:
    """Refused, with the page and why."""
    with pytest.raises(Refused, match="status 503"):
        Site(status=503).compared()


def test_what_was_taken_down_is_left_out() -> None:
    """410 is meant: it keeps no other page from being replaced, and is not fetched again."""
    with pytest.raises(Refused, match="no page carries"):
        Site(status=410).compared()


def test_a_tag_that_nothing_carries_is_refused() -> None:
    """A typo is not a purge."""
    with pytest.raises(Refused, match=r"no page carries page:como\.shedule"):
        Site().compared("page:como.shedule")


def test_only_weddings_own_tags_are_replaced() -> None:
    """What others carry too is not one wedding's to replace."""
    assert weddings_of([TAG, "wedding:ubud", "photo:como.3"]) == ["como", "ubud", "como"]
    with pytest.raises(BadInput, match="vendor:florist-7"):
        weddings_of(["wedding:como", "vendor:florist-7"])
