"""Founding, and catching up after a loss (S4), as generators: they yield one request and are sent the answer.

An answer of None means that none came. Whatever stops them half-way can be begun again from the start.
"""

from __future__ import annotations

import enum
from collections.abc import Generator
from typing import NamedTuple

from controlplane.domain.record import NO_STANDING, Change, Record, Standing, State, Told, Verb, merged
from controlplane.sync.voters import Voters, current


class Request(NamedTuple):
    """One request to `region`: a change of its standing, or the page after `cursor`, or records to absorb in
    incarnation `n`."""

    region: str
    change: Change | None = None
    cursor: str = ""
    n: int = 0
    records: tuple[tuple[str, Record], ...] = ()


Steps = Generator[Request, Told | None, "Ending"]


class Ending(enum.Enum):
    """How it ended. ALREADY: nothing was to be done. SHORT: too few of the others answered, or they lost their memory
    too. CONTESTED: somebody else works on the same voter. UNSAFE: some voters remember and most do not, so what was
    acknowledged may be lost and a person must decide."""

    DONE = "done"
    ALREADY = "already"
    SHORT = "short"
    CONTESTED = "contested"
    UNSAFE = "unsafe"


def standings(voters: Voters) -> Generator[Request, Told | None, dict[str, Standing]]:
    """What every voter that answers says of itself."""
    found: dict[str, Standing] = {}
    for region in voters.regions:
        told = yield Request(region, Change(Verb.LOOK))
        if told is not None:
            found[region] = told.standing
    return found


def behind(voters: Voters, found: dict[str, Standing]) -> list[str]:
    """Which of the voters that answered must catch up: they lost their memory, or others know a newer incarnation."""
    latest = merged(*(standing.view for standing in found.values()))
    return [
        region
        for region in voters.regions
        if region in found
        and (found[region].state is not State.VOTING or found[region].incarnation < latest.get(region, 0))
    ]


def found_voters(voters: Voters) -> Steps:
    """Begin: every voter holds nothing and answers. None votes before all are founded, so a later loss is no birth."""
    found = yield from standings(voters)
    voting = [region for region, standing in found.items() if standing.state is State.VOTING]
    if voters.is_majority(voting):
        return Ending.ALREADY
    if len(found) < len(voters.regions):
        return Ending.SHORT
    states = {standing.state for standing in found.values()}
    if voting and not states <= {State.VOTING, State.FOUNDING}:
        return Ending.UNSAFE
    tokens: dict[str, str] = {}
    for region in (one for one in voters.regions if one not in voting):
        told = yield Request(region, Change(Verb.FOUND, view=dict.fromkeys(voters.regions, 1)))
        if told is None:
            return Ending.SHORT
        if told.standing.state is not State.FOUNDING:
            return Ending.UNSAFE
        tokens[region] = told.token
    for region, token in tokens.items():
        told = yield Request(region, Change(Verb.OPEN, token=token))
        if told is None or told.standing.state is not State.VOTING:
            return Ending.SHORT
    return Ending.DONE


def catch_up(voters: Voters, lost: str) -> Steps:
    """Bring `lost` back: the others hear of its new incarnation first, then it copies from a majority of them."""
    found = yield from standings(voters)
    if lost not in found:
        return Ending.SHORT
    if lost not in behind(voters, found):
        return Ending.ALREADY
    sources = {region: found[region] for region in current(found) if region != lost}
    n = 1 + max((merged(*(standing.view for standing in found.values())).get(lost, 0)), found[lost].incarnation)
    for region in list(sources):
        told = yield Request(region, Change(Verb.REGISTER, n, lost))
        if told is not None and told.standing.state is State.VOTING and not told.done:
            return Ending.CONTESTED
        _note(sources, region, told)
    if not voters.remember_without(lost, sources):
        return Ending.SHORT
    view = merged(*(standing.view for standing in sources.values()), {lost: n})
    told = yield Request(lost, Change(Verb.BEGIN, n, view=view))
    if told is None:
        return Ending.SHORT
    if not told.done:
        return Ending.CONTESTED
    token = told.token
    for region in list(sources):
        if not (yield from _copied(sources, region, lost, n)):
            sources.pop(region, None)
    if not voters.remember_without(lost, current(sources)):
        return Ending.SHORT
    view = merged(*(standing.view for standing in sources.values()), view)
    told = yield Request(lost, Change(Verb.FINISH, n, view=view, token=token))
    if told is None:
        return Ending.SHORT
    return Ending.DONE if told.standing.state is State.VOTING and told.standing.incarnation == n else Ending.CONTESTED


def _copied(sources: dict[str, Standing], region: str, lost: str, n: int) -> Generator[Request, Told | None, bool]:
    """Copy all that `region` holds; False where it, or the voter that catches up, did not keep on answering."""
    cursor = "0"
    while True:
        page = yield Request(region, cursor=cursor)
        _note(sources, region, page)
        if page is None or region not in sources:
            return False
        if page.records:
            told = yield Request(lost, n=n, records=page.records)
            if told is None or not told.done:
                return False
        cursor = page.cursor
        if cursor == "0":
            return True


def _note(sources: dict[str, Standing], region: str, told: Told | None) -> None:
    """Remember a source's newest standing; one that is silent, or is not who it was, is a source no longer."""
    standing = told.standing if told is not None else NO_STANDING
    if standing.state is State.VOTING and standing.incarnation == sources[region].incarnation:
        sources[region] = standing
    else:
        del sources[region]
