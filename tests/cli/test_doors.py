"""The verdict table at every door: the gate, the words of `freeze explain`, the commands themselves, the hooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from controlplane.domain.calendar_json import from_json
from controlplane.domain.instant import parse_instant
from controlplane.domain.operation import TREATMENTS, Operation
from infra import freeze_hooks
from tests.cli.saturday import Saturday, landscape, saturday
from tests.cli.test_freeze import IN, OUT, SAMPLE, ask
from tests.domain.doors import CACHE, OWN_STACK, ROWS, SHARED, Row
from tests.fakes.inventory import HOME

__all__ = ["ask", "landscape", "saturday"]
BY_NAME = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)


@pytest.fixture
def compiled(ask: Any, tmp_path: Path) -> Path:
    """The sample's calendar as published: it is read faster than the catalogue is compiled."""
    path = tmp_path / "calendar.json"
    path.write_text(ask("freeze", "show", "--catalogue", str(SAMPLE), "--at", IN, "--output", "json").out)
    return path


def test_the_table_has_every_operation_once() -> None:
    """No operation of the contract is without its row."""
    assert sorted(name for row in ROWS for name in row.operations) == sorted(one.value for one in TREATMENTS)


@BY_NAME
def test_at_the_gate_and_in_the_explanation(ask: Any, compiled: Path, row: Row) -> None:
    """`gate` ends with 0 or 10 and `freeze explain` says the same, on every scope in the window; outside it with 0."""
    for operation in row.operations:
        for scope, admitted in row.admitted.items():
            asked = ["--catalogue", str(compiled), "--scope", scope, "--op", operation, "--output", "json"]
            gate = ask("gate", *asked, "--at", IN)
            assert gate.code == (0 if admitted else 10), (operation, scope)
            told = ask("freeze", "explain", *asked, "--at", IN)
            assert (told.code, told.json["verdict"]) == (0, "ADMITTED" if admitted else "REFUSED")
            assert bool(told.json["way_past"]) is not admitted
        assert ask("gate", *asked[:2], "--scope", "platform", "--op", operation, "--at", OUT).code == 0


def test_a_strict_platform_at_the_gate(ask: Any, tmp_path: Path) -> None:
    """`read_only: strict`: owners' writes of the lower tiers are 10 in the window; the upper ones, and later, are 0."""
    strict = tmp_path / "strict.yaml"
    strict.write_text(SAMPLE.read_text().replace("platform:\n", "platform:\n  read_only: strict\n"))
    asked = ["gate", "--catalogue", str(strict), "--scope", "wedding:como", "--op", "content-update", "--at"]
    tiers = {"critical": 0, "high": 0, "medium": 10, "low": 10}
    assert {tier: ask(*asked, IN, "--tier", tier).code for tier in tiers} == tiers
    assert (ask(*asked, IN).code, ask(*asked, OUT, "--tier", "low").code) == (10, 0)
    refused = ask(*asked, IN, "--tier", "low")
    assert "content of the critical and high tiers is written at any time" in refused.out
    explain = ["freeze", "explain", "--catalogue", str(strict), "--wedding", "como", "--op", "content-update"]
    assert ask(*explain, "--at", IN, "--tier", "low", "--output", "json").json["verdict"] == "REFUSED"
    assert ask(*explain, "--at", IN, "--tier", "high", "--output", "json").json["verdict"] == "ADMITTED"


@pytest.mark.parametrize("name", ["stack-update", "stack-delete"])
@pytest.mark.parametrize("urn", [OWN_STACK, SHARED, CACHE], ids=["own", "shared", "regional"])
def test_at_the_hooks_of_the_stacks(compiled: Path, name: str, urn: str) -> None:
    """Updates and deletions of como's own, a shared and a regional resource are refused in the window, later not."""
    held = from_json(compiled.read_text())
    args = pulumi.ResourceHookArgs(urn=urn, id="i", name="n", type="t", old_inputs={"region": "eu-central-1"})
    with pytest.raises(freeze_hooks.FreezeInForce, match=f"REFUSED {name} of .*venue:como:2027-06-12"):
        freeze_hooks.Moment(held, parse_instant(IN)).refuse(Operation(name), args)
    freeze_hooks.Moment(held, parse_instant(OUT)).refuse(Operation(name), args)


def test_at_the_commands(saturday: Saturday) -> None:
    """What the table refuses ends with 10 and 0 mutating calls, names the window and the way past; the rest goes on."""
    before = len(saturday.cloud.mutations())
    for refused in (
        ["purge", "wedding:como", "--hard"],
        ["purge", "vendor:florist-7"],
        ["purge", "vendor:florist-7", "--hard"],
        ["purge", "page:schedule"],
        ["purge", "page:schedule", "wedding:como", "--hard"],
        ["failback", HOME],
    ):
        said = saturday(*refused, "--yes", "--output", "json")
        assert (said.code, said.json["error"]) == (10, "FreezeInForce"), refused
        assert "venue:como:2027-06-12 until 2027-06-13T0" in said.err
        assert "wedcache break-glass request --op" in said.err
        assert "nothing was changed" in said.err
    for admitted in (["purge", "wedding:como"], ["purge", "vendor:caterer-2", "--hard"], ["freeze", "push"]):
        assert saturday(*admitted, "--plan").code == 0, admitted
    others = saturday("purge", "vendor:florist-7", "--except-frozen", "--yes")
    assert (others.code, "nothing is left: como" in others.err) == (1, True)
    assert saturday("failover", HOME, "--yes").code == 1  # not lost: refused for that, never by a freeze
    assert len(saturday.cloud.mutations()) == before
    saturday.clock.set(parse_instant(OUT))
    for again in (["purge", "wedding:como", "--hard"], ["purge", "page:schedule"]):
        assert saturday(*again, "--plan").code == 0


def test_at_the_gate_with_a_plan(ask: Any, compiled: Path, tmp_path: Path) -> None:
    """A saved plan is judged step by step: creating passes; updating, replacing and deleting do not."""
    for urn in (OWN_STACK, SHARED, CACHE):
        for steps, code in (
            (["create"], 0),
            (["update"], 10),
            (["delete"], 10),
            (["replace", "create-replacement"], 10),
        ):
            plan = tmp_path / "plan.json"
            plan.write_text(json.dumps({"resourcePlans": {urn: {"goal": {"custom": True}, "steps": steps}}}))
            asked = ["gate", "--catalogue", str(compiled), "--plan", str(plan), "--at"]
            assert ask(*asked, IN).code == code, (urn, steps)
            assert ask(*asked, OUT).code == 0
