"""The verdict table of freezes, row by row, as every door has to answer it on como's Saturday."""

from __future__ import annotations

from typing import NamedTuple

OWN_STACK = "urn:pulumi:como::wedcache-weddings::aws:cloudfront/distribution:Distribution::edge"
SHARED = "urn:pulumi:prod::wedcache::cloudflare:index/ruleset:Ruleset::cache"
CACHE = "urn:pulumi:prod::wedcache::aws:elasticache/replicationGroup:ReplicationGroup::cache-eu-central-1"
OWN, VENDOR, REGION, ALL = "wedding:como", "vendor:florist-7", "region:eu-central-1", "platform"
OTHER = "vendor:caterer-2"
A, R = True, False


class Row(NamedTuple):
    """One row: what it is, how it is called, and whether it is admitted on each scope."""

    what: str
    operations: tuple[str, ...]
    admitted: dict[str, bool]


EVERYWHERE = dict.fromkeys((OWN, VENDOR, REGION, ALL, OTHER), A)
NOT_SHARED = {OWN: A, VENDOR: R, REGION: R, ALL: R, OTHER: A}
NOWHERE = {OWN: R, VENDOR: R, REGION: R, ALL: R, OTHER: A}
ROWS = (
    Row("owner's content update", ("content-update",), NOT_SHARED),
    Row("takedown, erase", ("takedown", "erase"), EVERYWHERE),
    Row("soft purge of one wedding", ("purge-soft",), NOT_SHARED),
    Row("hard purge of one wedding, bare", ("purge-hard",), NOWHERE),
    Row("hard purge of one wedding, replaced", ("purge-replace",), NOT_SHARED),
    Row("warm, failover, emergency", ("warm", "failover", "emergency"), EVERYWHERE),
    Row("failback, switchover", ("failback", "switchover"), NOWHERE),
    Row("create a wedding's stack", ("stack-create",), EVERYWHERE),
    Row("update, replace, delete its own stack", ("stack-update", "stack-replace", "stack-delete"), NOWHERE),
    Row("route, roll an edge function back, drain", ("route", "edge-rollback", "drain"), EVERYWHERE),
    Row("additive shield, calendar push that adds", ("shield", "calendar-edit"), EVERYWHERE),
)
