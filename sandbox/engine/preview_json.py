"""`preview --json`: the steps of a preview as the CLI's digest."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.engine import urns
from sandbox.engine.checkpoint import resource_json
from sandbox.engine.report import is_default
from sandbox.engine.resources import Step
from sandbox.engine.session import Outcome

_HIDDEN = {"create-replacement", "delete-replaced", "remove-pending-replace"}
SHOWN = "[secret]"


def text(outcome: Outcome, now: Callable[[], datetime]) -> str:
    """The digest of a finished preview."""
    steps = [_step(step) for step in outcome.report.steps if _belongs(step)]
    digest: dict[str, Any] = {"steps": steps}
    if outcome.report.errors:
        digest["diagnostics"] = [{"message": error, "severity": "error"} for error in outcome.report.errors]
    digest["duration"] = int(outcome.seconds * 1e9)
    digest["changeSummary"] = outcome.report.counts
    return json.dumps(digest, indent=4, ensure_ascii=False)


def _belongs(step: Step) -> bool:
    """Whether the digest names the step: no halves of a replacement, no default providers, no sames but the stack's."""
    if step.op in _HIDDEN or is_default(step.urn):
        return False
    return step.op != "same" or urns.kind(step.urn) == urns.STACK_TYPE


def _step(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {"op": step.op, "urn": step.urn}
    if step.resource.provider:
        found["provider"] = step.resource.provider
    for name, state in (("oldState", step.old), ("newState", step.new)):
        if state is not None:
            found[name] = _masked(resource_json(state, lambda _: SHOWN))
    if step.diffs:
        found["diffReasons"] = step.diffs
    if step.keys:
        found["replaceReasons"] = step.keys
    found["detailedDiff"] = None
    return found


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return SHOWN if value.get("ciphertext") == SHOWN else {key: _masked(inner) for key, inner in value.items()}
    return [_masked(inner) for inner in value] if isinstance(value, list) else value
