"""What the edge function gets of the calendar: pairs of unix seconds and a rule id; no dates, no zones, no rules.

CloudFront's KeyValueStore takes values up to 1 KB
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html).
"""

from __future__ import annotations

import json
from datetime import datetime

from controlplane.domain.calendar import Calendar

MOST_BYTES = 1024
EdgePair = tuple[int, int, str]


def edge_pairs(calendar: Calendar, host: str, at: datetime | None = None) -> list[EdgePair]:
    """`[start, end, rule id]` in unix seconds for each window of `host` that is not over at `at`, nearest first.

    `at` is by default when the calendar was made. Of more windows than `MOST_BYTES` hold, the farthest are left for a
    later push. A host that the calendar does not know has the platform's windows only.
    """
    now = calendar.made.compiled_at if at is None else at
    rules = calendar.rules_of(calendar.by_host.get(host, ()))
    ahead = sorted((rule for rule in rules if rule.end > now), key=lambda rule: (rule.start, rule.id))
    pairs: list[EdgePair] = []
    for rule in ahead:
        pairs.append((int(rule.start.timestamp()), -int(-rule.end.timestamp() // 1), rule.id))
        if len(edge_value(pairs).encode()) > MOST_BYTES:
            return pairs[:-1]
    return pairs


def edge_value(pairs: list[EdgePair]) -> str:
    """`pairs` as the value of the KeyValueStore key `freeze:<host>`."""
    return json.dumps(pairs, separators=(",", ":"))
