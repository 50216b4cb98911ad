"""CloudFront's KeyValueStore behind `EdgeStore`.

Writes carry the ETag of this service's own DescribeKeyValueStore; the one of CloudFront's is another
(CloudFront Developer Guide, "Work with key value data").
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from controlplane.adapters.aws.session import AwsSession
from controlplane.errors import Refused, Unavailable
from controlplane.ports.edge_store import MAX_KEYS_A_WRITE, MAX_VALUE_BYTES

CONFLICTS = 8


class KeyValueEdgeStore:
    """`EdgeStore` on one CloudFront KeyValueStore."""

    def __init__(self, session: AwsSession, arn: str, chance: random.Random) -> None:
        self._session = session
        self._arn = arn
        self._chance = chance

    def read(self) -> dict[str, str]:
        """See `EdgeStore.read`."""
        return self._read()[0]

    def change(self, update: Callable[[Mapping[str, str]], Mapping[str, str | None]]) -> dict[str, str | None]:
        """See `EdgeStore.change`."""
        from botocore.exceptions import ClientError

        for attempt in range(CONFLICTS):
            held, etag = self._read()
            wanted = {key: value for key, value in update(held).items() if held.get(key) != value}
            if not wanted:
                return {}
            _check(wanted)
            try:
                self._call("update_keys", **_batch(wanted), IfMatch=etag)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ConflictException":
                    raise
                time.sleep(self._chance.uniform(0.01, 0.05) * (attempt + 1))
                continue
            return wanted
        raise Unavailable(f"the key value store was changed by others {CONFLICTS} times in a row; nothing was written")

    def _read(self) -> tuple[dict[str, str], str]:
        described = self._call("describe_key_value_store")
        held: dict[str, str] = {}
        token = None
        while True:
            page = self._call("list_keys", **({"NextToken": token} if token else {}))
            held |= {row["Key"]: row["Value"] for row in page.get("Items", ())}
            token = page.get("NextToken")
            if not token:
                return held, str(described["ETag"])

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        client = self._session.client("cloudfront-keyvaluestore", "us-east-1")
        try:
            answer: dict[str, Any] = getattr(client, operation)(KvsARN=self._arn, **parameters)
            return answer
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConflictException":
                raise
            raise Unavailable(f"CloudFront's key value store: {error}", safe_to_retry=True) from error
        except BotoCoreError as error:
            # The answer was lost; what was written shows at the next read.
            raise Unavailable(
                f"CloudFront's key value store: {error}", safe_to_retry=operation != "update_keys"
            ) from error


def _batch(wanted: Mapping[str, str | None]) -> dict[str, Any]:
    puts = [{"Key": key, "Value": value} for key, value in wanted.items() if value is not None]
    return {"Puts": puts, "Deletes": [{"Key": key} for key, value in wanted.items() if value is None]}


def _check(wanted: Mapping[str, str | None]) -> None:
    if len(wanted) > MAX_KEYS_A_WRITE:
        raise Refused(f"{len(wanted)} keys in one write; the key value store takes {MAX_KEYS_A_WRITE}")
    for key, value in wanted.items():
        if value is not None and len(value.encode()) > MAX_VALUE_BYTES:
            raise Refused(
                f"the value of {key} has {len(value.encode())} bytes; the key value store takes {MAX_VALUE_BYTES}"
            )
