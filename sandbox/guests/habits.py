"""What guests ask for: an endless sequence per guest that depends on the seed and the guest alone (pure)."""

from __future__ import annotations

import enum
import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.guests.people import Person
from sandbox.origin.render import FINGERPRINT
from sandbox.origin.seed import PHOTO_WIDTHS, PHOTOS

PORTAL_HOST = "app.weddings.example"
PERSONAL_SHARE = 0.08
WRITE_SHARE = 0.04
MENUS = ("any", "vegetarian", "vegan")


class Class(enum.Enum):
    """Whether caches may answer."""

    CACHEABLE = "cacheable"
    PERSONAL = "personal"
    WRITE = "write"


@dataclass(frozen=True)
class Ask:
    """One request, and the seconds that the guest thinks before sending it. `key`: the write's idempotency key."""

    think: float
    kind: Class
    host: str
    path: str
    method: str = "GET"
    body: bytes = b""
    key: str = ""


def popular(person: Person, width: int = PHOTO_WIDTHS[1]) -> tuple[tuple[str, str], ...]:
    """(host, path) of every cacheable page that a wedding's guests visit, the most popular first."""
    wedding = ["/", "/schedule", "/gallery", "/travel", *(f"/photos/{n}-{width}.jpg" for n in range(1, PHOTOS + 1))]
    portal = ["/", f"/static/app.{FINGERPRINT}.css", f"/api/weddings/{person.wedding}/timeline", "/vendors/florist-7"]
    portal += ["/search?q=florist", "/search?q=caterer&page=1", *(f"/vendors/caterer-{n}" for n in range(1, 6))]
    pairs = itertools.zip_longest(((person.host, path) for path in wedding), ((PORTAL_HOST, path) for path in portal))
    return tuple(one for pair in pairs for one in pair if one is not None)


def zipf(count: int) -> Sequence[float]:
    """Cumulative weights of a Zipf law with exponent 1 over `count` ranks."""
    return list(itertools.accumulate(1 / rank for rank in range(1, count + 1)))


def asks(seed: int, guest: int, person: Person, mean_think: float, label: str = "guests") -> Iterator[Ask]:
    """What guest `guest` (from 1) does, without end. Think times: exponential, cut at 4 times the mean (seconds)."""
    rng = random.Random(f"{seed}/{guest}")  # noqa: S311 - habits, not secrets
    pages = popular(person)
    weights = zipf(len(pages))
    for step in itertools.count():
        think = min(rng.expovariate(1 / mean_think), 4 * mean_think)
        dice, (host, path) = rng.random(), rng.choices(pages, cum_weights=weights)[0]
        answer = {"guest": person.number, "attending": rng.random() < 0.9, "menu": rng.choice(MENUS)}
        if dice < WRITE_SHARE:
            key = f"{label}-{seed}-{guest}-{step}"
            body = json.dumps({**answer, "key": key}).encode()
            yield Ask(think, Class.WRITE, person.host, "/rsvp", "POST", body, key)
        elif dice < WRITE_SHARE + PERSONAL_SHARE:
            yield Ask(think, Class.PERSONAL, person.host, f"/guests?guest={person.number}")
        else:
            yield Ask(think, Class.CACHEABLE, host, path)
