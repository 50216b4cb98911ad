"""Synthetic evidence of a rehearsal in which everything went well, to be spoiled one fact at a time."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from sandbox.rehearsal.evidence import Evidence, Row

TIERS = ("cloudfront", "cloudflare", "memory eu-central-1", "redis eu-central-1", "memory us-east-1", "redis us-east-1")
TARGETS = (("/", "critical"), ("/travel", "high"), ("/gallery", "medium"), ("/photos/1", "low"))
HOST, POP, RULE = "como.weddings.example", "FRA56-P1", "venue:como:2027-06-12"
LIFE = {"seconds": 295180, "needed": 151205}
OPEN = {"status": 200, "rule": "", "guest_status": 200}
CLOSED = {"status": 423, "rule": RULE, "guest_status": 200}
_PASSES = [
    [float(number), HOST, path, 200, cache]
    for number, (path, cache) in enumerate([(path, cache) for cache in ("Miss", "Hit") for path, _ in TARGETS])
]
GLASS_LATER = ("replay", "expired", "another rule set")
_KNOB = {"cdn": "cloudfront", "knob": "MinTTL"}

RECORD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("calendar", {"tzdata": "2026.6", "source": "pinned", "rows": 36, "different": []}),
    ("knob-table", {"cdn": "cloudfront", "knobs": ["MinTTL"]}),
    ("knob", {**_KNOB, "wanted_before": "a", "before": "a", "wanted_after": "b", "after": "b"}),
    ("again", {"codes": [0, 0], "unchanged": 49, "mutating": {}, "tails": []}),
    ("targets", {"targets": [{"host": HOST, "path": path, "pop": POP, "tier": tier} for path, tier in TARGETS]}),
    ("pop-log", {"pop": POP, "rows": _PASSES}),
    (
        "crowd",
        {
            "hits": {"critical": [500, 500], "low": [450, 500]},
            "latency": {"all": {"mean": 20.0, "p95": 90.0}, "FRA": {"mean": 20.0, "p95": 90.0}},
            "reads": 50,
            "reads_without": 1000,
            "failed": 0,
        },
    ),
    ("at-once", {"guests": 1000, "answered": 1000, "seconds": 4.2}),
    (
        "purge",
        {
            "code": 0,
            "before": dict.fromkeys(TIERS, "1"),
            "still": dict.fromkeys(TIERS, "1"),
            "after": dict.fromkeys(TIERS, "2"),
            "seconds": 2.5,
        },
    ),
    (
        "three-views",
        {
            "engine": {"distribution E1": "d for como", "cache policy p1": "0/4/8 s"},
            "vendors": {"distribution E1": "d for como", "cache policy p1": "0/4/8 s"},
            "inventory": {"distribution E1": "d for como"},
            "apart": [],
        },
    ),
    ("alone", {"p95": 12.0, "samples": 200, "failed": 0}),
    ("warming", {"p95": 30.0, "samples": 400, "failed": 0, "asked": 210}),
    ("processes", {"ended": ["agent-eu-central-1", "agent-us-east-1"], "wedcache": []}),
    ("doors", {"side": "before", "gate": 0, "preview": 0, "mutating": {}, "preview_words": False}),
    ("traffic", {"side": "before", "edge": OPEN, "life": LIFE}),
    ("traffic", {"side": "after", "edge": CLOSED, "life": LIFE}),
    ("doors", {"side": "after", "gate": 10, "preview": 1, "mutating": {}, "preview_words": True}),
    (
        "forbidden",
        {"acts": {"pulumi destroy": 1, "wedcache purge --hard": 10, "wedcache gate": 10}, "mutating": {}, "calls": 31},
    ),
    ("allowed", {"acts": {"wedcache warm": 0, "owner's update": 0}, "mutating": {"s3 PutObject": 3}}),
    *(
        ("glass-refused", {"act": act, "code": 17, "mutating": {}, "calls": 9})
        for act in (*("her own second key", "one person alone", "another plan"), *GLASS_LATER)
    ),
    ("glass-passed", {"code": 0, "mutating": {"cloudfront UpdateDistribution": 1}, "before": "All", "wanted": "200"}),
    ("glass-end", {"price_class": "200"}),
    (
        "loss",
        {
            "detection_seconds": 7.0,
            "code": 0,
            "total_seconds": 20.0,
            "steps": {"drain": 0.3, "route": 0.2, "verify": 1},
        },
    ),
    (
        "guests",
        {
            "cached": 2171,
            "cached_failed": 0,
            "stale": 22,
            "uncached": 386,
            "uncached_failed": 319,
            "uncached_after": 18,
            "uncached_failed_after": 0,
        },
    ),
    ("writes", {"acknowledged": 452, "before_the_loss": 412, "lost": 0}),
    ("before-the-loss", {"status": 201, "held": 2}),
    (
        "fence",
        {
            "old_epoch": 1,
            "new_epoch": 2,
            "waiting": 8,
            "answers": [201] * 8,
            "answered_by_old": 0,
            "held_under_old": [],
            "replica_door": 409,
            "old_role_taken": False,
            "settled": 201,
        },
    ),
    (
        "owner",
        {
            "wedding": "como",
            "status": 201,
            "gate": 10,
            "copies": 2,
            "cities": 1,
            "ages": {"FRA56-P1 /schedule": 2.1, "FRA /timeline": 1.4},
            "missing": [],
            "back": [],
            "failed": [],
            "asked": 120,
            "waited": [],
        },
    ),
    (
        "windows",
        {
            "gates": {"ubud": [0, 10, 10, 0]},
            "purges": {
                "ubud": {"code": 10, "wanted": 10, "purges": 0},
                "tulum": {"code": 0, "wanted": 0, "purges": 3},
            },
        },
    ),
    ("woken", {"refused": 10}),
    ("protected", {"code": 1, "named": True}),
    ("failback", {"code": 0}),
    (
        "second-laptop",
        {
            "disk_before": [],
            "first_code": -9,
            "first_steps": ["roles", "drain", "route"],
            "opened": 0,
            "card": "failover-1",
            "code": 0,
            "again": 0,
            "performers": 2,
            "effects": {"route us-east-1": 1, "pool eu-central-1": 1},
            "served_by": {"FRA56-P1": "us-east-1"},
            "target": "us-east-1",
            "seconds": 20.0,
        },
    ),
    ("laptop-home", {"code": 0}),
    ("destroy", {"codes": [0, 0], "left": {}}),
    ("end", {"started": 13, "living": {}, "related": [], "ports": {}}),
)


def record(*, without: Sequence[str] = (), **spoilt: Any) -> Evidence:
    """The record; `without` leaves kinds out, each of `spoilt` sets one fact.

    A fact is named by its path: `guests__cached`, `doors_1__gate` (the second row of the kind), `purge__after__redis`.
    """
    rows = [(kind, copy.deepcopy(facts)) for kind, facts in RECORD]
    for path, value in spoilt.items():
        kind, *steps = path.split("__")
        kind, _, number = kind.partition("_")
        facts = [facts for name, facts in rows if name == kind][int(number or 0)]
        for step in steps[:-1]:
            facts = facts[step]
        facts[steps[-1]] = value
    return Evidence(tuple(Row("test", kind, 0.0, facts) for kind, facts in rows if kind not in without))
