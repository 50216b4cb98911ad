"""A saved plan's digest, and whether one resource's change is the one that it promised."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from controlplane.domain.operation import Operation
from controlplane.domain.planned_inputs import departure
from controlplane.domain.stack_plan import SPECIAL, PlanUnreadable, gravest, plan_digest, planned_changes

URN = "urn:pulumi:como::wedcache-weddings::aws:cloudfront/distribution:Distribution::edge"
GONE = URN.replace("::edge", "::old")
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = {SPECIAL: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "AAAA"}
UPDATE, DELETE = Operation.STACK_UPDATE, Operation.STACK_DELETE


def plan(**inputs: Any) -> dict[str, Any]:
    """A plan that updates `edge` and deletes `old`."""
    goal = {"custom": True, "inputDiff": inputs}
    return {
        "manifest": {"time": "2027-06-12T10:00:00Z"},
        "resourcePlans": {
            URN: {"goal": goal, "seed": "AAAA", "steps": ["update"]},
            GONE: {"goal": None, "seed": "BBBB", "steps": ["delete"]},
        },
    }


PLAN = plan(adds={"a": 1}, updates={"b": {"c": [1, 2]}, "secret": SECRET, "late": UNKNOWN}, deletes=["d"])
OLD = {"b": 0, "d": 4, "kept": 5, "secret": "old", "late": 1}


def test_two_plans_of_one_change_have_one_digest() -> None:
    """Seeds, ciphertexts, the manifest and the order of keys differ from plan to plan; everything else counts."""
    other = copy.deepcopy(PLAN)
    other["manifest"] = {}
    other["resourcePlans"] = dict(reversed(other["resourcePlans"].items()))
    other["resourcePlans"][URN]["seed"] = "CCCC"
    other["resourcePlans"][URN]["goal"]["inputDiff"]["updates"]["secret"]["ciphertext"] = "DDDD"
    assert plan_digest(other) == plan_digest(PLAN)
    for change in (plan(adds={"a": 2}), plan(adds={"seed": 1}), plan(adds={"ciphertext": "x"}), plan()):
        assert plan_digest(change) != plan_digest(PLAN)
    assert plan_digest(plan(adds={"seed": 1})) != plan_digest(plan(adds={"seed": 2}))
    assert plan_digest(plan(adds={"ciphertext": "x"})) != plan_digest(plan(adds={"ciphertext": "y"}))
    steps = copy.deepcopy(PLAN)
    steps["resourcePlans"][URN]["steps"] = ["delete-replaced", "replace", "create-replacement"]
    assert plan_digest(steps) != plan_digest(PLAN)
    assert (gravest(planned_changes(PLAN)), gravest(planned_changes(steps)), gravest([])) == (
        DELETE,
        Operation.STACK_REPLACE,
        None,
    )


@pytest.mark.parametrize(
    ("urn", "step", "after", "words"),
    [
        (URN, UPDATE, {**OLD, "a": 1, "b": {"c": [1, 2]}, "d": None, "secret": object(), "late": [7]}, ""),
        (URN, UPDATE, {**OLD, "a": 1.0}, ""),
        (URN, UPDATE, OLD, ""),
        (URN, UPDATE, {**OLD, "a": 2}, "does not set a to that"),
        (URN, UPDATE, {**OLD, "b": {"c": [1]}}, "does not set b to that"),
        (URN, UPDATE, {**OLD, "b": {"c": [1, 2], "x": 1}}, "does not set b to that"),
        (URN, UPDATE, {**OLD, "b": {"c": object()}}, "does not set b to that"),
        (URN, UPDATE, {**OLD, "kept": 6}, "does not set kept to that"),
        (URN, UPDATE, {key: value for key, value in OLD.items() if key != "kept"}, "does not remove kept"),
        (URN, DELETE, None, "the plan says stack-update"),
        (GONE, DELETE, None, ""),
        (GONE, UPDATE, OLD, "the plan says stack-delete"),
        (URN + "2", UPDATE, OLD, "it is not in the plan"),
    ],
)
def test_a_change_is_the_promised_one_or_says_how_it_departs(
    urn: str, step: Operation, after: dict[str, Any] | None, words: str
) -> None:
    """The planned values, fewer of them, secrets and unknowns pass; another value, key, step or resource does not."""
    told = departure(PLAN, urn, step, OLD, after)
    assert (words in told) if words else told == ""


def test_a_plan_that_cannot_be_read_admits_nothing() -> None:
    """What is no plan raises, whoever asks."""
    with pytest.raises(PlanUnreadable):
        departure({}, URN, UPDATE, OLD, OLD)
    with pytest.raises(PlanUnreadable):
        plan_digest([])
