"""CloudTrail's event history: who changed what, by region, newest first.

Sources: CloudTrail API reference, LookupEvents (90 days, 50 events a page at most); CloudTrail user guide, "Working
with CloudTrail event history" (management events; objects of S3 and keys of a key value store are data events, which
are not in it; events of CloudFront and IAM are in us-east-1).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World

GLOBAL_REGION = "us-east-1"
GLOBAL = frozenset({"cloudfront", "iam", "sts"})
DATA_SERVICES = frozenset({"cloudfront-keyvaluestore"})
DATA_OPERATIONS = frozenset({"PutObject", "DeleteObject", "DeleteObjects", "CopyObject", "PutObjectTagging"})
MOST = 50


@dataclass(frozen=True)
class Done:
    """A mutating call that was answered. `who` is a user's name, an access key or a session's ARN; `code` its error."""

    service: str
    operation: str
    region: str
    who: str
    parameters: dict[str, Any]
    code: str = ""


@dataclass
class Trail:
    """Every event so far, oldest first, each with its region."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def note(self, world: World, done: Done) -> None:
        """Keep an event, unless the history has none of its kind."""
        if done.service in DATA_SERVICES or (done.service == "s3" and done.operation in DATA_OPERATIONS):
            return
        region = GLOBAL_REGION if done.service in GLOBAL else done.region
        with world.lock:
            self.events.append((region, _event(world, done, region)))

    def lookup(self, _world: World, call: Call) -> dict[str, Any]:
        """LookupEvents of one region, newest first."""
        wanted = {row["AttributeKey"]: row["AttributeValue"] for row in call.get("LookupAttributes", [])}
        if set(wanted) - {"ReadOnly"}:
            raise AwsRefusal("NotImplemented", "The sandbox looks events up by ReadOnly only.", 501)
        start, end = _instant(call.get("StartTime")), _instant(call.get("EndTime"))
        found = [
            event
            for region, event in reversed(self.events)
            if region == call.region
            and wanted.get("ReadOnly", "false") == "false"
            and (start is None or event["EventTime"] >= start)
            and (end is None or event["EventTime"] <= end)
        ]
        begin, size = int(call.get("NextToken") or 0), int(call.get("MaxResults") or MOST)
        if not 1 <= size <= MOST:
            raise AwsRefusal("InvalidMaxResultsException", f"MaxResults lies in 1..{MOST}.", 400)
        more = begin + size < len(found)
        return {"Events": found[begin : begin + size], **({"NextToken": str(begin + size)} if more else {})}


def _event(world: World, done: Done, region: str) -> dict[str, Any]:
    at, identity = world.now().replace(microsecond=0), world.names.uuid()
    parameters = {name[:1].lower() + name[1:]: value for name, value in done.parameters.items()}
    whole = {
        "eventVersion": "1.11",
        "userIdentity": _identity(done.who),
        "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{done.service}.amazonaws.com",
        "eventName": done.operation,
        "awsRegion": region,
        **({"errorCode": done.code} if done.code else {}),
        "requestParameters": parameters,
        "eventID": identity,
        "readOnly": False,
        "managementEvent": True,
    }
    return {
        "EventId": identity,
        "EventName": done.operation,
        "ReadOnly": "false",
        "EventTime": at,
        "EventSource": whole["eventSource"],
        "Username": done.who.rsplit("/", 1)[-1],
        "CloudTrailEvent": json.dumps(whole, default=str),
    }


def _identity(who: str) -> dict[str, Any]:
    """A session of a role names the role; anything else is a user."""
    if ":assumed-role/" not in who:
        return {"type": "IAMUser", "userName": who}
    role = who.split("/")[1]
    return {"type": "AssumedRole", "arn": who, "sessionContext": {"sessionIssuer": {"type": "Role", "userName": role}}}


def _instant(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(value), UTC)
