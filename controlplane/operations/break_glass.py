"""Asking for a break-glass grant, signing it, and spending it: the marks lie in the shared store, the text in a chat.

Nothing is written before everything that can be judged without writing was judged. A grant is spent by creating its
mark, which a majority of three buckets decides: whoever comes second is refused, and without the store nobody passes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from controlplane.domain.break_glass import NAMESPACE, Grant, NotValid, Request, Wanted, checked_size, read_grant
from controlplane.domain.break_glass_people import AllowedSigner, who_signed
from controlplane.domain.break_glass_times import ALLOWED_SKEW, SOLO_AFTER, age, latest, skew
from controlplane.domain.instant import zulu
from controlplane.errors import BreakGlassInvalid, UnsafeClock
from controlplane.ports.clock import Clock
from controlplane.ports.shared_store import SharedStore
from controlplane.ports.signatures import BadSignature, Signatures
from controlplane.ports.store_times import StoreTimes

ASKED, DENIED, SPENT, SOLO = (f"break-glass/{kind}/" for kind in ("asked", "denied", "spent", "solo"))
SIGNATURES_NEEDED = 2


@dataclass(frozen=True)
class Means:
    """What grants are asked for and judged with. `me` is unique to this start of an operation: it tells our mark from
    others'. `announce` tells those who are paged of a solo grant.
    """

    store: SharedStore
    times: StoreTimes
    signatures: Signatures
    signers: tuple[AllowedSigner, ...]
    clock: Clock
    me: str
    announce: Callable[[str], None]


@dataclass(frozen=True)
class Judged:
    """A grant that fits, not spent yet: who signed it, and whether one person stands for two."""

    grant: Grant
    people: tuple[str, ...]

    @property
    def is_solo(self) -> bool:
        """True when one person alone signed."""
        return len(self.people) < SIGNATURES_NEEDED


def ask(means: Means, request: Request) -> None:
    """Mark in the store that `request` was asked for, from when its age counts. Raises UnsafeClock, Unavailable."""
    _time(means, request)
    mark = {"schema": "wedcache.break-glass-asked/1", "by": means.me, "text": request.text}
    means.store.put(ASKED + request.digest, json.dumps(mark))


def deny(means: Means, grant: Grant) -> None:
    """Answer a request with no: it is never valid from now on. Safe to run again. Raises Unavailable."""
    mark = {"schema": "wedcache.break-glass-denied/1", "by": means.me, "id": grant.request.id}
    means.store.put(DENIED + grant.request.digest, json.dumps(mark))


def signers_of(means: Means, grant: Grant) -> tuple[str, ...]:
    """Who signed `grant`, each a different person. Raises BreakGlassInvalid; asks nobody."""
    message = grant.request.text.encode()
    with _refused("nothing was started"):
        keys = [means.signatures.signed_by(message, signature, NAMESPACE) for signature in grant.signatures]
        return tuple(who_signed(means.signers, keys, means.clock.now()))


def signed(means: Means, grant: Grant, signature: str) -> Grant:
    """`grant` with one more signature that fits. Raises BreakGlassInvalid for one that does not, or is one too many."""
    with _refused("it was not signed"):
        grant.request.check_time(means.clock.now())
        more = checked_size(Grant(grant.request, (*grant.signatures, signature)))
    if len(signers_of(means, more)) > SIGNATURES_NEEDED:
        raise BreakGlassInvalid("two persons have signed it already", next_step="use it before it expires")
    return more


def judge(means: Means, text: str, wanted: Wanted) -> Judged:
    """Whether the grant in `text` lets `wanted` start now; writes nothing.

    Raises BreakGlassInvalid, UnsafeClock where our clock and the store's disagree, and Unavailable without the store.
    """
    with _refused("nothing was started"):
        grant = checked_size(read_grant(text))
        grant.request.check(wanted, means.clock.now())
        if not grant.signatures:
            raise NotValid("nobody has signed it")
    people = signers_of(means, grant)
    if len(people) > SIGNATURES_NEEDED:
        raise BreakGlassInvalid(f"{len(people)} persons signed it, two do")
    at, waited = _time(means, grant.request)
    with _refused("nothing was started"):
        grant.request.check_time(at)
        _check_mark(means, grant.request)
        if means.store.get(DENIED + grant.request.digest) is not None:
            raise NotValid("it was answered with no")
        if len(people) < SIGNATURES_NEEDED:
            _check_solo(grant.request, waited)
    return Judged(grant, people)


def spend(means: Means, judged: Judged, door: str) -> None:
    """Use the grant up at `door`, for good, whatever becomes of the operation. Raises BreakGlassInvalid, Unavailable.

    An outcome that is unknown counts as spent: the operation is not started.
    """
    request = judged.grant.request
    mark = json.dumps(
        {
            "schema": "wedcache.break-glass-spent/1",
            "by": means.me,
            "at": zulu(means.clock.now()),
            "door": door,
            "people": list(judged.people),
            "text": judged.grant.text,
        }
    )
    stored = means.store.change(SPENT + request.digest, lambda text: mark if text is None else text)
    if stored != mark:
        with _refused("nothing was started"):
            raise NotValid(_already(stored))
    if judged.is_solo:
        means.store.put(SOLO + request.digest, mark)
        means.announce(
            f"{judged.people[0]} alone broke the glass: {request.operation.value} on {request.scopes[0]},"
            f" past {', '.join(request.rules)}: {request.reason}"
        )


def _time(means: Means, request: Request) -> tuple[datetime, float | None]:
    """The latest of the store's clocks, and for how many seconds the request lies there (None: it does not)."""
    stamps = means.times.stamps(ASKED + request.digest)
    now = means.clock.now()
    if skew(stamps, now) > ALLOWED_SKEW:
        raise UnsafeClock(
            f"this machine's clock says {zulu(now)} and the shared store's buckets"
            f" {', '.join(zulu(stamp.now) for stamp in stamps)}: nobody can say when a grant expires",
            next_step="set the clock (timedatectl), then run it again; failover needs none",
        )
    waited = age(stamps)
    return latest(stamps), None if waited is None else waited.total_seconds()


def _check_mark(means: Means, request: Request) -> None:
    spent = means.store.read(SPENT + request.digest)
    if spent is not None:
        raise NotValid(_already(spent))


def _check_solo(request: Request, waited: float | None) -> None:
    if not request.is_of_one_wedding:
        raise NotValid("one person signed it, and alone one may act on one wedding only: a second person has to sign")
    least = SOLO_AFTER.total_seconds()
    if waited is None:
        raise NotValid("one person signed it, and the store knows of no such request: a second person has to sign")
    if waited < least:
        left = f"{(least - waited) / 60:.0f} min"
        raise NotValid(
            f"one person signed it {waited / 60:.0f} min after it was asked for: a second person has to sign, or nobody"
            f" answers for another {left}"
        )


def _already(mark: str | None) -> str:
    try:
        by = json.loads(mark or "")
        return f"it was used before, at {by['at']} by {by['by']} ({by['door']}): a grant is good for one start"
    except (ValueError, KeyError, TypeError):
        return "it was used before: a grant is good for one start"


@contextmanager
def _refused(untouched: str) -> Iterator[None]:
    """Turns what the domain and the signatures say into the error that ends a command with 17."""
    try:
        yield
    except (NotValid, BadSignature) as why:
        raise BreakGlassInvalid(
            f"the break-glass grant is not valid: {why}; {untouched}",
            next_step="wedcache break-glass request: ask for one that fits, and have it signed by two persons",
        ) from why
