"""Break-glass inside the Pulumi program: the grant in the environment lets exactly the saved plan that it names pass.

`WEDCACHE_PLANNING=1 pulumi preview --save-plan plan.json` makes the plan in a freeze and can do nothing else.
`WEDCACHE_BREAK_GLASS=grant.txt WEDCACHE_PLAN=plan.json pulumi up --plan plan.json` then starts it, once: signatures and
the mark in the shared store are judged by the `wedcache` command, in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from controlplane.domain.operation import Operation
from controlplane.domain.planned_inputs import departure
from controlplane.domain.stack_plan import PlanUnreadable

PLANNING, GRANT, PLAN, PROFILE = "WEDCACHE_PLANNING", "WEDCACHE_BREAK_GLASS", "WEDCACHE_PLAN", "WEDCACHE_PROFILE"
_SECONDS = 60


class PlanningOnly(pulumi.RunError):
    """The environment says that only a plan is to be made; nothing was changed."""


class Passage:
    """What the environment lets pass. A preview only looks at the grant; an update uses it up, at its first need."""

    def __init__(self, environ: Mapping[str, str], *, is_preview: bool) -> None:
        self._environ, self._is_preview = environ, is_preview
        self._plan: object = None
        self._said: str | None = None
        if self.is_planning and not is_preview:
            raise PlanningOnly(
                f"{PLANNING} is set: with it `pulumi preview --save-plan` makes a plan, and nothing is ever changed."
                f" Nothing was changed. Unset {PLANNING}"
            )

    @property
    def is_planning(self) -> bool:
        """True when this preview only makes a plan."""
        return bool(self._environ.get(PLANNING))

    def refusal(
        self, operation: Operation, urn: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
    ) -> str | None:
        """Why the grant does not let this change pass; empty if it does, None if there is no grant at all."""
        if not self._environ.get(GRANT):
            return None
        if self._said is None:
            self._said = self._judged()
        if self._said:
            return self._said
        try:
            departs = departure(self._plan, urn, operation, before, after)
        except PlanUnreadable as why:
            return f"the plan cannot be read: {why}"
        return f"the break-glass grant is for another change: {departs}" if departs else ""

    def _judged(self) -> str:
        """What `wedcache` says against the grant; empty if it fits."""
        profile = self._environ.get(PROFILE, "default")
        root = _above(f".wedcache/profiles/{profile}.toml")
        plan, grant = _above(self._environ.get(PLAN, "")), _above(self._environ[GRANT])
        if root is None or plan is None or grant is None:
            missing = PROFILE if root is None else PLAN if plan is None else GRANT
            return f"{missing} names nothing that is here or above: a grant needs all three"
        try:
            self._plan = json.loads(plan.read_text(encoding="utf-8"))
        except (OSError, ValueError) as why:
            return f"the plan {plan.name} cannot be read: {why}"
        verb = ["break-glass", "check", str(grant)] if self._is_preview else ["gate", "--break-glass", str(grant)]
        done = subprocess.run(
            [sys.executable, "-m", "controlplane.cli.main", "--profile", profile, *verb, "--plan", str(plan)],
            cwd=root.parents[2],
            env={**self._environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        return "" if done.returncode == 0 else f"{done.stderr.strip()} (wedcache ended with {done.returncode})"


def _above(name: str) -> Path | None:
    """The file `name` here or in the nearest folder above: Pulumi runs a program below the folder of its command."""
    here = Path.cwd()
    found = (folder / name for folder in (here, *here.parents) if name and (folder / name).is_file())
    return next(found, None)
