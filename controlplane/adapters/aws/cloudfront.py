"""CloudFront behind `Cdn`: here, and only here, a purge is called an invalidation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from controlplane.adapters.aws.session import AwsSession
from controlplane.errors import Unavailable
from controlplane.ports.cdn import PurgeHandle

REGION = "us-east-1"


class CloudFrontCdn:
    """Purges every distribution in the inventory. CloudFront has no soft purge: soft and hard are one here."""

    edge = "cloudfront"

    def __init__(self, session: AwsSession, distributions: Sequence[str]) -> None:
        self._session = session
        self._distributions = tuple(distributions)

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
        return PurgeHandle(self.edge, tuple(ids))

    def is_complete(self, handle: PurgeHandle) -> bool:
        """See `Cdn.is_complete`."""
        return all(self._status(*one.split("/")) == "Completed" for one in handle.ids)

    def _status(self, distribution: str, purge: str) -> str:
        return str(self._call("get_invalidation", DistributionId=distribution, Id=purge)["Invalidation"]["Status"])

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self._session.client("cloudfront", REGION), operation)(**parameters)
            return answer
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"CloudFront {operation}: {error}", safe_to_retry=True) from error
