"""Fills in pipelines: guarded writes that wait at the same time share round trips, one pipeline after the other (on a
Cluster: for each node, so that one that hangs delays no other's).

One script call each over a pool of connections makes a bulk import's last values wait for a connection beyond their
time limit, and the breaker open; joined, a thousand guests are in Redis three times as fast as one by one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from redis.exceptions import NoScriptError, RedisClusterException, RedisError, ResponseError

from controlplane.adapters.redis.connect import translated
from controlplane.errors import Unavailable

MOST = 64
_Fill = tuple[str, list[bytes | int], "asyncio.Future[bool]"]


class Fills:
    """Joins the fills of one server. `script` is the registered fill script, `timeout` a pipeline's time limit."""

    def __init__(self, redis: Any, script: Any, timeout: float) -> None:
        self._redis = redis
        self._script = script
        self._timeout = timeout
        self._waiting: deque[_Fill] = deque()
        self._sender: asyncio.Task[None] | None = None

    async def fill(self, name: str, arguments: list[bytes | int]) -> bool:
        """Whether the value was taken. Raises Unavailable when its pipeline failed or took too long."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((name, arguments, future))
        if self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._send(), name="wedcache fills")
        return await future

    async def aclose(self) -> None:
        """Give up what waits."""
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)

    async def _send(self) -> None:
        """Pipeline after pipeline, until nothing waits."""
        try:
            # Whoever fills in the same turn of the loop goes along.
            await asyncio.sleep(0)
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                await self._pipeline([one for one in batch if not one[2].done()])
        finally:
            self._sender = None
            while self._waiting:
                self._waiting.popleft()[2].cancel()

    async def _pipeline(self, batch: list[_Fill]) -> None:
        """One round trip; each fill gets its own answer."""
        answers: list[Any] | None = None
        error: Unavailable | None = None
        try:
            with translated("the value is not known to be stored"):
                async with asyncio.timeout(self._timeout):
                    answers = await self._answers(batch)
        except Unavailable as failed:
            error = failed
        finally:
            for place, (_, _, future) in enumerate(batch):
                _give(future, answers[place] if answers is not None else None, error)

    async def _answers(self, batch: list[_Fill]) -> list[Any]:
        """What the server says to each fill, an exception for one that it refuses."""
        # Left through its end, the pipeline gives its connection back also where loading the script failed.
        async with self._redis.pipeline(transaction=False) as pipe:
            for name, arguments, _ in batch:
                await self._script(keys=[name], args=arguments, client=pipe)
            answers: list[Any] = await pipe.execute(raise_on_error=False)
            return answers


class ClusterFills:
    """As `Fills`, for a Cluster: one pipeline at a time to each node."""

    def __init__(self, redis: Any, script: Any, timeout: float) -> None:
        self._redis = redis
        self._script = script
        self._timeout = timeout
        self._nodes: dict[str, Fills] = {}

    async def fill(self, name: str, arguments: list[bytes | int]) -> bool:
        """Whether the value was taken. Raises Unavailable also where no node has the key's slot."""
        with translated("the value is not known to be stored"):
            async with asyncio.timeout(self._timeout):
                node = await self._redis.node_of(name)
        if node not in self._nodes:
            self._nodes[node] = _NodeFills(self._redis, self._script, self._timeout)
        return await self._nodes[node].fill(name, arguments)

    async def aclose(self) -> None:
        """Give up what waits."""
        await asyncio.gather(*(one.aclose() for one in self._nodes.values()))


class _NodeFills(Fills):
    """Fills whose keys were on one node when they came; redis-py follows those that have moved since."""

    async def _answers(self, batch: list[_Fill]) -> list[Any]:
        """redis-py's scripts do not work in a Cluster's pipeline: EVAL makes the script known to a new node."""
        try:
            answers = await self._sent(batch, "EVALSHA", self._script.sha)
            unknown = [place for place, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
            if unknown:
                again = await self._sent([batch[place] for place in unknown], "EVAL", self._script.script)
                for place, answer in zip(unknown, again, strict=True):
                    answers[place] = answer
        except (RedisError, RedisClusterException, OSError):
            self._redis.doubt()
            raise
        if any(isinstance(answer, Exception) and not isinstance(answer, ResponseError) for answer in answers):
            self._redis.doubt()
        return answers

    async def _sent(self, batch: list[_Fill], *command: str) -> list[Any]:
        """One pipeline."""
        pipe = self._redis.pipeline()
        for name, arguments, _ in batch:
            pipe.execute_command(*command, 1, name, *arguments)
        answers: list[Any] = await pipe.execute(raise_on_error=False)
        return answers


def _give(future: asyncio.Future[bool], answer: Any, error: Unavailable | None) -> None:
    """One fill's end: its answer, its own error, the pipeline's, or none because all was given up."""
    if future.done():
        return
    if isinstance(answer, Exception):
        error = Unavailable(f"Redis did not take the value ({type(answer).__name__}: {answer})")
    if error is not None:
        future.set_exception(error)
    elif answer is None:
        future.cancel()
    else:
        future.set_result(bool(int(answer)))
