"""`wedcache doctor`: checks, from this machine, everything that a bad night would need."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from controlplane.cli import doctor_shift, outside, session
from controlplane.errors import Incomplete, WedcacheError

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant

Output = Literal["text", "json"]


def doctor(*, shift: bool = False, output: Output = "text") -> int:
    """Check profile, time zones, shared store, inventory, calendar, credentials, agents and edges. Changes nothing.

    Ends with the code of what failed where only one thing did, and with 13 where several did.

    Parameters
    ----------
    shift
        Also whether everything lasts through Sunday: credentials, token, calendar, kit, clock, all three buckets.
    output
        text or json (wedcache.doctor/1).
    """
    plant = session.plant()
    checks = {**CHECKS, **SHIFT} if shift else CHECKS
    found = {name: _outcome(check, plant) for name, check in checks.items()}
    if output == "json":
        rows = [
            {"check": name, "ok": one.ok, "said": one.whole, "next_step": one.next_step} for name, one in found.items()
        ]
        session.show_json({"schema": "wedcache.doctor/1", "checks": rows})
    else:
        session.show([one.line(name) for name, one in found.items()])
    bad = {name: one for name, one in found.items() if not one.ok}
    if not bad:
        return 0
    codes = {one.code for one in bad.values()}
    failure = Incomplete(
        f"{len(bad)} of {len(found)} checks failed; nothing was changed",
        next_step="mend them from the top: later checks need what earlier ones check",
        report={name: one.whole for name, one in bad.items()},
    )
    failure.exit_code = codes.pop() if len(bad) == 1 else Incomplete.exit_code
    raise failure


@dataclass(frozen=True)
class _Outcome:
    ok: bool
    said: str
    next_step: str = ""
    code: int = 0

    @property
    def whole(self) -> str:
        return f"{self.said}; {self.next_step}" if self.next_step else self.said

    def line(self, name: str) -> str:
        return f"{'ok ' if self.ok else 'BAD'} {name:<14} {self.whole}"


def _outcome(check: Callable[[Plant], str], plant: Plant) -> _Outcome:
    try:
        return _Outcome(True, check(plant))
    except WedcacheError as error:
        return _Outcome(False, str(error), error.next_step, error.exit_code)
    except Exception as error:  # a check that cannot be made is a check that failed, and the others still count
        return _Outcome(False, f"unexpected {type(error).__name__}: {error}", code=Incomplete.exit_code)


def _zones(_: Plant) -> str:
    from controlplane.adapters.system import tzdata

    zones = tzdata.pinned()
    return f"tzdata {zones.version} ({zones.source})"


def _store(plant: Plant) -> str:
    plant.store.read("roles")
    return f"two or more of {', '.join(bucket.bucket for bucket in plant.profile.store)} answer"


def _inventory(plant: Plant) -> str:
    copy = plant.inventory_copy
    if not copy.fresh:
        raise Incomplete(f"only the last good copy, {copy.age:.0f} s old, could be read")
    return f"{plant.inventory.schema_}, {len(plant.inventory.regions)} regions, {len(plant.weddings)} weddings"


def _calendar(plant: Plant) -> str:
    from controlplane.operations.admit import known_calendar

    calendar, _ = known_calendar(plant.store, plant.last_good_calendar)
    if calendar is None or plant.clock.now() >= calendar.made.valid_until:
        raise Incomplete("the freeze state is unknown: changes are refused", next_step="wedcache freeze push")
    return f"epoch {calendar.made.epoch}, valid until {calendar.made.valid_until:%Y-%m-%d %H:%M} UTC"


def _aws(plant: Plant) -> str:
    return f"{len(plant.edge_store.read())} keys in the key value store"


def _cloudflare(plant: Plant) -> str:
    return ", ".join(f"{pool.region} {'enabled' if pool.enabled else 'disabled'}" for pool in plant.steering.pools())


def _agents(plant: Plant) -> str:
    from controlplane.operations.observe_regions import look

    names = [region.name for region in plant.inventory.regions]
    sight = look(plant.store, plant.steering, names, plant.clock, time.sleep)
    silent = sorted(set(names) - sight.living)
    if silent:
        raise Incomplete(f"silent: {', '.join(silent)}", next_step="run `wedcache worker --region R` in that region")
    trouble = [f"{name} {duty}: {words}" for name in names for duty, words in sight.heartbeats[name].trouble.items()]
    if trouble:
        raise Incomplete("; ".join(trouble))
    return f"{', '.join(names)} live"


def _edges(plant: Plant) -> str:
    said = []
    for edge, ask in plant.uncached("/").items():
        answer = plant.probe.fetch(ask)
        if answer.status == 0 or answer.status >= 500:
            raise Incomplete(f"{edge}: {ask.host} answered {answer.status or answer.error}")
        said.append(f"{edge} {answer.status} in {answer.seconds * 1000:.0f} ms")
    return ", ".join(said)


SHIFT: dict[str, Callable[[Plant], str]] = {
    "shared store": doctor_shift.buckets,
    "clock": doctor_shift.clock,
    "calendar": doctor_shift.calendar,
    "aws session": doctor_shift.aws,
    "token": doctor_shift.cloudflare,
    "kit": doctor_shift.kit,
    "operations": doctor_shift.operations,
}
"""What `--shift` looks at beside the others, or more closely than they do."""
CHECKS: dict[str, Callable[[Plant], str]] = {
    "time zones": _zones,
    "shared store": _store,
    "inventory": _inventory,
    "calendar": _calendar,
    "aws": _aws,
    "cloudflare": _cloudflare,
    "agents": _agents,
    "edges": _edges,
    "outside": outside.checked,
}
