"""Purges by tag in every tier, from the inside out: the regions' logs through their agents, then both CDNs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from controlplane.domain.purge import PurgeRequest, receipt_key, request_key
from controlplane.domain.purge_log import Kind
from controlplane.errors import Incomplete, Unavailable
from controlplane.ports.cdn import Cdn, PurgeHandle
from controlplane.ports.clock import Clock
from controlplane.ports.shared_store import SharedStore

POLL_SECONDS = 0.1
REGION_SECONDS = 4.0


@dataclass(frozen=True)
class PurgeReport:
    """What confirmed the purge and when, in real seconds since it was asked for."""

    id: str
    confirmed: dict[str, float]
    owed: tuple[str, ...]


def purge(
    request: PurgeRequest,
    *,
    store: SharedStore,
    cdns: Sequence[Cdn],
    regions: Sequence[str],
    clock: Clock,
    pause: Callable[[float], None],
    patience: float = 15.0,
    check: Callable[[], None] = lambda: None,
) -> PurgeReport:
    """Purge from the inside out: every region's log first, then the CDNs, then wait for their confirmation.

    A CDN that forgets before the tiers behind it fetches the old copy again and keeps it for its whole fresh time. A
    region that does not confirm within `REGION_SECONDS` does not hold the CDNs up: it serves nobody, or it is named as
    owed. The request lies in the shared store before anything is asked, so agents deliver it whatever becomes of us.
    `check` is asked before each CDN is: it raises LeaseLost where the purge is part of an operation with a lease.
    Raises Incomplete naming who has not confirmed; running it again is harmless.
    """
    begun = clock.monotonic()
    confirmed: dict[str, float] = {}

    def wait_for(waiting: dict[str, Callable[[], bool]], until: float) -> dict[str, Callable[[], bool]]:
        while waiting:
            for name in [name for name, is_done in waiting.items() if is_done()]:
                confirmed[name] = round(clock.monotonic() - begun, 3)
                del waiting[name]
            if waiting and clock.monotonic() - begun >= until:
                break
            if waiting:
                pause(POLL_SECONDS)
        return waiting

    store.put(request_key(request.id), request.to_json())
    checks = {region: _region_check(store, request.id, region) for region in regions}
    late = wait_for(checks, min(REGION_SECONDS, patience))
    with ThreadPoolExecutor(max_workers=max(1, len(cdns))) as pool:
        asked = list(pool.map(lambda cdn: _ask(cdn, request, check), cdns))
    failed = {cdn.edge: str(error) for cdn, _, error in asked if error is not None}
    edges = {cdn.edge: _edge_check(cdn, handle) for cdn, handle, _ in asked if handle is not None}
    waiting = wait_for({**late, **edges}, patience)
    report = PurgeReport(request.id, confirmed, tuple(sorted([*waiting, *failed])))
    if report.owed:
        raise Incomplete(
            f"purge {request.id}: confirmed by {', '.join(confirmed) or 'nobody'}; owed by {', '.join(report.owed)}",
            next_step="agents deliver what regions owe; run the same command again for a CDN that failed",
            report={**dict.fromkeys(report.owed, "owed"), **failed, **dict.fromkeys(confirmed, "confirmed")},
        )
    return report


def _ask(
    cdn: Cdn, request: PurgeRequest, check: Callable[[], None]
) -> tuple[Cdn, PurgeHandle | None, Unavailable | None]:
    check()
    try:
        return cdn, cdn.purge(request.tags, soft=request.kind is Kind.SOFT, reference=request.id), None
    except Unavailable as error:
        return cdn, None, error


def _edge_check(cdn: Cdn, handle: PurgeHandle) -> Callable[[], bool]:
    return lambda: _is_true(lambda: cdn.is_complete(handle))


def _region_check(store: SharedStore, identity: str, region: str) -> Callable[[], bool]:
    def check() -> bool:
        text = store.get(receipt_key(identity, region))
        return text is not None and bool(json.loads(text).get("region") == region)

    return lambda: _is_true(check)


def _is_true(check: Callable[[], bool]) -> bool:
    """A look that fails shows nothing: the next one may."""
    try:
        return check()
    except Unavailable:
        return False
