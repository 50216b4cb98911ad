"""Which changes at the vendors are ours: by whose credential, by what was changed, by what was under way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from controlplane.domain.inventory import Writers
from controlplane.domain.ledger import Chain, Kind, Line, appended
from controlplane.domain.outside import SLACK, UnderWay, VendorChange, outside, report, under_way

AT = datetime(2027, 6, 12, 14, tzinfo=UTC)
WRITERS = Writers(programs=("aws:ci", "cloudflare:ci"), operators=("aws:operators", "cloudflare:on-call"))
POOL = "PATCH /accounts/a1/load_balancers/pools/p1"


def change(who: str, what: str, at: datetime = AT) -> VendorChange:
    """A change by `vendor:credential`."""
    vendor, _, name = who.partition(":")
    return VendorChange(vendor, at, name, what, "E1", f"{who} {what} {at}")


@pytest.mark.parametrize(
    ("who", "what"),
    [
        ("aws:ci", "cloudfront:UpdateDistribution"),
        ("cloudflare:ci", "PUT /zones/z1/rulesets/r1"),
        ("aws:operators", "cloudfront:CreateInvalidation"),
        ("aws:operators", "cloudfront:CreateInvalidationForDistributionTenant"),
        ("aws:operators", "iam:PutRolePolicy"),
        ("cloudflare:on-call", "POST /zones/z1/purge_cache"),
        ("cloudflare:on-call", "POST /zones/z1/invalidate_cache"),
        ("aws:somebody", "ec2:RunInstances"),
        ("aws:somebody", "iam:CreateUser"),
    ],
)
def test_what_is_ours_is_not_told(who: str, what: str) -> None:
    """Programs, purges, the freeze's own deny, and what is no part of what we serve."""
    assert outside([change(who, what)], WRITERS, []) == []


@pytest.mark.parametrize(
    ("who", "what"),
    [
        ("aws:somebody", "cloudfront:UpdateDistribution"),
        ("aws:root", "elasticache:ModifyReplicationGroup"),
        ("aws:somebody", "iam:DeleteRolePolicy"),
        ("aws:somebody", "s3:DeleteBucket"),
        ("aws:operators", "cloudfront:UpdateDistribution"),
        ("aws:cloudflare:ci", "cloudfront:PublishFunction"),
        ("cloudflare:dash", "DELETE /zones/z1/dns_records/d1"),
        ("cloudflare:on-call", POOL),
        ("cloudflare:on-call", "POST /user/tokens"),
    ],
)
def test_what_nothing_covers_is_told(who: str, what: str) -> None:
    """Strangers, and our own credentials where no operation was under way, or doing what none of ours does."""
    assert outside([change(who, what)], WRITERS, []) == [change(who, what)]
    assert who.partition(":")[2] in change(who, what).sentence


@pytest.mark.parametrize(
    ("minutes", "covered"), [(-3, False), (-2, True), (0, True), (10, True), (12, True), (13, False)]
)
def test_an_operation_covers_its_own_time(minutes: int, covered: bool) -> None:
    """A pool edit with operators' credentials belongs to the failover that was under way, with two minutes' slack."""
    ten = UnderWay("failover-1", AT, AT + timedelta(minutes=10))
    edit = change("cloudflare:on-call", POOL, AT + timedelta(minutes=minutes))
    assert (outside([edit], WRITERS, [ten]) == []) is covered
    token = change("cloudflare:on-call", "POST /user/tokens", AT)
    assert outside([token], WRITERS, [ten]) == [token]


def test_a_ledger_says_from_when_until_when() -> None:
    """An open one is under way until now; an empty one never was."""

    def line(minute: int, kind: Kind) -> Line:
        return Line(f"2027-06-12T14:{minute:02}:00Z", "laptop", kind, "x", {})

    empty = Chain(operation="failover-1")
    assert under_way(empty) is None
    begun = appended(empty, [line(0, Kind.BEGUN), line(4, Kind.STEP)])
    assert under_way(begun) == UnderWay("failover-1", AT, None)
    assert UnderWay("failover-1", AT, None).holds(AT + timedelta(days=1))
    closed = appended(begun, [line(9, Kind.CLOSED)])
    assert under_way(closed) == UnderWay("failover-1", AT, AT + timedelta(minutes=9))
    assert not UnderWay("failover-1", AT, None).holds(AT - SLACK - timedelta(seconds=1))


def test_the_report_is_oldest_first() -> None:
    """One object with its schema first, and how many changes were looked at."""
    late, early = (change("aws:somebody", "cloudfront:UpdateDistribution", AT + timedelta(hours=n)) for n in (2, 1))
    told = report(outside([late, early], WRITERS, []), AT, AT + timedelta(hours=3), {"aws": 2, "cloudflare": 0})
    assert next(iter(told)) == "schema"
    assert [row["at"] for row in told["outside"]] == ["2027-06-12T15:00:00Z", "2027-06-12T16:00:00Z"]
    assert told["seen"] == {"aws": 2, "cloudflare": 0}
