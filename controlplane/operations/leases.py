"""Holding the lease of an operation: one performer at a time, and whoever lost it makes no further effect.

Where a vendor has a precondition (the edge store's ETag), a late performer makes no effect at all; elsewhere at most
the one request that was under way. Therefore whoever takes over waits for that request's time-out and asserts again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from controlplane.domain import lease as leases
from controlplane.domain.lease import NOBODY, RENEW_SECONDS, TTL_SECONDS, Lease, Sighting
from controlplane.errors import LeaseHeld, LeaseLost, Unavailable, WedcacheError
from controlplane.ports.shared_store import SharedStore

LOOK_SECONDS = 0.5
REQUEST_SECONDS = 4.0
"""The longest that a request to a vendor without a precondition may still be under way: its time-out and some."""


@dataclass
class Holder:
    """A process that takes, keeps and gives back leases.

    `elapsed` counts real seconds also while the machine sleeps; `pause` waits. `me` is unique to the process.
    """

    store: SharedStore
    me: str
    elapsed: Callable[[], float]
    pause: Callable[[float], None]


class Held:
    """A lease that was taken. `check` before every effect."""

    def __init__(self, holder: Holder, key: str, asked_at: float) -> None:
        self._holder, self._key, self._asked_at = holder, key, asked_at
        self._is_lost = False
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise LeaseLost unless the lease is held now, by our own clock."""
        if self._is_lost or not leases.is_held(self._asked_at, self._holder.elapsed()):
            raise LeaseLost(
                f"the lease {self._key} was not renewed for {TTL_SECONDS:g} s; no further effect was made",
                next_step="`wedcache ops list` shows who goes on; `wedcache ops resume` if nobody does",
            )

    def renew(self) -> None:
        """Renew, unless somebody else took it: then it is lost for good. Raises LeaseLost, Unavailable."""
        with self._lock:
            asked = self._holder.elapsed()

            def take(text: str | None) -> str:
                found = Lease.from_json(text)
                if found is None or found.holder != self._holder.me:
                    raise LeaseLost(f"the lease {self._key} went to {found.holder if found else 'nobody'}")
                return leases.taken(found, self._holder.me).to_json()

            try:
                self._holder.store.change(self._key, take)
            except LeaseLost:
                self._is_lost = True
                raise
            self._asked_at = asked

    def give_back(self) -> None:
        """End in good order: whoever comes next need not wait. Raises Unavailable."""

        def free(text: str | None) -> str | None:
            found = Lease.from_json(text)
            return text if found is None or found.holder != self._holder.me else leases.given_back(found).to_json()

        self._is_lost = True
        self._holder.store.change(self._key, free)


def watch(holder: Holder, key: str, sighting: Sighting | None = None) -> Sighting:
    """One look at a lease."""
    found = Lease.from_json(holder.store.read(key))
    return leases.sighted(sighting, found, holder.elapsed())


def take(holder: Holder, key: str) -> Held:
    """Take the lease; one that nobody gave back only after its counter stood still for the whole TTL.

    Raises LeaseHeld naming who holds it, Unavailable.
    """
    first = sighting = watch(holder, key)
    while not leases.may_take(sighting, holder.me, holder.elapsed()):
        holder.pause(LOOK_SECONDS)
        sighting = watch(holder, key, first)
        if sighting is not first:
            raise _held(key, sighting.lease)
    before = sighting.lease
    held = _taken(holder, key, before)
    if before is not None and before.holder not in (NOBODY, holder.me):
        holder.pause(REQUEST_SECONDS)
        held.renew()
    return held


@contextmanager
def holding(holder: Holder, key: str) -> Iterator[Held]:
    """Hold the lease and renew it until the end, then give it back. Raises as `take`."""
    held = take(holder, key)
    stop = threading.Event()
    keeper = threading.Thread(target=_keep, args=(held, stop), name=f"lease-{key}", daemon=True)
    keeper.start()
    try:
        yield held
    finally:
        stop.set()
        keeper.join()
        try:
            held.give_back()
        except Unavailable:
            pass  # nobody can read it either: the next one waits for the TTL


def _keep(held: Held, stop: threading.Event) -> None:
    while not stop.wait(RENEW_SECONDS):
        try:
            held.renew()
        except LeaseLost:
            return
        except WedcacheError:
            continue  # the next beat tries again; `check` stops the performer when it is too late


def _taken(holder: Holder, key: str, before: Lease | None) -> Held:
    asked = holder.elapsed()

    def update(text: str | None) -> str:
        found = Lease.from_json(text)
        if found != before:
            raise _held(key, found)
        return leases.taken(found, holder.me).to_json()

    holder.store.change(key, update)
    return Held(holder, key, asked)


def _held(key: str, lease: Lease | None) -> LeaseHeld:
    name = "somebody else" if lease is None or lease.holder == NOBODY else lease.holder
    return LeaseHeld(
        f"{name} holds {key} and renews it",
        next_step="`wedcache ops list` shows what they do; `wedcache ops resume` takes over if they die",
    )
