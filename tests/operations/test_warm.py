"""Warming on fakes: tiers strictly in order, proof by a second pass, and words for what is not warm."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from controlplane.domain.tier import Tier
from controlplane.domain.warming import Page, WarmPlan, plan
from controlplane.errors import BadInput, Incomplete, Unavailable, VerificationFailed
from controlplane.operations.warm import make_plan, warm
from controlplane.ports.edge_probe import Answer, Ask
from tests.fakes.edges import FakeEdgeProbe

HOST = "como.weddings.example"
PAGES = [Page(f"/{tier.value}-{number}", tier) for tier in Tier for number in range(3)]
POPS = {"cloudfront": ["FRA56-P1", "SIN2-P1"]}


def planned() -> WarmPlan:
    """Every tier, three pages, two POPs."""
    return plan({HOST: PAGES}, {HOST: "cloudfront"}, POPS)


def cache(says: Callable[[Ask, int], str] = lambda _, times: "MISS" if times == 1 else "HIT") -> FakeEdgeProbe:
    """POPs whose word follows the number of times that a target was asked."""
    times: dict[Ask, int] = {}

    def respond(ask: Ask) -> Answer:
        times[ask] = times.get(ask, 0) + 1
        return Answer(ask, 200, {"cf-cache-status": says(ask, times[ask])})

    return FakeEdgeProbe(frozenset({HOST}), respond)


def test_every_target_is_proven_and_no_tier_begins_before_the_one_above_is_done() -> None:
    """Two requests each; the last of a tier comes before the first of the next; progress hears of every answer."""
    probe, heard = cache(), list[str]()
    report = warm(planned(), probe, lambda number, target, said: heard.append(f"{number} {target.path} {said}"))
    assert (report.total, report.proven, report.failed) == (24, 24, {})
    assert report.by_tier == {tier.value: 6 for tier in Tier}
    ranks = [next(tier.rank for tier in Tier if ask.path.startswith(f"/{tier.value}-")) for ask in probe.asks]
    assert ranks == sorted(ranks)
    assert len(heard) == len(probe.asks) == 48
    assert heard[0].endswith("MISS")


def test_a_plan_in_another_order_is_warmed_in_tier_order() -> None:
    """A saved plan is data: the order is ours."""
    probe = cache()
    warm(WarmPlan(tuple(reversed(planned().targets))), probe, lambda *_: None)
    assert probe.asks[0].path.startswith(f"/{next(tier for tier in Tier if tier.rank == 0).value}-")


def test_a_target_that_hits_late_is_asked_again_and_only_it() -> None:
    """Up to three looks; the ones that hit are left alone."""
    late = cache(lambda ask, times: "HIT" if times > (3 if ask.path == "/high-1" else 1) else "MISS")
    assert warm(planned(), late, lambda *_: None, pause=lambda _: None).proven == 24
    assert late.asks.count(Ask(HOST, "/high-1", "cloudfront", "FRA56-P1")) == 4
    assert late.asks.count(Ask(HOST, "/high-2", "cloudfront", "FRA56-P1")) == 2


def test_what_never_hits_is_not_called_warm() -> None:
    """14 with the targets and what they said; everything else was warmed, lower tiers too."""
    stubborn = cache(lambda ask, times: "BYPASS" if ask.path == "/critical-1" else "MISS" if times == 1 else "HIT")
    with pytest.raises(VerificationFailed, match="22 of 24 targets are proven warm; 2 are not") as caught:
        warm(planned(), stubborn, lambda *_: None, pause=lambda _: None)
    assert caught.value.exit_code == 14
    assert caught.value.report == {f"{HOST}/critical-1@{pop}": "BYPASS" for pop in POPS["cloudfront"]}


def test_what_does_not_answer_is_incomplete() -> None:
    """13: the POP was not reached, which is another trouble than a page that is not cached."""

    def respond(ask: Ask) -> Answer:
        return Answer(ask, 0, error="timed out") if ask.pop == "SIN2-P1" else Answer(ask, 200, {"x-cache": HIT})

    with pytest.raises(Incomplete) as caught:
        warm(planned(), FakeEdgeProbe(frozenset({HOST}), respond), lambda *_: None, pause=lambda _: None)
    assert type(caught.value) is Incomplete
    assert caught.value.exit_code == 13
    assert set(caught.value.report.values()) == {"no answer: timed out"}


HIT = "Hit from cloudfront"


def test_an_error_page_is_not_warm_however_often_it_hits() -> None:
    """A cached 404 or 500 proves nothing."""

    def respond(ask: Ask) -> Answer:
        return Answer(ask, 404 if ask.path == "/low-0" else 200, {"x-cache": HIT})

    with pytest.raises(VerificationFailed) as caught:
        warm(planned(), FakeEdgeProbe(frozenset({HOST}), respond), lambda *_: None, pause=lambda _: None)
    assert set(caught.value.report.values()) == {"status 404"}


def test_an_empty_plan_proves_nothing() -> None:
    """0 of 0 would read as success."""
    with pytest.raises(BadInput, match="no targets"):
        warm(WarmPlan(()), cache(), lambda *_: None)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((503, b""), "answered 503"),
        ((0, b""), "answered no route"),
        ((200, b"<html>"), "is no manifest"),
        ((200, b'{"schema": "wedcache.manifest/1", "pages": [{"path": "@evil/", "tier": "low"}]}'), "begins with /"),
    ],
)
def test_no_plan_is_made_from_less_than_a_manifest(answer: tuple[int, bytes], words: str) -> None:
    """Unavailable in words, and nothing but the manifest was asked for."""
    status, body = answer
    probe = FakeEdgeProbe(frozenset({HOST}), lambda ask: Answer(ask, status, body=body, error="no route"))
    with pytest.raises(Unavailable, match=words):
        make_plan(probe, {HOST: "cloudfront"}, POPS)
    assert [ask.path for ask in probe.asks] == ["/warm.json"]


def test_the_plan_comes_from_the_hosts_own_manifests() -> None:
    """Asked once through the edge, at one POP."""
    body = json.dumps(
        {"schema": "wedcache.manifest/1", "pages": [{"path": page.path, "tier": page.tier.value} for page in PAGES]}
    )
    probe = FakeEdgeProbe(frozenset({HOST}), lambda ask: Answer(ask, 200, body=body.encode()))
    assert make_plan(probe, {HOST: "cloudfront"}, POPS) == planned()
    assert probe.asks == [Ask(HOST, "/warm.json", "cloudfront", "FRA56-P1")]
