"""Connecting a lane: the greeting, the check of the eviction policy, and trying again behind the reads.

A stopped server accepts connections (its kernel does), so only an answer counts. The policy is asked on every new
connection: after a failover the endpoint may be another server.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from controlplane.adapters.redis import eviction
from controlplane.adapters.redis.address import Address
from controlplane.errors import Refused

_log = logging.getLogger("wedcache.redis.lane")
_PAUSES = (0.05, 0.1, 0.2, 0.5)
# What a person must mend first (a password, a right, the eviction policy) is asked for less often.
_PAUSE_REFUSED = 2.0


class Wire(Protocol):
    """A connection that takes commands; asyncio's protocol callbacks beside."""

    def command(self, *words: bytes) -> Any:
        """Awaitable: the answer, an Exception for an error answer, None when the connection ended."""

    def abort(self) -> None:
        """Give it up."""


W = TypeVar("W", bound=Wire)


class _Declined(ConnectionError):
    """The server answered, and not as it must; only a person can change that."""


class Dialler(Generic[W]):
    """Brings connections up, one at a time, and hands each to `adopt` after it has answered.

    `trouble` says why there is none, without secrets; `refusal` is set while the server may evict the control keys;
    `policy` is the eviction policy that the last one named.
    """

    def __init__(self, address: Address, make: Callable[[], W], adopt: Callable[[W], None], timeout: float) -> None:
        self.trouble = "it was not opened yet"
        self.refusal: Refused | None = None
        self.policy = ""
        self._address = address
        self._make: Any = make
        self._adopt = adopt
        self._timeout = timeout
        self._mender: asyncio.Task[None] | None = None
        self._closing = False
        self._was_declined = False

    async def open(self) -> None:
        """One try, within the time limit; if it fails, further ones behind. Where they already go on, nothing more."""
        if (self._mender is None or self._mender.done()) and not await self._try():
            self.mend()

    def mend(self) -> None:
        """Go on trying behind, until a server answers."""
        if not self._closing and (self._mender is None or self._mender.done()):
            self._mender = asyncio.get_running_loop().create_task(self._again(), name="wedcache lane")

    async def aclose(self) -> None:
        """Stop trying."""
        self._closing = True
        if self._mender is not None:
            self._mender.cancel()
            await asyncio.gather(self._mender, return_exceptions=True)

    async def _again(self) -> None:
        """Try, at most half a second apart (two where the server declines)."""
        tries = 0
        while not await self._try():
            await asyncio.sleep(_PAUSE_REFUSED if self._was_declined else _PAUSES[min(tries, len(_PAUSES) - 1)])
            tries += 1

    async def _try(self) -> bool:
        """One try: connect, authenticate, PING, look at the policy."""
        wire: W | None = None
        try:
            async with asyncio.timeout(self._timeout):
                _, wire = await asyncio.get_running_loop().create_connection(
                    self._make, self._address.host, self._address.port, ssl=self._address.tls
                )
                await self._greet(wire)
        except (OSError, TimeoutError) as error:
            self._note(error)
            if wire is not None:
                wire.abort()
            return False
        except asyncio.CancelledError:
            if wire is not None:
                wire.abort()
            raise
        self.trouble, self.refusal, self._was_declined = "", None, False
        self._adopt(wire)
        return True

    async def _greet(self, wire: W) -> None:
        """Raises _Declined for an answer that must be mended, ConnectionError for none."""
        for command in (*self._address.greeting(), (b"PING",)):
            answer = await wire.command(*command)
            if answer not in (b"OK", b"PONG"):
                self._complain(command[0].decode(), answer)
        info = await wire.command(b"INFO", b"memory")
        if not isinstance(info, bytes):
            self._complain("INFO memory (which names the eviction policy; grant the user +info and +ping)", info)
        self.policy = eviction.policy_of(info)
        self.refusal = eviction.verdict(info, self._address.shown)
        if self.refusal is not None:
            raise _Declined(str(self.refusal))

    def _complain(self, command: str, answer: object) -> None:
        """Say which command was answered how; a server that is loading or shutting down needs nobody."""
        words = str(answer)[:200] if answer is not None else "the end of the connection"
        kind = _Declined if words.startswith(("WRONGPASS", "NOAUTH", "NOPERM", "ERR")) else ConnectionError
        raise kind(f"{command} was answered with {words}")

    def _note(self, error: Exception) -> None:
        """Remember why, and log it when it is new."""
        said = f"{type(error).__name__.strip('_')}: {error}" if str(error) else type(error).__name__.strip("_")
        self._was_declined = isinstance(error, _Declined)
        if said != self.trouble:
            level = logging.WARNING if self._was_declined else logging.DEBUG
            _log.log(level, "the read lane to %s is not up: %s", self._address.shown, said)
        self.trouble = said
