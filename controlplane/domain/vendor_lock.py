"""The freeze on AWS's own clock: an IAM policy that denies changes while a platform-wide window holds.

It holds with every process of ours dead, for whoever it is attached to: the roles of CI and of people. It denies what
a freeze refuses of what all weddings share; creations, purges, the key value store and what a failover needs go on.
Sources: IAM User Guide, "Date condition operators", "Global condition context keys" (aws:CurrentTime), "IAM and STS
quotas" (6,144 characters for a managed policy, white space not counted).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from controlplane.domain.calendar import Calendar
from controlplane.domain.instant import zulu

MOST_CHARACTERS = 6144
MOST_WINDOWS = 12
FROZEN_ACTIONS = (
    "cloudfront:Update*",
    "cloudfront:Delete*",
    "cloudfront:PublishFunction",
    "cloudfront:AssociateAlias",
    "elasticache:Modify*",
    "elasticache:Delete*",
    "elasticache:Decrease*",
    "s3:DeleteBucket*",
    "s3:PutBucket*",
)


def deny_document(calendar: Calendar, at: datetime) -> dict[str, Any]:
    """The policy document for the next `MOST_WINDOWS` platform-wide windows that have not ended at `at`.

    Windows that touch are one. Without any window it denies nothing: IAM wants at least one statement, so it names an
    instant that is past.
    """
    timeline = calendar.platform_only
    windows = [(start, end) for start, end in zip(timeline.starts, timeline.ends, strict=True) if at < end]
    spans = windows[:MOST_WINDOWS] or [(at, at)]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": f"WedcacheFreeze{number}",
                "Effect": "Deny",
                "Action": list(FROZEN_ACTIONS),
                "Resource": "*",
                "Condition": {
                    "DateGreaterThanEquals": {"aws:CurrentTime": zulu(start)},
                    "DateLessThan": {"aws:CurrentTime": zulu(end)},
                },
            }
            for number, (start, end) in enumerate(spans, 1)
        ],
    }


def policy_text(document: dict[str, Any]) -> str:
    """The document as IAM counts it: without white space."""
    return json.dumps(document, separators=(",", ":"))
