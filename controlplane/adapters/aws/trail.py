"""CloudTrail's event history behind `ChangeLog`.

Sources: CloudTrail API reference, LookupEvents (two requests a second in a region, 50 events a page); CloudTrail user
guide, "CloudTrail userIdentity element", "Event history" (an event is there within 5 to 15 minutes; events of
CloudFront and IAM are in us-east-1).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from controlplane.adapters.aws.session import AwsSession
from controlplane.domain.outside import VendorChange
from controlplane.errors import Unavailable

GLOBAL_REGION = "us-east-1"
_TARGETS = ("id", "distributionId", "replicationGroupId", "cacheParameterGroupName", "bucketName", "bucket", "roleName")


class CloudTrailLog:
    """The history of the account in the given regions, and in the one of the global services."""

    def __init__(self, session: AwsSession, regions: Iterable[str]) -> None:
        self._session = session
        self._regions = sorted({*regions, GLOBAL_REGION})

    def changes(self, since: datetime, until: datetime) -> Sequence[VendorChange]:
        """See `ChangeLog.changes`."""
        return [change for region in self._regions for change in self._of(region, since, until)]

    def _of(self, region: str, since: datetime, until: datetime) -> Iterator[VendorChange]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            pages = self._session.client("cloudtrail", region).get_paginator("lookup_events")
            for page in pages.paginate(
                LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
                StartTime=since,
                EndTime=until,
            ):
                for event in page["Events"]:
                    yield from _read(event)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise Unavailable(f"CloudTrail in {region} says {code}", next_step="cloudtrail:LookupEvents") from error
        except BotoCoreError as error:
            raise Unavailable(f"CloudTrail in {region} does not answer ({type(error).__name__})") from error


def _read(event: Mapping[str, Any]) -> Iterator[VendorChange]:
    """The change that an event tells of; nothing for one that failed, or that AWS did by itself."""
    whole = json.loads(event["CloudTrailEvent"])
    identity = whole.get("userIdentity") or {}
    if whole.get("errorCode") or identity.get("type") == "AWSService":
        return
    service = str(event["EventSource"]).removesuffix(".amazonaws.com")
    yield VendorChange(
        vendor="aws",
        at=event["EventTime"].astimezone(UTC),
        who=_who(identity) or str(event.get("Username", "")),
        what=f"{service}:{event['EventName']}",
        target=_target(whole.get("requestParameters") or {}),
        id=str(event["EventId"]),
    )


def _who(identity: Mapping[str, Any]) -> str:
    """The role behind a session, or the user; `root` for the account itself."""
    issuer = (identity.get("sessionContext") or {}).get("sessionIssuer") or {}
    return str(issuer.get("userName") or identity.get("userName") or str(identity.get("type", "")).lower())


def _target(parameters: Mapping[str, Any]) -> str:
    named = [parameters[name] for name in (*_TARGETS, "name") if isinstance(parameters.get(name), str)]
    return str(named[0]) if named else ""
