"""One bucket of the shared store: acceptors under `registers/`, plain objects beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controlplane.adapters.aws.majority import Outvoted
from controlplane.domain.register import Acceptor, Ballot, State, accept, prepare

REGISTERS = "registers/"


@dataclass(frozen=True)
class Held:
    """One bucket's acceptor and the precondition for replacing it (None: the object must not exist)."""

    acceptor: Acceptor
    etag: str | None


@dataclass(frozen=True)
class Copy:
    """One bucket's copy of a plain object; `at` is when that bucket stored it, by the vendor's clock."""

    text: str
    etag: str
    at: datetime


def load(client: Any, bucket: str, key: str) -> Held:
    """The acceptor of a register."""
    copy = plain(client, bucket, REGISTERS + key)
    return Held(Acceptor(), None) if copy is None else Held(Acceptor.from_json(copy.text), copy.etag)


def promiser(key: str, ballot: Ballot) -> Callable[[Any, str], Acceptor]:
    """The prepare round's call: promise `ballot`, give what was held. The call raises Outvoted."""

    def call(client: Any, bucket: str) -> Acceptor:
        held = load(client, bucket, key)
        _replace(client, bucket, key, held, prepare(held.acceptor, ballot))
        return held.acceptor

    return call


def accepter(key: str, ballot: Ballot, state: State) -> Callable[[Any, str], bool]:
    """The accept round's call. The call raises Outvoted."""

    def call(client: Any, bucket: str) -> bool:
        held = load(client, bucket, key)
        _replace(client, bucket, key, held, accept(held.acceptor, ballot, state))
        return True

    return call


def plain(client: Any, bucket: str, key: str) -> Copy | None:
    """An object's text; None where there is none."""
    from botocore.exceptions import ClientError

    try:
        answer = client.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
    with answer["Body"] as body:
        return Copy(body.read().decode(), answer["ETag"], answer["LastModified"])


def listed(client: Any, bucket: str, prefix: str) -> set[str]:
    """The keys of registers and plain objects under `prefix`."""
    found = set()
    for root in (REGISTERS, ""):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=root + prefix):
            found |= {row["Key"].removeprefix(root) for row in page.get("Contents", ())}
    return found


def _replace(client: Any, bucket: str, key: str, held: Held, fresh: Acceptor | None) -> None:
    from botocore.exceptions import ClientError

    if fresh is None:
        raise Outvoted
    condition = {"IfNoneMatch": "*"} if held.etag is None else {"IfMatch": held.etag}
    try:
        client.put_object(Bucket=bucket, Key=REGISTERS + key, Body=fresh.to_json().encode(), **condition)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 409, 412):
            # 404: the object that the condition names is gone; NoSuchBucket is a 404 too, and no vote.
            if error.response["Error"]["Code"] == "NoSuchBucket":
                raise
            raise Outvoted from error
        raise
