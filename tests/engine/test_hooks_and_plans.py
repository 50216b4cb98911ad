"""The freeze's footing: hooks refuse in the preview, in the CLI's words, and a saved plan is held to."""

from __future__ import annotations

import json

from tests.engine.workbench import Bench

FROZEN = """
def refuse(args):
    raise Exception(f"frozen until Sunday: {args.name} {sorted(args.old_inputs or {})}")
freeze = pulumi.ResourceHook("freeze", refuse, pulumi.ResourceHookOptions(on_dry_run=True))
bound = pulumi.ResourceHookBinding(before_update=[freeze], before_delete=[freeze])
def guard(args):
    if args.type_.startswith("aws:"):
        more = pulumi.ResourceOptions(hooks=bound, protect=True)
        return pulumi.ResourceTransformResult(args.props, pulumi.ResourceOptions.merge(args.opts, more))
pulumi.runtime.register_resource_transform(guard)
"""
FREE = 'Thing("free", {"x": FREE})\n'
THINGS = """
a = Thing("a", {"x": XX, "forceNew": FORCE})
"""


def _program(bench: Bench, text: str, xx: str = "1", force: str = "1") -> None:
    bench.program(text.replace("XX", xx).replace("FORCE", force))


def test_a_freeze_admits_creations_and_refuses_the_rest_in_the_preview(bench: Bench) -> None:
    """Creations pass; update, replacement and deletion are refused before any call that changes something."""
    _program(bench, FROZEN + THINGS)
    bench.must("up", "--yes", "--skip-preview")
    assert bench.resources()["a"]["resourceHooks"] == {"BeforeUpdate": ["freeze"], "BeforeDelete": ["freeze"]}
    assert bench.resources()["a"]["protect"] is True
    _program(bench, FROZEN + THINGS, xx="2")
    updated = bench.run("up", "--yes")
    assert updated.code == 1
    reason = """before hook "freeze" failed: frozen until Sunday: a ['forceNew', 'x']"""
    assert f"error: Preview failed: {reason}" in updated.text
    assert updated.summary() == ["Check a", "Diff a"]
    _program(bench, FROZEN + THINGS, force="2")
    replaced = bench.run("up", "--yes")
    assert replaced.code == 1
    assert "unable to replace resource" in replaced.text
    assert "Create a" not in replaced.summary()
    _program(bench, FROZEN)
    deleted = bench.run("up", "--yes", "--skip-preview")
    assert deleted.code == 1
    assert f"error: {reason}" in deleted.text
    assert deleted.summary() == []
    deaf = bench.run("destroy", "--yes")
    assert deaf.code == 1
    assert "Resource has delete hooks registered, but the program is not running. Hooks: freeze" in deaf.text
    assert "You must run with the `--run-program` flag to use delete hooks during destroy." in deaf.text
    refused = bench.run("destroy", "--yes", PULUMI_RUN_PROGRAM="true")
    assert refused.code == 1
    assert f"error: Preview failed: {reason}" in refused.text
    assert len(bench.provider.objects) == 1
    bench.program("")
    forgotten = bench.run("up", "--yes", "--skip-preview")
    assert forgotten.code == 1
    assert 'error: hook "freeze" was not registered' in forgotten.text


def test_an_update_is_held_to_its_saved_plan(bench: Bench) -> None:
    """What the preview promised passes; anything else stops before its call, a missing step is reported."""
    text = THINGS + 'b = Thing("b", {"from": a.arn})\n'
    _program(bench, text)
    bench.must("preview", "--save-plan=plan.json")
    plan = json.loads((bench.folder / "plan.json").read_text())["resourcePlans"]
    assert plan["urn:pulumi:dev::demo::aws:test/thing:Thing::a"]["steps"] == ["create"]
    bench.must("up", "--yes", "--skip-preview", "--plan=plan.json")
    bench.must("preview", "--save-plan=none.json")
    _program(bench, text, xx="2")
    violated = bench.run("up", "--yes", "--plan=none.json")
    assert violated.code == 1
    assert "violates plan: properties changed: =~x[{2}]" in violated.text
    assert violated.summary() == ["Check a"]
    _program(bench, text + 'Thing("c", {"x": b.arn})\n')
    extra = bench.run("up", "--yes", "--skip-preview", "--plan=none.json")
    assert extra.code == 1
    assert "create is not allowed by the plan: no steps were expected for this resource" in extra.text
    assert "Create c" not in extra.summary()
    _program(bench, THINGS, xx="2")
    bench.must("preview", "--save-plan=change.json")
    changed = bench.must("up", "--yes", "--skip-preview", "--plan=change.json")
    assert changed.summary()[-2:] == ["Update a", "Delete b"]
