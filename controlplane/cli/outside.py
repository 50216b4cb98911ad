"""`wedcache ops outside`: what was changed at the vendors past every door, by their own logs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from controlplane.cli import questions, session
from controlplane.errors import BadInput, Incomplete

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.outside import VendorChange
    from controlplane.operations.watch_outside import Look
    from controlplane.ports.change_log import ChangeLog

Output = Literal["text", "json"]
DAY = timedelta(hours=24)
LATE = timedelta(minutes=15)
"""After so long a vendor's log has what was changed."""
FOUND = 14
NEXT = "ask who it was; `pulumi preview --refresh` shows what differs from what is declared"


def outside(*, since: str = "24h", output: Output = "text") -> int:
    """Changes at the vendors that nothing of ours covers: made in a console, by a script, with whatever credential.

    Ends with 0 where there is none, and with 14 where there are. The vendors write some changes minutes later.

    Parameters
    ----------
    since
        How far to look back, as 24h; CloudTrail's history holds 90 days.
    output
        text or json (wedcache.outside/1).
    """
    from controlplane.domain.outside import report

    length = questions.duration_of(since, "--since") or DAY
    plant = session.plant()
    now = plant.clock.now()
    found = looked(plant, length)
    if output == "json":
        session.show_json(report(found.outside, now - length, now, found.seen))
    else:
        lines = [change.sentence for change in found.outside]
        seen = ", ".join(f"{count} changes in the log of {vendor}" for vendor, count in found.seen.items())
        session.show(lines or [f"nothing was changed outside ({seen})"])
    if found.outside:
        session.say(f"next: {NEXT}")
    return FOUND if found.outside else 0


def checked(plant: Plant) -> str:
    """The check of `wedcache doctor`: the last day. Raises Incomplete naming what was changed outside."""
    writers = plant.inventory.writers
    if not (writers.programs or writers.operators):
        return "no wedcache:writers are declared: nobody watches for changes made outside"
    found = looked(plant, DAY).outside
    if found:
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        said = "; ".join(change.sentence for change in found[-3:])
        raise Incomplete(f"changed outside: {said}{more}", next_step="wedcache ops outside")
    return "nothing was changed outside in 24 h"


def looker(plant: Plant) -> Callable[[], list[str]]:
    """For the agent: a function that looks once and gives the last day's changes made outside, oldest first.

    It asks only for what is new, and again for the last quarter of an hour, of which a vendor may know more meanwhile.
    It looks at nothing where nobody is declared as a writer. It raises Unavailable.
    """
    found: dict[str, VendorChange] = {}
    last: list[datetime] = []

    def look() -> list[str]:
        if not (plant.inventory.writers.programs or plant.inventory.writers.operators):
            return []
        now = plant.clock.now()
        since = min(DAY, now - last[-1] + LATE) if last else DAY
        found.update({change.id: change for change in looked(plant, since).outside})
        last[:] = [now]
        recent = sorted((one for one in found.values() if now - one.at < DAY), key=lambda one: (one.at, one.id))
        return [change.sentence for change in recent]

    return look


def looked(plant: Plant, length: timedelta) -> Look:
    """Look back for so long. Raises BadInput where nobody is declared as a writer, and Unavailable."""
    from controlplane.adapters.aws.trail import CloudTrailLog
    from controlplane.adapters.cloudflare.audit import CloudflareAudit
    from controlplane.operations.watch_outside import look

    inventory = plant.inventory
    if not (inventory.writers.programs or inventory.writers.operators):
        raise BadInput(
            "the inventory names no writers: nobody can say which changes are ours",
            next_step="declare wedcache:writers in the platform's stack, `pulumi up`",
        )
    regions = [region.name for region in inventory.regions] + [bucket.region for bucket in inventory.store]
    logs: dict[str, ChangeLog] = {
        "aws": CloudTrailLog(plant.aws, regions),
        "cloudflare": CloudflareAudit(plant.cloudflare, inventory.cloudflare.account_id),
    }
    now = plant.clock.now()
    return look(logs, plant.store, inventory.writers, now - length, now)
