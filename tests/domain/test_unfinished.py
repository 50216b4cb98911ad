"""What a saved plan itself shows: a stack that was never finished may be; a creation alone changes nothing shared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from controlplane.domain import stack_plan
from controlplane.domain.verdict import Outcome
from controlplane.operations import admit
from tests.domain.calendars import AT, calendar

ROOT = Path(__file__).resolve().parents[2]
OWN = "urn:pulumi:como::wedcache-weddings::"
EDGE = f"{OWN}wedcache:edge:EdgeDistribution$aws:cloudfront/distribution:Distribution::edge-como"
NAME = f"{OWN}cloudflare:index/dnsRecord:DnsRecord::name-como.weddings.example"
INVENTORY = f"{OWN}{stack_plan.INVENTORY_TYPE}::{stack_plan.INVENTORY_NAME}"
SHARED = "urn:pulumi:prod::wedcache::cloudflare:index/ruleset:Ruleset::cache"
PLACE = ("wedcache-weddings", "como")


def plan(**steps: str) -> dict[str, Any]:
    """A saved plan: `edge`, `name`, `first` and `second` (the inventory's objects), `shared` -> their one step."""
    urns = {
        "edge": EDGE,
        "name": NAME,
        "first": f"{INVENTORY}eu-central-1",
        "second": f"{INVENTORY}us-east-1",
        "shared": SHARED,
    }
    return {"resourcePlans": {urns[key]: {"goal": {"custom": True}, "steps": [step]} for key, step in steps.items()}}


@pytest.mark.parametrize(
    ("steps", "is_unfinished"),
    [
        ({"edge": "update", "name": "create", "first": "create", "second": "create"}, True),
        ({"edge": "same", "first": "create", "second": "create"}, True),
        ({"edge": "update", "first": "same", "second": "same"}, False),
        ({"edge": "update", "first": "create", "second": "same"}, False),
        ({"edge": "update", "first": "update", "second": "update"}, False),
        ({"edge": "update", "first": "create-replacement", "second": "create"}, False),
        ({"edge": "update", "name": "delete", "first": "create", "second": "create"}, False),
        ({"edge": "replace", "first": "create", "second": "create"}, False),
        ({"edge": "update"}, False),
    ],
)
def test_a_stack_is_unfinished_while_its_inventory_was_never_written(
    steps: dict[str, str], is_unfinished: bool
) -> None:
    """The inventory comes last; a plan that takes something away, or finds any of it written, finishes nothing."""
    assert stack_plan.unfinished(plan(**steps)) == ({PLACE} if is_unfinished else set())
    verdicts = admit.verdicts_of_plan(plan(**steps), AT, calendar())
    edge = [answer for answer in verdicts if answer.scope.text.endswith("edge-como")]
    assert all((answer.outcome is Outcome.ADMITTED) is is_unfinished for answer in edge)


def test_a_creation_passes_unless_something_shared_changes_with_it() -> None:
    """In the window a new stack is admitted; in one plan with a shared rule's update it is refused, as that is."""
    alone = admit.verdicts_of_plan(plan(edge="create", first="create"), AT, calendar())
    assert {answer.outcome for answer in alone} == {Outcome.ADMITTED}
    beside = admit.verdicts_of_plan(plan(edge="create", first="create", shared="create"), AT, calendar())
    assert {answer.outcome for answer in beside} == {Outcome.ADMITTED}
    both = admit.verdicts_of_plan(plan(edge="create", first="create", shared="update"), AT, calendar())
    assert {answer.outcome for answer in both} == {Outcome.REFUSED}


def test_infra_names_its_inventory_so() -> None:
    """The objects by which a stack is judged unfinished are those that infra writes, in both stacks."""
    source = (ROOT / "infra/inventory_export.py").read_text()
    assert 'f"{name}-{region}"' in source
    assert "s3.BucketObjectv2(" in source
    for program in ("shared_platform", "wedding"):
        assert 'inventory_export.export("inventory", ' in (ROOT / f"infra/{program}.py").read_text()
    golden = (ROOT / "tests/infra/golden/wedding.txt").read_text()
    assert f"::{stack_plan.INVENTORY_TYPE}::{stack_plan.INVENTORY_NAME}" in golden
