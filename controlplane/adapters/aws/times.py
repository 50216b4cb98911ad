"""One bucket's clock: the Date of its answers and the Last-Modified of what it holds."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from controlplane.domain.break_glass_times import Stamp


def stamp(client: Any, bucket: str, key: str) -> Stamp:
    """The bucket's time, and when it stored the object `key`. A list says also that there is nothing."""
    answer = client.list_objects_v2(Bucket=bucket, Prefix=key)
    now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).astimezone(UTC)
    stored = [row["LastModified"] for row in answer.get("Contents", ()) if row["Key"] == key]
    return Stamp(now, stored[0].astimezone(UTC) if stored else None)
