"""The stand-in against the real CLI: equal calls in every detail, equal states, each goes on with the other's stack.

Collected only with ENGINE=pulumi and a real CLI on PATH (see conftest).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.memory_provider import Serving
from tests.engine.workbench import Bench, engine_command, normalised

HOOKED = """
def watch(args):
    print("saw", args.name)
hook = pulumi.ResourceHook("watch", watch)
bound = pulumi.ResourceHookBinding(before_update=[hook], before_delete=[hook])
def guard(args):
    if args.custom:
        opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(hooks=bound))
        return pulumi.ResourceTransformResult(props={**args.props, "tag": "t"}, opts=opts)
pulumi.runtime.register_resource_transform(guard)
"""
CHAIN = """
a = Thing("a", {"x": 1, "forceNew": "FORCE", "list": [1, True, {"k": "v"}], "none": None})
hidden = pulumi.Output.secret({"deep": ["s3cr3t"]})
b = Thing("b", {"from": a.arn, "y": hidden}, pulumi.ResourceOptions(protect=PROTECT))
class Group(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("my:group:Group", name, {"size": 2}, opts)
        opts = pulumi.ResourceOptions(parent=self, ignore_changes=["x"])
        self.kid = Thing(f"{name}-kid", {"after": b.arn}, opts)
        self.register_outputs({"kid": self.kid.arn, "hidden": pulumi.Output.secret("s")})
group = Group("group", pulumi.ResourceOptions(depends_on=[b]))
class Aws(pulumi.ProviderResource):
    def __init__(self, name, props):
        super().__init__("aws", name, props)
east = Aws("east", {"region": "r1", "token": pulumi.Output.secret("t0ken"), "made": group.kid.arn})
opts = pulumi.ResourceOptions(depends_on=[group], provider=east)
d = Thing("d", {"kid": group.kid.arn, "token": group.kid.secretToken}, opts)
config = pulumi.Config()
pulumi.export("d", d.arn)
pulumi.export("size", config.get("size"))
pulumi.export("password", config.get_secret("password"))
"""


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Bench, Bench]]:
    """The same empty project twice: for the stand-in and for the real CLI, each with a provider of its own."""
    servings = [Serving(), Serving()]
    benches = []
    for serving, engine in zip(servings, ("standin", "pulumi"), strict=True):
        serving.provider.behaviour.secret_outputs = True
        made = Bench(tmp_path / engine / "project", serving, engine)
        made.must("stack", "init", "dev")
        benches.append(made)
    yield benches[0], benches[1]
    for serving in servings:
        serving.close()


def _same(both: tuple[Bench, Bench], *arguments: str, code: int = 0) -> None:
    """Run one command on both and compare code, calls and state."""
    ours, theirs = both
    ran, wanted = ours.run(*arguments), theirs.run(*arguments)
    assert (ran.code, wanted.code) == (code, code), ran.text + wanted.text
    assert _calls(ran.calls) == _calls(wanted.calls), ran.text + wanted.text
    assert normalised(ours.state()) == normalised(theirs.state())


def _calls(calls: list[Any]) -> list[Any]:
    return [(call.method, call.name, normalised(call.detail)) for call in calls]


def _program(both: tuple[Bench, Bench], text: str, *, force: str = "1", protect: str = "False") -> None:
    for bench in both:
        bench.program(text.replace("FORCE", force).replace("PROTECT", protect))


def test_a_life_of_a_stack(both: tuple[Bench, Bench]) -> None:
    """Create, nothing, replace, protect, shrink, destroy: call for call and state for state the same."""
    for bench in both:
        bench.must("config", "set", "size", "3")
        bench.must("config", "set", "--secret", "password", "geheim")
    _program(both, HOOKED + CHAIN)
    _same(both, "up", "--yes")
    _same(both, "up", "--yes", "--skip-preview")
    _program(both, HOOKED + CHAIN, force="2")
    _same(both, "up", "--yes", "--skip-preview")
    _program(both, HOOKED + CHAIN, force="2", protect="True")
    _same(both, "up", "--yes", "--skip-preview")
    _program(both, HOOKED + CHAIN.partition("hidden = ")[0], force="2")
    _same(both, "up", "--yes", "--skip-preview", code=1)
    _program(both, HOOKED + CHAIN, force="2")
    _same(both, "up", "--yes", "--skip-preview")
    _program(both, HOOKED + CHAIN.partition("class")[0], force="3")
    _same(both, "up", "--yes", "--skip-preview")
    _same(both, "destroy", "--yes", "--run-program")


def test_failures_leave_the_same_state(both: tuple[Bench, Bench]) -> None:
    """A resource half made, a delete that fails after a replacement, an error in the log: the same afterwards."""
    _program(both, CHAIN)
    for bench in both:
        bench.provider.behaviour.detailed = True
        bench.provider.behaviour.half["a"] = "the vendor is slow"
    _same(both, "up", "--yes", "--skip-preview", code=1)
    for bench in both:
        bench.provider.behaviour.half.clear()
    _same(both, "up", "--yes", "--skip-preview")
    for bench in both:
        bench.provider.behaviour.fail[("Delete", "a")] = "in use"
    _program(both, CHAIN, force="2")
    _same(both, "up", "--yes", "--skip-preview", code=1)
    for bench in both:
        bench.provider.behaviour.fail.clear()
    _same(both, "up", "--yes", "--skip-preview")
    _program(both, 'pulumi.log.error("only said")\n' + CHAIN, force="2")
    ours, theirs = (bench.run("up", "--yes", "--skip-preview") for bench in both)
    assert ours.code == theirs.code


def test_a_provider_that_takes_no_secrets(both: tuple[Bench, Bench]) -> None:
    """A provider without Handshake that takes no secrets gets plain values, and the state has them sealed."""
    for bench in both:
        bench.provider.behaviour.plain = True
    _program(both, CHAIN)
    _same(both, "up", "--yes")
    _same(both, "up", "--yes", "--skip-preview")
    assert "s3cr3t" not in json.dumps(both[0].state())


def test_saved_plans_are_the_same(both: tuple[Bench, Bench]) -> None:
    """A saved plan has the same content, and each engine is held to the plan of the other."""
    _program(both, CHAIN)
    for bench in both:
        bench.must("preview", "--save-plan", "plan.json")
    plans = [json.loads((bench.folder / "plan.json").read_text())["resourcePlans"] for bench in both]
    assert normalised(plans[0]) == normalised(plans[1])
    for bench, other in zip(both, ("pulumi", "standin"), strict=True):
        bench.command = engine_command(other)
        bench.must("up", "--yes", "--skip-preview", "--plan", "plan.json")
    assert normalised(both[0].state()) == normalised(both[1].state())


def test_each_goes_on_with_the_stack_of_the_other(both: tuple[Bench, Bench]) -> None:
    """State, secrets and hooks written by one engine are read by the other; nothing changes by it."""
    ours, theirs = both
    ours.program(HOOKED + CHAIN.replace("FORCE", "1").replace("PROTECT", "False"))
    ours.must("config", "set", "--secret", "password", "geheim")
    ours.must("up", "--yes", "--skip-preview")
    ours.command = engine_command("pulumi")
    ours.must("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert ours.must("stack", "output", "password", "--show-secrets").out.strip() == "geheim"
    assert ours.must("config", "get", "password").out.strip() == "geheim"
    ours.provider.behaviour.fail[("Create", "a")] = "no"
    ours.program(HOOKED + CHAIN.replace("FORCE", "2").replace("PROTECT", "False"))
    assert ours.run("up", "--yes", "--skip-preview").code == 1
    ours.provider.behaviour.fail.clear()
    ours.command = engine_command("standin")
    ours.must("up", "--yes", "--skip-preview")
    ours.must("up", "--yes", "--skip-preview", "--expect-no-changes")
    exported = ours.must("stack", "export").out
    (theirs.folder / "export.json").write_text(exported)
    shutil.copyfile(ours.folder / "Pulumi.dev.yaml", theirs.folder / "Pulumi.dev.yaml")
    theirs.must("stack", "import", "--file", "export.json")
    assert theirs.must("stack", "output", "password", "--show-secrets").out.strip() == "geheim"
