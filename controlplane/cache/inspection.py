"""What Redis holds of a key, in words: whether a process would take it, and why not; the value only where asked for."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from controlplane.cache import envelope
from controlplane.cache.barriers import Barriers, Standing
from controlplane.cache.coding import Coding, Opened
from controlplane.cache.entry import all_tags
from controlplane.cache.envelope import Unusable
from controlplane.cache.serializers import Serializers
from controlplane.domain.keys import encode, in_namespace
from controlplane.domain.purge_log import Barrier
from controlplane.ports.tier_look import Held, TierLook

_WHY_NOT = {
    Unusable.FOREIGN: "these bytes are no entry of this key",
    Unusable.OTHER_VERSION: "another release wrote it, or a serializer that is not known here",
    Unusable.DAMAGED: "it is damaged: its checksum is wrong",
    Unusable.TOO_LARGE: "it is larger than a reader takes",
    Unusable.MISTYPED: "its value cannot be decoded",
}
_STANDING = {
    Standing.SOFT: "stale: its tags were expired since its load began",
    Standing.LOST: "stale: the purge log began anew since, so a purge may have been lost",
    Standing.HARD: "never served: its tags were removed since its load began",
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """One key in one region's Redis. Sizes in bytes, times in seconds; None for what is not known.

    `verdict` begins with `hit`, `stale`, `never served`, `miss`. `purges` are the barriers of its tags: tag to (newest
    soft, newest hard), to be compared with `as_of`, whose epoch must be `log`'s.
    """

    key: str
    name: str
    verdict: str
    kind: str
    bytes: int
    remaining_life: float | None = None
    version: int | None = None
    serializer: str | None = None
    compressed: bool | None = None
    value_bytes: int | None = None
    as_of: str | None = None
    log: str | None = None
    age: float | None = None
    fresh_for: float | None = None
    stale_for: float | None = None
    tier: str | None = None
    tags: tuple[str, ...] = ()
    purges: dict[str, tuple[int, int]] | None = None
    value: Any = None

    def as_dict(self, *, value: bool) -> dict[str, Any]:
        """For JSON, with the value or without."""
        told = {"schema": "wedcache.inspect/1", **asdict(self)}
        if not value:
            del told["value"]
        return told

    def __str__(self) -> str:
        told = self.as_dict(value=False)
        shown = [(name, told[name]) for name in told if name not in ("schema", "key", "verdict", "purges", "tags")]
        lines = [f"{self.key}: {self.verdict}"]
        lines += [f"  {name.replace('_', ' ')}: {_said(known)}" for name, known in shown if known is not None]
        lines += [f"  tags: {', '.join(self.tags)}"] if self.tags else []
        for tag, (soft, hard) in (self.purges or {}).items():
            lines.append(f"  purges of {tag}: newest soft {soft or 'none'}, newest hard {hard or 'none'}")
        return "\n".join(lines)


async def inspect(look: TierLook, namespace: str, key: str, *, longest: int) -> Inspection:
    """Look at `key` and at the purges of its tags. Raises Unavailable where Redis does not answer."""
    name = in_namespace(namespace, key)
    held = await look.held(name)
    if held.stored is None or held.is_tombstone:
        return _without_entry(key, held)
    coding = Coding(
        Serializers(), namespace=namespace, compress_above=0, longest=longest, longest_life=math.inf, copy="none"
    )
    opened = coding.open(held.stored.payload, encode(name), None)
    version = envelope.version_of(held.stored.payload)
    if isinstance(opened, Unusable):
        verdict = f"miss: {_WHY_NOT[opened]}"
        return Inspection(key, held.name, verdict, held.kind, held.bytes, held.life, version)
    return await _of_entry(look, key, held, opened, all_tags(namespace, key, opened[-1].terms.tags))


async def _of_entry(look: TierLook, key: str, held: Held, opened: Opened, tags: tuple[str, ...]) -> Inspection:
    """An entry that can be read, judged by the purges of its tags and by its age."""
    assert held.stored is not None  # noqa: S101 (told by the caller)
    position, base = await look.head()
    known = await look.barriers(tags)
    barriers = Barriers()
    barriers.adopt(position, base, known)
    standing = barriers.standing(tags, held.stored.as_of)
    value, _, size, family = opened
    found, as_of = family.terms, held.stored.as_of
    age = max(0.0, held.now - held.stored.born)
    fresh_for, stale_for = found.fresh / 1000 - age, (found.fresh + found.stale) / 1000 - age
    return Inspection(
        key,
        held.name,
        _verdict(standing, fresh_for, stale_for, known, as_of.n),
        held.kind,
        held.bytes,
        held.life,
        envelope.VERSION,
        family.serializer.name,
        bool(found.packing),
        size,
        f"{as_of.epoch} {as_of.n}",
        f"{position.epoch} {position.n}",
        round(age, 3),
        round(max(0.0, fresh_for), 3),
        round(max(0.0, stale_for), 3),
        found.tier,
        tags,
        {barrier.tag: (barrier.soft, barrier.hard) for barrier in known},
        value,
    )


def _without_entry(key: str, held: Held) -> Inspection:
    """Nothing, a tombstone, or something foreign."""
    if held.is_tombstone and held.stored is not None:
        at = held.stored.as_of
        verdict = f"miss: it was removed by purge {at.n} of epoch {at.epoch}; late fills are refused until then"
    elif held.kind == "none":
        verdict = "miss: Redis holds nothing under this key"
    else:
        verdict = f"miss: what stands there (a {held.kind}) was not written by the cache"
    return Inspection(key, held.name, verdict, held.kind, held.bytes, held.life)


def _verdict(standing: Standing, fresh_for: float, stale_for: float, known: list[Barrier] | Any, as_of: int) -> str:
    """What a process that hears the log makes of it now."""
    if standing is not Standing.VALID:
        later = [barrier.tag for barrier in known if max(barrier.soft, barrier.hard) > as_of]
        return _STANDING[standing] + (f" ({', '.join(later)})" if later else "")
    if fresh_for > 0:
        return "hit: fresh, and no purge of its tags came since its load began"
    return "stale: its fresh time is over" if stale_for > 0 else "never served, except within a freeze window: too old"


def _said(known: object) -> str:
    """One fact for people."""
    return {True: "yes", False: "no"}.get(known, str(known)) if isinstance(known, bool) else str(known)
