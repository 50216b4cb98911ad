"""How long a warm plan of many targets takes, beside building and sorting bare tuples."""

from __future__ import annotations

import time

from benchmarks.row import Benchmark, Row
from controlplane.domain.tier import Tier
from controlplane.domain.warming import Page, plan

HOSTS, PAGES, POPS = 100, 100, 100
BAR_SECONDS = 2.0


def measure() -> list[Row]:
    """A million targets, once."""
    tiers = list(Tier)
    pages = {
        f"w{host}.weddings.example": tuple(Page(f"/p{page}", tiers[page % 4]) for page in range(PAGES))
        for host in range(HOSTS)
    }
    pops = {"cloudfront": [f"P{pop:02d}" for pop in range(POPS)]}
    begun = time.perf_counter()
    made = plan(pages, dict.fromkeys(pages, "cloudfront"), pops)
    ours = time.perf_counter() - begun
    begun = time.perf_counter()
    bare = sorted(
        (page.tier.rank, host, page.path, "cloudfront", pop)
        for host, listed in pages.items()
        for page in listed
        for pop in pops["cloudfront"]
    )
    floor = time.perf_counter() - begun
    assert len(bare) == len(made.targets)
    row = Row(
        name="warm-plan",
        what="a plan of URL x POP in tier order",
        ours=round(ours, 2),
        unit="s",
        floor=round(floor, 2),
        ratio=round(ours / floor, 1),
        bar=f"<= {BAR_SECONDS:g} s",
        holds=ours <= BAR_SECONDS,
        conditions=f"{len(made.targets)} targets; the floor builds and sorts bare tuples",
    )
    return [row]


BENCHMARK = Benchmark("warm-plan", measure)
