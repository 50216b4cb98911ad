"""Break-glass on the Saturday: one change of a frozen stack passes by two persons' keys, once; all else is refused."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ruamel.yaml import YAML

from sandbox import people
from sandbox.profile import write_profile
from sandbox.provision import WEDDING
from sandbox.rehearsal.calls_since import mutating, received
from sandbox.rehearsal.leftovers import client
from sandbox.rehearsal.phases.again import PULUMI
from sandbox.rehearsal.phases.freeze import PRICE_CLASS
from sandbox.rehearsal.phases.unprotect import must
from sandbox.rehearsal.stage import Said, Stage, StageBroken

ON_CALL, AGENTS = "on-call", "wedcache"
"""Whose credentials the operator uses here, and whose the agents do, who write on meanwhile."""
AT = datetime(2027, 6, 12, 8, 0, tzinfo=UTC)
EXPIRED = timedelta(minutes=6)
"""Later than this the shortest of the grants starts nothing; the longer ones have half an hour."""
HEAT = {"id": "heat", "start": "2027-06-12T07:50:00Z", "end": "2027-06-12T08:30:00Z"}
"""A window of the whole platform, which somebody adds while a grant is on its way."""
OVER = timedelta(minutes=35)
HOST = "como.weddings.example"


@dataclass(frozen=True)
class Plan:
    """A saved plan, and the price class that it sets."""

    file: Path
    price_class: str


@dataclass(frozen=True)
class Grant:
    """A request that lena has signed, and the same with boris's signature."""

    once: Path
    twice: Path


def play(stage: Stage) -> None:
    """Plan, ask, sign; try what is wrong; break the glass once; try what is wrong by then."""
    stage.set_clock(AT)
    glass = Glass(stage, write_profile(stage.run, ON_CALL), stage.run.folder.resolve() / "glass")
    glass.folder.mkdir(mode=0o700, exist_ok=True)
    other, plan = glass.planned("PriceClass_100"), glass.planned("PriceClass_200")
    with ThreadPoolExecutor(max_workers=2) as pool:
        grants = pool.map(lambda length: glass.granted(plan, length), ("30m", "29m", "5m"))
    right, unused, short = grants
    approval = ("approve", str(right.once), "--key", str(people.key(stage.run, "lena-second")), "--yes")
    glass.wrong("her own second key", "break-glass", *approval)
    glass.wrong("one person alone", *gate(plan, right.once))
    glass.wrong("another plan", *gate(other, right.twice))
    glass.passes(plan, right.twice)
    if stage.sabotage == "forget-marks":
        forget_marks(stage)
    glass.wrong("replay", *gate(plan, right.twice))
    stage.set_clock(stage.clock.now() + EXPIRED)
    glass.wrong("expired", *gate(plan, short.twice))
    stage.must("freeze", "push", "--catalogue", str(with_a_window(stage, glass.folder / "catalogue.yaml")), "--yes")
    glass.wrong("another rule set", *gate(plan, unused.twice))
    stage.set_clock(AT + OVER)
    stage.must("freeze", "push", "--yes")
    stage.record("glass-end", price_class=price_class(stage))


def gate(plan: Plan, grant: Path) -> Sequence[str]:
    """The door that uses a grant up for a saved plan."""
    return ("gate", "--plan", str(plan.file), "--break-glass", str(grant))


@dataclass(frozen=True)
class Glass:
    """The on-call operator: their profile, and a folder for texts."""

    stage: Stage
    profile: str
    folder: Path

    def planned(self, price_class: str) -> Plan:
        """The engine's saved plan of como's stack with this price class, made inside the window."""
        plan = Plan(self.folder / f"{price_class}.json", price_class)
        self.stage.workspace.set(WEDDING, PRICE_CLASS, price_class)
        words = ("preview", f"--save-plan={plan.file}", "--stack", WEDDING[1])
        must(self.stage.workspace.pulumi(WEDDING, *words, extra={"WEDCACHE_PLANNING": "1"}), "preview --save-plan")
        return plan

    def granted(self, plan: Plan, length: str) -> Grant:
        """A grant for a plan, for so long: lena asks and signs, boris signs."""
        made = Grant(self.folder / f"{length}-once", self.folder / f"{length}-twice")
        asks = ("request", "--op", "stack-update", "--plan", str(plan.file), "--for", length)
        made.once.write_text(self._said(*asks, "--reason", "rehearsal", "--key", self._key("lena")))
        made.twice.write_text(self._said("approve", str(made.once), "--key", self._key("boris"), "--yes"))
        return made

    def wrong(self, act: str, *arguments: str) -> None:
        """Try what must be refused; record its code and what reached the vendors meanwhile, the agents' calls aside."""
        begun = time.monotonic()
        said = self.wedcache(*arguments)
        until = time.monotonic()
        self.stage.record(
            "glass-refused",
            act=act,
            code=said.code,
            mutating=mutating(self.stage.run, begun, until, spared=AGENTS),
            calls=received(self.stage.run, begun, until, ON_CALL),
            words=said.err[-400:],
        )

    def passes(self, plan: Plan, grant: Path) -> None:
        """The engine performs the plan by the grant; what the vendor has before and after is asked with other keys."""
        before, begun = price_class(self.stage), time.monotonic()
        glass = {"WEDCACHE_BREAK_GLASS": str(grant), "WEDCACHE_PLAN": str(plan.file), "WEDCACHE_PROFILE": self.profile}
        words = ("up", "--yes", f"--plan={plan.file}", "--stack", WEDDING[1])
        ran = self.stage.workspace.pulumi(WEDDING, *words, extra=glass)
        self.stage.record(
            "glass-passed",
            code=ran.code,
            mutating=mutating(self.stage.run, begun, time.monotonic(), PULUMI),
            before=before,
            wanted=plan.price_class,
            tail=ran.text[-800:] if ran.code != 0 else "",
        )

    def wedcache(self, *arguments: str) -> Said:
        """A command with the on-call operator's credentials."""
        return self.stage.wedcache(*arguments, profile=self.profile)

    def _said(self, *arguments: str) -> str:
        said = self.wedcache("break-glass", *arguments)
        if said.code != 0:
            raise StageBroken(f"break-glass {arguments[0]} ended with {said.code}:\n{said.err[-800:]}")
        return said.out

    def _key(self, name: str) -> str:
        return str(people.key(self.stage.run, name))


def price_class(stage: Stage) -> str:
    """What the distribution of como has now, asked of the vendor by a witness."""
    rows = client(stage.run, "cloudfront", "us-east-1").list_distributions()["DistributionList"]["Items"]
    return next(str(row["PriceClass"]) for row in rows if HOST in row["Aliases"].get("Items", ()))


def with_a_window(stage: Stage, target: Path) -> Path:
    """The world's catalogue with a window of the whole platform that holds now."""
    yaml = YAML()
    document = yaml.load(stage.world.catalogue.read_text())
    document["platform"]["windows"] = [HEAT]
    with target.open("w") as file:
        yaml.dump(document, file)
    return target


def forget_marks(stage: Stage) -> None:
    """The shared store loses every mark of a grant that was used."""
    s3 = client(stage.run, "s3", "us-east-1")
    for bucket in s3.list_buckets()["Buckets"]:
        for row in s3.list_objects_v2(Bucket=bucket["Name"], Prefix="registers/break-glass/spent/").get("Contents", ()):
            s3.delete_object(Bucket=bucket["Name"], Key=row["Key"])
