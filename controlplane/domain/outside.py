"""Changes made outside: what the vendors' own logs know and nothing of ours covers.

Covered is what the Pulumi programs' credentials did (their doors judged it, their stack has its history), what
operators' credentials may do at any time, and what they may do while an operation was under way, by its ledger.
Everything else was done past every door: in a console, by a script, or with our credentials and without wedcache.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from controlplane.domain.instant import zulu
from controlplane.domain.inventory import Writers
from controlplane.domain.ledger import Chain

SCHEMA = "wedcache.outside/1"
SLACK = timedelta(minutes=2)
"""Between a vendor's clock and ours, and between an effect and the line that tells of it."""
WATCHED_AT_AWS = re.compile(
    r"cloudfront:.*|elasticache:(Create|Modify|Delete|Increase|Decrease|Reset|Reboot|Test|Add|Remove).*"
    r"|s3:(Create|Delete|Put)Bucket.*|iam:(Put|Delete|Attach|Detach|Update)Role.*"
)
"""What changes what we serve, or who may change it; the rest of the account is not ours to judge."""
ALWAYS = re.compile(
    r"aws cloudfront:CreateInvalidation(ForDistributionTenant)?|aws iam:PutRolePolicy"
    r"|cloudflare POST /zones/\w+/(purge|invalidate)_cache"
)
"""What operators' commands do without a ledger: purges, and the freeze's own deny."""
IN_AN_OPERATION = re.compile(
    r"cloudflare (PUT|PATCH|POST|DELETE) (/accounts/\w+/load_balancers/pools|/zones/\w+/(load_balancers|argo|rulesets"
    r"|dns_records|cache))(/.*)?"
)
"""What failover, emergency mode, route and takedown change: only while one of them is under way."""


@dataclass(frozen=True)
class VendorChange:
    """One change: the vendor (aws, cloudflare), when, whose credential, what (`service:Operation`, or method and path),
    on which object; `id` is the vendor's own for it."""

    vendor: str
    at: datetime
    who: str
    what: str
    target: str
    id: str

    @property
    def sentence(self) -> str:
        """For people."""
        return f"{zulu(self.at)} {self.vendor} {self.what} of {self.target or '?'} by {self.who}"

    def to_json(self) -> dict[str, Any]:
        """As a row of `wedcache.outside/1`."""
        return {
            "vendor": self.vendor,
            "at": zulu(self.at),
            "who": self.who,
            "what": self.what,
            "target": self.target,
            "id": self.id,
        }


@dataclass(frozen=True)
class UnderWay:
    """From when until when an operation was under way; `until` None: it still is."""

    operation: str
    since: datetime
    until: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether `at` lies in it, with some slack at both ends."""
        return self.since - SLACK <= at and (self.until is None or at <= self.until + SLACK)


def under_way(chain: Chain) -> UnderWay | None:
    """When the operation of a ledger was under way; None for an empty one."""
    if not chain.entries:
        return None
    first, last = (datetime.fromisoformat(entry.at) for entry in (chain.entries[0], chain.entries[-1]))
    return UnderWay(chain.operation, first, last if chain.is_closed else None)


def outside(changes: Iterable[VendorChange], writers: Writers, operations: Sequence[UnderWay]) -> list[VendorChange]:
    """The changes that nothing of ours covers, oldest first."""
    found = [change for change in changes if not _is_covered(change, writers, operations)]
    return sorted(found, key=lambda change: (change.at, change.id))


def _is_covered(change: VendorChange, writers: Writers, operations: Sequence[UnderWay]) -> bool:
    who, what = f"{change.vendor}:{change.who}", f"{change.vendor} {change.what}"
    if who in writers.programs or (change.vendor == "aws" and not WATCHED_AT_AWS.fullmatch(change.what)):
        return True
    if who not in writers.operators:
        return False
    during = any(one.holds(change.at) for one in operations)
    return bool(ALWAYS.fullmatch(what) or (during and IN_AN_OPERATION.fullmatch(what)))


def report(found: Sequence[VendorChange], since: datetime, until: datetime, seen: Mapping[str, int]) -> dict[str, Any]:
    """`wedcache.outside/1`: what was found in [since, until]; `seen`: how many changes each vendor's log holds."""
    rows = [change.to_json() for change in found]
    return {"schema": SCHEMA, "since": zulu(since), "until": zulu(until), "seen": dict(seen), "outside": rows}
