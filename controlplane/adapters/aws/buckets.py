"""The shared store on S3: conditional PUTs on three buckets in three regions, a majority of two.

Sources: S3 User Guide, "How to prevent object overwrites with conditional writes" (If-None-Match, If-Match; 412 and
409 mean that somebody else wrote).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from controlplane.adapters.aws.session import AwsSession
from controlplane.domain.inventory import StoreBucket
from controlplane.domain.register import Acceptor, Ballot, accept, chosen, decided, next_ballot, prepare
from controlplane.errors import Unavailable

MAJORITY = 2
DEADLINE_SECONDS = 4.0
ROUNDS = 12
REGISTERS = "registers/"
OBJECTS = ""  # where infra writes the inventory too

Answer = TypeVar("Answer")


class Outvoted(Exception):
    """A later ballot was met; the round starts again."""


@dataclass(frozen=True)
class _Read:
    """One bucket's acceptor and the precondition for replacing it."""

    acceptor: Acceptor
    etag: str | None


class BucketStore:
    """`SharedStore` on three S3 buckets. Safe to use from several threads."""

    def __init__(
        self, session: AwsSession, buckets: Sequence[StoreBucket], proposer: str, chance: random.Random
    ) -> None:
        self._buckets = [(session.client("s3", bucket.region), bucket.bucket) for bucket in buckets]
        self._proposer = proposer
        self._chance = chance
        self._pool = ThreadPoolExecutor(max_workers=2 * len(buckets), thread_name_prefix="shared-store")

    def read(self, key: str) -> str | None:
        """See `SharedStore.read`."""
        seen = self._majority(lambda client, bucket: _load(client, bucket, key), wanted=len(self._buckets))
        is_decided, value = decided([one.acceptor for one in seen], MAJORITY)
        if is_decided:
            return value
        return self.change(key, lambda current: current)

    def change(self, key: str, update: Callable[[str | None], str | None]) -> str | None:
        """See `SharedStore.change`."""
        seen: Sequence[Acceptor] = ()
        for attempt in range(ROUNDS):
            ballot = next_ballot(seen, self._proposer)
            try:
                promises = self._majority(_promiser(key, ballot))
                value = update(chosen(promises))
                self._majority(_accepter(key, ballot, value))
                return value
            except Outvoted:
                time.sleep(self._chance.uniform(0.005, 0.02) * (attempt + 1))
                seen = [one.acceptor for one in self._majority(lambda c, b: _load(c, b, key))]
        raise Unavailable(
            f"the register {key} is fought over: {ROUNDS} rounds lost to other writers",
            next_step="run the command again in a minute",
            safe_to_retry=False,
        )

    def put(self, key: str, value: str) -> None:
        """See `SharedStore.put`."""

        def write(client: Any, bucket: str) -> bool:
            client.put_object(Bucket=bucket, Key=OBJECTS + key, Body=value.encode(), ContentType="application/json")
            return True

        self._majority(write)

    def get(self, key: str) -> str | None:
        """See `SharedStore.get`."""
        for text in self._majority(lambda client, bucket: _object(client, bucket, OBJECTS + key)[0]):
            if text is not None:
                return text
        return None

    def names(self, prefix: str) -> Iterable[str]:
        """See `SharedStore.names`."""
        found: set[str] = set()
        for names in self._majority(lambda client, bucket: _names(client, bucket, prefix)):
            found |= names
        return sorted(found)

    def close(self) -> None:
        """End the threads; calls under way are left to their time-outs."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _majority(self, call: Callable[[Any, str], Answer], wanted: int = MAJORITY) -> list[Answer]:
        """Ask all buckets at once; return when `wanted` answered, or a majority when the others failed."""
        pending: set[Future[Answer]] = {self._pool.submit(call, client, bucket) for client, bucket in self._buckets}
        answers: list[Answer] = []
        failures: list[BaseException] = []
        deadline = time.monotonic() + DEADLINE_SECONDS
        while pending and len(answers) < wanted:
            patience = deadline - time.monotonic()
            if len(answers) >= MAJORITY:
                patience = min(patience, 0.25)  # a third opinion is welcome, not awaited
            done, pending = wait(pending, timeout=max(patience, 0), return_when=FIRST_COMPLETED)
            if not done:
                break
            for future in done:
                error = future.exception()
                if error is None:
                    answers.append(future.result())
                else:
                    failures.append(error)
        if len(answers) >= MAJORITY:
            return answers
        outvoted = [error for error in failures if isinstance(error, Outvoted)]
        if outvoted:
            raise Outvoted
        raise Unavailable(
            f"{len(answers)} of {len(self._buckets)} buckets of the shared store answered, two are needed"
            f" ({'; '.join(sorted({type(e).__name__ for e in failures})) or 'time-out'})",
            next_step="check the buckets' regions; nothing decided was lost",
            safe_to_retry=False,
        )


def _promiser(key: str, ballot: Ballot) -> Callable[[Any, str], Acceptor]:
    def call(client: Any, bucket: str) -> Acceptor:
        held = _load(client, bucket, key)
        promised = prepare(held.acceptor, ballot)
        if promised is None:
            raise Outvoted
        _store(client, bucket, key, promised, held.etag)
        return held.acceptor

    return call


def _accepter(key: str, ballot: Ballot, value: str | None) -> Callable[[Any, str], bool]:
    def call(client: Any, bucket: str) -> bool:
        held = _load(client, bucket, key)
        accepted = accept(held.acceptor, ballot, value)
        if accepted is None:
            raise Outvoted
        _store(client, bucket, key, accepted, held.etag)
        return True

    return call


def _load(client: Any, bucket: str, key: str) -> _Read:
    text, etag = _object(client, bucket, REGISTERS + key)
    return _Read(Acceptor() if text is None else Acceptor.from_json(text), etag)


def _object(client: Any, bucket: str, key: str) -> tuple[str | None, str | None]:
    from botocore.exceptions import ClientError

    try:
        answer = client.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None, None
        raise
    with answer["Body"] as body:
        return body.read().decode(), answer["ETag"]


def _store(client: Any, bucket: str, key: str, acceptor: Acceptor, etag: str | None) -> None:
    from botocore.exceptions import ClientError

    condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
    try:
        client.put_object(Bucket=bucket, Key=REGISTERS + key, Body=acceptor.to_json().encode(), **condition)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 409, 412):
            raise Outvoted from error
        raise


def _names(client: Any, bucket: str, prefix: str) -> set[str]:
    found = set()
    for root in (REGISTERS, OBJECTS):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=root + prefix):
            found |= {row["Key"].removeprefix(root) for row in page.get("Contents", ())}
    return found
