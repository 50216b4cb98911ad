"""Who votes, what a majority is (also while a voter changes), and whose answers may be counted together.

A voter that lost its memory would break every majority that it was part of. So each loss begins an incarnation, which
a majority of the other voters hear of BEFORE it catches up from them; from then on every answer of theirs tells it. An
answer is counted only if no answer of the same question tells of a newer incarnation of its voter: a vote from before
the loss, or from an old primary that still answers somebody, never completes a majority with those who know better.
(Michael, Ports, Sharma, Szekeres: Recovering Shared Objects Without Stable Storage, DISC 2017.)
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from controlplane.domain.record import ZERO, Reply, Stamp, Standing, State
from controlplane.errors import BadInput

FEWEST, MOST = 3, 5


@dataclass(frozen=True)
class Voters:
    """The regions that vote. Two groups while one of them changes: then a majority of EACH is needed."""

    groups: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, *regions: str) -> Voters:
        """These 3 to 5 regions. Raises BadInput."""
        group = frozenset(regions)
        if len(group) != len(regions) or not FEWEST <= len(group) <= MOST:
            raise BadInput(f"{FEWEST} to {MOST} different regions vote, not {', '.join(regions) or 'none'}")
        return cls((group,))

    @functools.cached_property
    def regions(self) -> tuple[str, ...]:
        """All that vote in any group, sorted."""
        return tuple(sorted(frozenset().union(*self.groups)))

    def changing(self, *, to: Iterable[str]) -> Voters:
        """The old group AND the new one, which differ by one region. Raises BadInput for anything else.

        Every writer and reader changes to this, then the new region catches up, then every one to `changed`.
        """
        (old,) = self.groups if len(self.groups) == 1 else (frozenset[str](),)
        (new,) = Voters.of(*to).groups
        if not old or len(old ^ new) != 1:
            raise BadInput("voters change one at a time: one region joins or one leaves, and the change before is over")
        return Voters((old, new))

    @property
    def changed(self) -> Voters:
        """The newest group alone."""
        return Voters(self.groups[-1:])

    def is_majority(self, regions: Collection[str]) -> bool:
        """Whether `regions` are more than half of each group."""
        return all(2 * len(group.intersection(regions)) > len(group) for group in self.groups)

    def remember_without(self, lost: str, regions: Collection[str]) -> bool:
        """Whether `regions` together know all that was ever acknowledged, without `lost`: a majority of the others."""
        others = [group - {lost} for group in self.groups]
        return all(2 * len(group.intersection(regions)) > len(group) for group in others)


def current(standings: dict[str, Standing]) -> list[str]:
    """Those who vote and of whom nobody among them knows a newer incarnation."""
    latest: dict[str, int] = {}
    for standing in standings.values():
        for region, n in standing.view.items():
            if n > latest.get(region, 0):
                latest[region] = n
    return [
        region
        for region, standing in standings.items()
        if standing.state is State.VOTING and standing.incarnation >= latest.get(region, 0)
    ]


class Ballot:
    """The answers to one question about one key; for each voter the newest incarnation's highest stamp counts."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self._latest: dict[str, int] = {}

    def hear(self, region: str, reply: Reply) -> None:
        """Take one answer."""
        latest = self._latest
        for name, n in reply.standing.view.items():
            if n > latest.get(name, 0):
                latest[name] = n
        known = self.replies.get(region)
        if known is None or (reply.standing.incarnation, stamp_of(reply)) >= (
            known.standing.incarnation,
            stamp_of(known),
        ):
            self.replies[region] = reply

    def votes(self) -> dict[str, Stamp]:
        """Whose answers count, and the stamp that each holds (ZERO for nothing)."""
        return {
            region: stamp_of(reply)
            for region, reply in self.replies.items()
            if reply.standing.state is State.VOTING
            and reply.refusal is None
            and reply.standing.incarnation >= self._latest.get(region, 0)
        }


def stamp_of(reply: Reply) -> Stamp:
    """The stamp of what a voter holds."""
    return reply.record.stamp if reply.record is not None else ZERO
