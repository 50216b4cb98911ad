"""Asking three buckets at once and going on when two have answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from controlplane.errors import Unavailable

MAJORITY = 2
DEADLINE_SECONDS = 4.0
GRACE_SECONDS = 0.25
"""How long a third opinion is waited for where one is welcome."""
THREADS_A_BUCKET = 6

Answer = TypeVar("Answer")


class Outvoted(Exception):
    """A later ballot was met; the round starts again."""


class Majority:
    """Three buckets and threads for each: one that hangs keeps only its own threads busy."""

    def __init__(self, buckets: Sequence[tuple[Any, str]]) -> None:
        self._buckets = [
            (client, name, ThreadPoolExecutor(THREADS_A_BUCKET, thread_name_prefix=f"store-{name}"))
            for client, name in buckets
        ]

    def ask(
        self, call: Callable[[Any, str], Answer], deadline: float, *, wanted: int = MAJORITY, safe: bool = True
    ) -> list[Answer]:
        """`call(client, bucket)` of every bucket at once; the answers as soon as `wanted` came, at least two.

        `deadline` is on the monotonic clock; `safe` says whether asking again can do no harm. Raises Outvoted if one
        was and no majority answered, otherwise Unavailable with each bucket's trouble.
        """
        asked = {pool.submit(call, client, name): name for client, name, pool in self._buckets}
        answers: list[Answer] = []
        trouble: dict[str, BaseException] = {}
        pending: set[Future[Answer]] = set(asked)
        while pending and len(answers) < wanted:
            patience = deadline - time.monotonic()
            if len(answers) >= MAJORITY:
                patience = min(patience, GRACE_SECONDS)
            done, pending = wait(pending, timeout=max(patience, 0), return_when=FIRST_COMPLETED)
            if not done:
                break
            for future in done:
                error = future.exception()
                if error is None:
                    answers.append(future.result())
                else:
                    trouble[asked[future]] = error
        for future in pending:
            future.cancel()  # helps only where it waits in the queue of a bucket that hangs
        if len(answers) >= MAJORITY:
            return answers
        if any(isinstance(error, Outvoted) for error in trouble.values()):
            raise Outvoted
        said = {asked[future]: "time-out" for future in pending} | {n: _words(e) for n, e in trouble.items()}
        raise Unavailable(
            f"{len(answers)} of {len(asked)} buckets of the shared store answered, two are needed ("
            + "; ".join(f"{name}: {words}" for name, words in sorted(said.items()))
            + ")",
            next_step="check the buckets' regions, the profile's store and its credentials; nothing decided was lost",
            safe_to_retry=safe,
        )

    def close(self) -> None:
        """End the threads; calls under way are left to their time-outs."""
        for _, _, pool in self._buckets:
            pool.shutdown(wait=False, cancel_futures=True)


def _words(error: BaseException) -> str:
    """A vendor's refusal by its code, anything else by its kind: never a body, which may hold what was sent."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return str(code) if code else type(error).__name__
