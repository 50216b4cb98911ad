"""Cloudflare's audit log, version 2, behind `ChangeLog`.

Source: API reference, "Get account audit logs (Version 2)": pages by the cursor of `result_info`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from controlplane.adapters.cloudflare.client import CloudflareApi
from controlplane.domain.instant import zulu
from controlplane.domain.outside import VendorChange

PAGE = 1000
_ROOT = "/client/v4"
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class CloudflareAudit:
    """The log of one account, asked `page` entries at a time."""

    def __init__(self, api: CloudflareApi, account: str, page: int = PAGE) -> None:
        self._api = api
        self._account = account
        self._size = page

    def changes(self, since: datetime, until: datetime) -> Sequence[VendorChange]:
        """See `ChangeLog.changes`."""
        return [change for row in self._rows(zulu(since), zulu(until)) for change in _read(row)]

    def _rows(self, since: str, until: str) -> Iterator[Any]:
        asked: dict[str, Any] = {"account_id": self._account, "since": since, "before": until, "limit": self._size}
        while True:
            page = self._api.call("audit log", partial(_page, {**asked, "direction": "asc"}))
            yield from page.result or ()
            # The SDK's own pages look for the cursor elsewhere than the reference has it.
            asked["cursor"] = getattr(page.result_info, "cursor", None)
            if not asked["cursor"] or not page.result:
                return


def _page(asked: dict[str, Any], client: Any) -> Any:
    return client.accounts.logs.audit.list(**asked)


def _read(row: Any) -> Iterator[VendorChange]:
    """The change that an entry tells of; nothing for a view, or for one that failed."""
    failed = (row.action.result or "success") != "success"
    if failed or row.raw is None or row.raw.method not in _CHANGING:
        return
    path = str(row.raw.uri or "").partition("?")[0].removeprefix(_ROOT)
    actor = row.actor
    yield VendorChange(
        vendor="cloudflare",
        at=row.action.time.astimezone(UTC),
        who=str(actor.token_name or actor.email or actor.context or "unknown") if actor else "unknown",
        what=f"{row.raw.method} {path}",
        target=str(row.resource.id or "") if row.resource else "",
        id=str(row.id),
    )
