"""The faults that this emulator shows, and when one strikes a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sandbox.aws.refusal import AwsRefusal

_S3_BUCKET_OPERATIONS = ("CreateBucket", "DeleteBucket", "PutBucket", "GetBucket", "PutPublicAccessBlock")


class ActiveFaults(Protocol):
    """The part of `sandbox.faults.Faults` that is needed here."""

    def active(self, name: str, target: str | None = None) -> bool:
        """Whether the fault is active for the target."""
        ...

    def take_once(self, name: str, target: str) -> bool:
        """True for the first who asks, who also heals it."""
        ...


@dataclass(frozen=True)
class Target:
    """What a call touches: `place` is the region that serves it, None for global services."""

    service: str
    operation: str
    place: str | None
    mutating: bool

    @property
    def is_management(self) -> bool:
        """Everything but S3's object calls: those are a data plane that outlives the management API."""
        return self.service != "s3" or self.operation.startswith(_S3_BUCKET_OPERATIONS)


def struck(faults: ActiveFaults, target: Target) -> AwsRefusal | None:
    """The refusal that an active fault makes of this call, or None."""
    regional = target.service in ("s3", "elasticache")
    if regional and target.place is not None and faults.active("region-stopped", target.place):
        if target.service == "s3":
            return AwsRefusal("SlowDown", "Please reduce your request rate.", 503)
        return AwsRefusal("ServiceUnavailable", f"The service is unavailable in {target.place}.", 503)
    if not target.is_management:
        return None
    is_down = faults.active("management-503", "aws") and target.service != "cloudfront-keyvaluestore"
    if is_down or faults.active("api-503", "aws"):
        return AwsRefusal("ServiceUnavailable", "The service is currently unavailable. Please try again.", 503)
    if faults.active("api-429", "aws"):
        if target.service == "cloudfront-keyvaluestore":
            return AwsRefusal("ThrottlingException", "Rate exceeded", 429)
        return AwsRefusal("Throttling", "Rate exceeded", 400)
    return None


def answer_is_lost(faults: ActiveFaults, target: Target) -> bool:
    """Whether the answer of this call, which was carried out, never arrives (once, then healed)."""
    return target.mutating and target.is_management and faults.take_once("answer-lost", "aws")
