"""What `up`, `preview` and `destroy` do to a stack, call by call; also run on the real CLI where there is one."""

from __future__ import annotations

import json

from tests.engine.workbench import Bench

CHAIN = """
a = Thing("a", {"x": 1, "forceNew": "1"})
b = Thing("b", {"from": a.arn, "y": "open"})
c = Thing("c", {"forceNew": b.arn})
pulumi.export("b", b.arn)
"""
SECRET = CHAIN.replace('"open"', 'pulumi.Output.secret("s3cr3t")') + 'pulumi.export("y", pulumi.Output.secret("hush"))'


def test_create_then_nothing_then_update_then_delete(bench: Bench) -> None:
    """Up creates in order, a second up changes nothing, a change updates one, destroy deletes dependents first."""
    bench.program(SECRET)
    created = bench.must("up", "--yes", "--non-interactive")
    checks = [f"{method} {name}" for name in "abc" for method in ("Check", "Create?")]
    assert created.summary() == checks + [line.replace("?", "") for line in checks]
    assert [call.method for call in created.calls[:5]] == [
        "Handshake", "Attach", "GetPluginInfo", "CheckConfig", "Configure",
    ]  # fmt: skip
    assert created.calls[-1].method == "Cancel"
    assert bench.resources()["c"]["inputs"] == {"forceNew": "arn:b-2"}
    assert not {"s3cr3t", "hush"} & set(json.dumps(bench.state()).replace('"', " ").split())
    unchanged = bench.must("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert unchanged.summary() == ["Check a", "Diff a", "Check b", "Diff b", "Check c", "Diff c"]
    bench.program(SECRET.replace('"x": 1', '"x": 2'))
    updated = bench.must("up", "--yes", "--skip-preview")
    assert updated.summary() == ["Check a", "Diff a", "Update a", "Check b", "Diff b", "Check c", "Diff c"]
    destroyed = bench.must("destroy", "--yes")
    assert destroyed.summary() == ["Delete c", "Delete b", "Delete a"]
    assert bench.state().get("resources") is None
    assert bench.provider.objects == {}


def test_replacements_of_both_kinds(bench: Bench) -> None:
    """A replacement creates first and deletes last; delete-before-replace takes the dependents that must go along."""
    bench.program(CHAIN)
    bench.must("up", "--yes", "--skip-preview")
    bench.program(CHAIN.replace('"forceNew": "1"', '"forceNew": "2"'))
    replaced = bench.must("up", "--yes", "--skip-preview")
    assert replaced.summary() == [
        "Check a", "Diff a", "Check a", "Create a", "Check b", "Diff b", "Update b", "Check c", "Diff c", "Delete a",
    ]  # fmt: skip
    bench.provider.behaviour.replace_on.add("z")
    first = '"z": 1, "y": "open"}, pulumi.ResourceOptions(delete_before_replace=True))'
    changed = CHAIN.replace('"y": "open"})', first).replace('"forceNew": "1"', '"forceNew": "2"')
    bench.program(changed)
    plan = json.loads(bench.must("preview", "--json").out)
    steps = {step["urn"].split("::")[3]: step["op"] for step in plan["steps"]}
    assert steps == {"demo-dev": "same", "b": "replace", "c": "replace"}
    assert plan["changeSummary"] == {"same": 2, "replace": 2}
    gone = bench.must("up", "--yes", "--skip-preview")
    assert gone.summary() == [
        "Check a", "Diff a", "Check b", "Diff b", "Check b", "Diff c", "Delete c", "Delete b", "Create b",
        "Check c", "Create c",
    ]  # fmt: skip
    assert len(bench.provider.objects) == 3


def test_a_failure_keeps_what_was_done(bench: Bench) -> None:
    """After a provider's failure the state holds what exists, the next up goes on from there, and no traceback is
    ours.
    """
    bench.program(CHAIN)
    bench.provider.behaviour.fail[("Create", "b")] = "the vendor says no"
    failed = bench.run("up", "--yes", "--skip-preview")
    assert failed.code == 1
    assert "error: the vendor says no" in failed.text
    assert {"a"} <= set(bench.resources())
    assert not {"b", "c"} & set(bench.resources())
    assert bench.state().get("pending_operations") is None
    bench.provider.behaviour.fail.clear()
    assert bench.must("up", "--yes", "--skip-preview").summary()[:4] == ["Check a", "Diff a", "Check b", "Create b"]
    bench.provider.behaviour.fail[("Delete", "b")] = "still in use"
    assert bench.run("destroy", "--yes", "--skip-preview").code == 1
    assert {"a", "b"} <= set(bench.resources())
    assert "c" not in bench.resources()


def test_refusals_of_a_provider_and_of_the_engine(bench: Bench) -> None:
    """A Check failure, a duplicate name and an exception each end the preview with their own words and no change."""
    bench.program('Thing("a", {"x": 3})')
    bench.provider.behaviour.refuse["a"] = ("x", "must be even")
    refused = bench.run("preview")
    assert refused.code == 1
    assert "aws:test/thing:Thing resource 'a': property x value {3} has a problem: must be even" in refused.text
    assert refused.summary() == ["Check a"]
    bench.provider.behaviour.refuse.clear()
    bench.program('Thing("a", {"x": 1})\nThing("a", {"x": 1})')
    twice = bench.run("preview")
    assert twice.code == 1
    assert (
        "Duplicate resource URN 'urn:pulumi:dev::demo::aws:test/thing:Thing::a'; try giving it a unique name"
        in twice.text
    )
    bench.program('raise ValueError("boom")')
    raised = bench.run("up", "--yes")
    assert raised.code == 1
    assert "Program failed with an unhandled exception" in raised.text
    assert "ValueError: boom" in raised.text
    assert bench.provider.objects == {}


def test_options_of_resources(bench: Bench) -> None:
    """ignore_changes, retain_on_delete, aliases, parents, time-outs, secret outputs and explicit providers hold."""
    text = """
from pulumi import ResourceOptions as O
class Group(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("my:group:Group", name, {}, opts)
        self.kid = Thing(f"{name}-kid", {"x": 1}, O(parent=self))
        self.register_outputs({"kid": self.kid.arn})
class Aws(pulumi.ProviderResource):
    def __init__(self, name, props):
        super().__init__("aws", name, props)
east = Aws("east", {"region": "us-east-1", "token": pulumi.Output.secret("t0ken")})
ignored = Thing("ignored", {"x": VALUE, "y": VALUE}, O(ignore_changes=["x"], provider=east))
slow = pulumi.CustomTimeouts(create="1m30s")
kept = Thing("kept", {"after": ignored.arn}, O(retain_on_delete=True, custom_timeouts=slow))
secret = Thing("secret", {"after": kept.arn}, O(additional_secret_outputs=["arn"]))
group = Group("NAME", O(ALIAS, depends_on=[secret]))
pulumi.export("kid", group.kid.arn)
"""
    bench.program(text.replace("VALUE", "1").replace("NAME", "one").replace("ALIAS, ", ""))
    created = bench.must("up", "--yes", "--skip-preview")
    assert [call.detail["timeout"] for call in created.calls if call.name == "kept" and call.method == "Create"] == [90]
    assert len([call for call in created.calls if call.method == "Handshake"]) == 2
    configured = [call.detail["variables"] for call in created.calls if call.method == "Configure"]
    assert {"aws:config:region": "us-east-1", "aws:config:token": "t0ken"} in configured
    recorded = bench.resources()
    assert "t0ken" not in json.dumps(bench.state())
    assert set(recorded["secret"]["outputs"]["arn"]) > {"ciphertext"}
    assert recorded["one-kid"]["parent"].endswith("my:group:Group::one")
    assert recorded["one"]["outputs"] == {"kid": "arn:one-kid-4"}
    alias = 'aliases=[pulumi.Alias(name="one")], '
    bench.program(text.replace("VALUE", "2").replace("NAME", "two").replace("ALIAS, ", alias))
    changed = bench.must("up", "--yes", "--skip-preview")
    assert [line for line in changed.summary() if line.split()[0] in ("Create", "Update", "Delete")] == [
        "Update ignored"
    ]
    update = next(call for call in changed.calls if call.method == "Update")
    assert update.detail["news"] == {"x": 1.0, "y": 2.0}
    assert bench.resources()["two-kid"]["id"] == "one-kid-4"
    bench.must("destroy", "--yes", "--skip-preview")
    assert set(bench.provider.objects) == {"kept-2"}
