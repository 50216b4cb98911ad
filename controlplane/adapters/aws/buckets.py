"""The shared store on S3: conditional PUTs on three buckets in three regions, a majority of two.

Sources: S3 User Guide, "How to prevent object overwrites with conditional writes" (If-None-Match, If-Match; 412 and
409 mean that somebody else wrote).
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from controlplane.adapters.aws.acceptors import accepter, listed, load, plain, promiser
from controlplane.adapters.aws.majority import DEADLINE_SECONDS, MAJORITY, Majority, Outvoted
from controlplane.adapters.aws.session import AwsSession
from controlplane.adapters.aws.times import stamp
from controlplane.domain.break_glass_times import Stamp
from controlplane.domain.inventory import StoreBucket
from controlplane.domain.register import Acceptor, Change, Forgotten, decided, next_ballot
from controlplane.errors import Unavailable

CHANGE_SECONDS = 10.0


class BucketStore:
    """`SharedStore` and `StoreTimes` on three S3 buckets. Safe to use from several threads."""

    def __init__(
        self, session: AwsSession, buckets: Sequence[StoreBucket], proposer: str, chance: random.Random
    ) -> None:
        self._majority = Majority([(session.client("s3", one.region), one.bucket) for one in buckets])
        self._proposer = proposer
        self._chance = chance
        self._seen: dict[str, Acceptor] = {}
        self._locks: dict[str, threading.Lock] = {}

    def read(self, key: str) -> str | None:
        """See `SharedStore.read`."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        seen = self._majority.ask(lambda client, bucket: load(client, bucket, key).acceptor, deadline, wanted=3)
        is_decided, value = decided(seen, MAJORITY)
        return value if is_decided else self._change(key, lambda current: current, deadline, is_read=True)

    def change(self, key: str, update: Callable[[str | None], str | None]) -> str | None:
        """See `SharedStore.change`."""
        return self._change(key, update, time.monotonic() + CHANGE_SECONDS)

    def put(self, key: str, value: str) -> None:
        """See `SharedStore.put`."""

        def write(client: Any, bucket: str) -> bool:
            client.put_object(Bucket=bucket, Key=key, Body=value.encode(), ContentType="application/json")
            return True

        self._majority.ask(write, time.monotonic() + DEADLINE_SECONDS)

    def get(self, key: str) -> str | None:
        """See `SharedStore.get`."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        found = self._majority.ask(lambda client, bucket: plain(client, bucket, key), deadline, wanted=3)
        copies = [copy for copy in found if copy is not None]
        return max(copies, key=lambda copy: copy.at).text if copies else None

    def names(self, prefix: str) -> Iterable[str]:
        """See `SharedStore.names`."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        found = self._majority.ask(lambda client, bucket: listed(client, bucket, prefix), deadline)
        return sorted(set().union(*found))

    def stamps(self, key: str) -> Sequence[Stamp]:
        """See `StoreTimes.stamps`."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        return self._majority.ask(lambda client, bucket: stamp(client, bucket, key), deadline, wanted=3)

    def close(self) -> None:
        """End the threads; calls under way are left to their time-outs."""
        self._majority.close()

    def _change(
        self, key: str, update: Callable[[str | None], str | None], deadline: float, *, is_read: bool = False
    ) -> str | None:
        change = Change(f"{self._chance.getrandbits(48):012x}", update)
        lock = self._locks.setdefault(key, threading.Lock())
        if not lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise Unavailable(f"the register {key} is being changed by another thread; nothing was written")
        try:
            return self._rounds(key, change, deadline, is_read=is_read)
        finally:
            lock.release()

    def _rounds(self, key: str, change: Change, deadline: float, *, is_read: bool) -> str | None:
        seen: Sequence[Acceptor] = [self._seen[key]] if key in self._seen else ()
        lost = 0
        while time.monotonic() < deadline:
            begun = time.monotonic()
            is_safe = is_read or not change.was_proposed
            try:
                ballot = next_ballot(seen, self._proposer)
                state = change.propose(self._majority.ask(promiser(key, ballot), deadline, safe=is_safe))
                self._majority.ask(accepter(key, ballot, state), deadline, safe=is_read)
                self._seen[key] = Acceptor(ballot, ballot)
                return change.result()
            except Forgotten:
                break
            except Outvoted:
                lost += 1
                is_safe = is_read or not change.was_proposed
                # Others need about as long for their rounds as we do for ours: step back by several of them.
                took = time.monotonic() - begun
                time.sleep(min(self._chance.uniform(0, 2) * took * min(lost, 4), max(0.0, deadline - time.monotonic())))
                seen = self._majority.ask(lambda client, name: load(client, name, key).acceptor, deadline, safe=is_safe)
        raise Unavailable(
            f"the register {key} is fought over: {lost} rounds were lost to other writers",
            next_step="run the command again in a minute",
            safe_to_retry=is_read or not change.was_proposed,
        )
