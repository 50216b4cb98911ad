"""CloudFront behind `Cdn`: here, and only here, a purge is called an invalidation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from controlplane.adapters.aws.session import AwsSession
from controlplane.domain.tags import owner_of
from controlplane.errors import Unavailable
from controlplane.ports.cdn import PurgeHandle

REGION = "us-east-1"


class CloudFrontCdn:
    """Purges every distribution in the inventory by tag. CloudFront has no soft purge: soft and hard are one here.

    `tenants` (wedding -> tenant) have no cache tags: what a tag touches of them is purged whole, each by itself.
    """

    edge = "cloudfront"

    def __init__(
        self, session: AwsSession, distributions: Sequence[str], tenants: Mapping[str, str] | None = None
    ) -> None:
        self._session = session
        self._distributions = tuple(distributions)
        self._tenants = dict(tenants or {})

    def purge(self, tags: Sequence[str], *, soft: bool, reference: str) -> PurgeHandle:
        """See `Cdn.purge`. Source: Developer Guide, "Invalidate files by cache tag"."""
        items = [f"#{tag}" for tag in tags]
        ids = []
        for distribution in self._distributions:
            answer = self._call(
                "create_invalidation",
                DistributionId=distribution,
                InvalidationBatch={"Paths": {"Quantity": len(items), "Items": items}, "CallerReference": reference},
            )
            ids.append(f"{distribution}/{answer['Invalidation']['Id']}")
        for tenant in self._touched(tags):
            batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": reference}
            answer = self._call("create_invalidation_for_distribution_tenant", Id=tenant, InvalidationBatch=batch)
            ids.append(f"{tenant}/{answer['Invalidation']['Id']}")
        return PurgeHandle(self.edge, tuple(ids))

    def is_complete(self, handle: PurgeHandle) -> bool:
        """See `Cdn.is_complete`."""
        return all(self._status(*one.split("/")) == "Completed" for one in handle.ids)

    def _touched(self, tags: Sequence[str]) -> list[str]:
        """The tenants that a tag may have copies of: all of them, unless every tag is one of other weddings."""
        owners = {owner_of(tag) for tag in tags}
        return [tenant for name, tenant in self._tenants.items() if None in owners or name in owners]

    def _status(self, owner: str, purge: str) -> str:
        if owner in self._tenants.values():
            found = self._call("get_invalidation_for_distribution_tenant", DistributionTenantId=owner, Id=purge)
            return str(found["Invalidation"]["Status"])
        return str(self._call("get_invalidation", DistributionId=owner, Id=purge)["Invalidation"]["Status"])

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self._session.client("cloudfront", REGION), operation)(**parameters)
            return answer
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"CloudFront {operation}: {error}", safe_to_retry=True) from error
