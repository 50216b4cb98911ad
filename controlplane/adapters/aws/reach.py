"""Which buckets of the shared store this machine reaches: each is asked by itself, and given its whole time-out."""

from __future__ import annotations

from collections.abc import Sequence

from controlplane.adapters.aws.session import AwsSession
from controlplane.domain.inventory import StoreBucket


def unreachable(session: AwsSession, buckets: Sequence[StoreBucket]) -> dict[str, str]:
    """Bucket -> why it does not answer, for those that do not; never a body, which may hold what was sent."""
    from botocore.exceptions import BotoCoreError, ClientError

    found = {}
    for one in buckets:
        try:
            session.client("s3", one.region).list_objects_v2(Bucket=one.bucket, MaxKeys=1)
        except ClientError as error:
            found[one.bucket] = str(error.response["Error"]["Code"])
        except BotoCoreError as error:
            found[one.bucket] = type(error).__name__
    return found
