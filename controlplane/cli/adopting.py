"""What a worker does for others: it finishes what was handed over, and switches off emergencies whose time is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from controlplane.errors import LeaseHeld, WedcacheError

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.emergency import EmergencyCard

SILENT_SECONDS = 30.0
"""After so long without a beat a worker's handed-over operations are any other worker's."""


def adopter(plant: Plant, region: str, tell: Callable[[str], None]) -> Callable[[], None]:
    """A function that looks once for work of this region's worker and does it. It raises the last failure, when all
    else is done; what another worker performs already is left to it."""
    from controlplane.operations.executors import handed

    beats: dict[str, tuple[int, float]] = {}

    def look() -> None:
        failure: WedcacheError | None = None
        for identity, owner in handed(plant.store).items():
            if owner != region and not _is_silent(plant, owner, beats):
                continue
            try:
                _finish(plant, identity, tell)
            except LeaseHeld:
                continue
            except WedcacheError as error:
                failure = error
        for card in overdue(plant):
            try:
                _off(plant, card, tell)
            except LeaseHeld:
                continue
        if failure is not None:
            raise failure

    return look


def overdue(plant: Plant) -> list[EmergencyCard]:
    """For every scope whose time is over the card that switches it off: the same one for every worker."""
    from controlplane.cli.emergency import new_card
    from controlplane.domain.emergency import Switch, due
    from controlplane.domain.instant import zulu
    from controlplane.operations.emergency import journal_of

    journal = journal_of(plant.store)
    cards = []
    for scope in due(journal, zulu(plant.clock.now().replace(microsecond=0))):
        card = new_card(plant, Switch.OFF, scope)
        cards.append(card.model_copy(update={"id": f"{Switch.OFF.value}-of-{journal.claims[scope].operation}"}))
    return cards


def _off(plant: Plant, card: EmergencyCard, tell: Callable[[str], None]) -> None:
    from controlplane.cli.performing import switched
    from controlplane.errors import Incomplete

    tell(f"emergency mode of {card.target}: its time is over")
    try:
        switched(plant, card)
    except Incomplete as error:
        # What others changed stays and is in the ledger; what a vendor refused is tried again at the next look.
        tell(f"{error}: {'; '.join(error.report)}")


def _finish(plant: Plant, identity: str, tell: Callable[[str], None]) -> None:
    from controlplane.cli.performing import resumed
    from controlplane.operations.executors import taken_back
    from controlplane.operations.intents import intent

    card = intent(plant.store, identity)
    if card.state == "open":
        tell(f"{identity} was handed over: going on with it")
        resumed(plant, card)
    taken_back(plant.store, identity)


def _is_silent(plant: Plant, region: str, beats: dict[str, tuple[int, float]]) -> bool:
    from controlplane.operations.observe_regions import heartbeats

    beat = heartbeats(plant.store, [region]).get(region)
    number, now = (0 if beat is None else beat.beat), plant.clock.monotonic()
    if region not in beats or beats[region][0] != number:
        beats[region] = (number, now)
    return now - beats[region][1] >= SILENT_SECONDS
