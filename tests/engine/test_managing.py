"""The verbs that run no program, and how the command line says no."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest

from sandbox.engine import refused
from sandbox.engine.arguments import parse
from sandbox.engine.install import install
from sandbox.engine.stop import Stop
from tests.engine.workbench import PASSPHRASE, Bench


def test_stacks_and_their_settings(bench: Bench) -> None:
    """init, select, ls, output, export, import, rm and the config verbs do what the CLI does, with its exit codes."""
    assert bench.run("stack", "init", "dev").code == 1
    assert bench.run("stack", "select", "nope").code == 6
    assert bench.run("preview", "-s", "nope").code == 6
    bench.must("stack", "init", "other")
    bench.must("stack", "select", "dev")
    listed = json.loads(bench.must("stack", "ls", "--json").out)
    assert [(row["name"], row["current"]) for row in listed] == [("dev", True), ("other", False)]
    bench.must("config", "set", "size", "3")
    bench.must("config", "set", "--secret", "password", "geheim")
    bench.must("config", "set", "aws:region", "eu-central-1")
    assert bench.must("config", "get", "password").out.strip() == "geheim"
    assert "geheim" not in (bench.folder / "Pulumi.dev.yaml").read_text()
    assert json.loads(bench.must("config", "--json").out)["demo:password"] == {"secret": True}
    assert bench.run("config", "get", "nope").code == 1
    bench.program(
        'c = pulumi.Config()\npulumi.export("size", c.require_int("size"))\n'
        'pulumi.export("word", c.require_secret("password"))\nThing("a", {"x": 1})\n'
    )
    up = bench.must("up", "--yes", "--skip-preview", "--config-file", "Pulumi.dev.yaml")
    configured = next(call for call in up.calls if call.method == "Configure")
    assert configured.detail["args"] == {"region": "eu-central-1", "version": "7.51.1"}
    assert json.loads(bench.must("stack", "output", "--json").out) == {"size": 3, "word": "[secret]"}
    assert bench.must("stack", "output", "word", "--show-secrets").out.strip() == "geheim"
    assert bench.run("stack", "output", "nope").code == 1
    wrong = bench.run("stack", "output", "word", "--show-secrets", PULUMI_CONFIG_PASSPHRASE="wrong")
    assert wrong.code == 1
    assert "incorrect passphrase" in wrong.err
    bench.must("stack", "export", "--file", "export.json")
    assert bench.run("stack", "rm", "dev", "--yes").code == 1
    bench.must("destroy", "--yes", "--skip-preview")
    bench.must("stack", "import", "--file", "export.json")
    assert "a" in bench.resources()
    bench.must("config", "rm", "size")
    assert "size" not in (bench.folder / "Pulumi.dev.yaml").read_text()
    bench.must("stack", "rm", "other", "--yes")
    assert not (bench.folder / "Pulumi.other.yaml").exists()


def test_the_passphrase_may_come_from_a_file(standin: Bench) -> None:
    """PULUMI_CONFIG_PASSPHRASE_FILE serves where the passphrase is not set; without either the reason is said."""
    (standin.folder / "secret").write_text(PASSPHRASE + "\n")
    standin.must("config", "set", "--secret", "word", "geheim")
    environ = standin.environ(PULUMI_CONFIG_PASSPHRASE_FILE=str(standin.folder / "secret"))
    del environ["PULUMI_CONFIG_PASSPHRASE"]
    command = [*standin.command, "config", "get", "word"]
    got = subprocess.run(command, cwd=standin.folder, env=environ, capture_output=True, text=True, check=True)
    assert got.stdout.strip() == "geheim"
    del environ["PULUMI_CONFIG_PASSPHRASE_FILE"]
    none = subprocess.run(command, cwd=standin.folder, env=environ, capture_output=True, text=True, check=False)
    assert none.returncode == 1
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" in none.stderr


def test_consent_is_asked_for(bench: Bench) -> None:
    """Without --yes nothing is changed in a script; the exit code is the CLI's."""
    bench.program("")
    assert bench.run("up").code == 2


@pytest.mark.parametrize("feature", [name for name in refused.TABLE if name.startswith("--")])
def test_flags_of_the_table_are_refused(feature: str) -> None:
    """Every flag that we do not do is refused by name and says what to install."""
    with pytest.raises(Stop, match="install the Pulumi CLI"):
        parse(["up", f"{feature}=x"])


@pytest.mark.parametrize("verb", ["refresh", "import", "state", "stack history", "policy"])
def test_verbs_of_the_table_are_refused(verb: str) -> None:
    """Every verb that we do not do is refused by name and says what to install."""
    with pytest.raises(Stop, match="install the Pulumi CLI"):
        parse(verb.split())


def test_what_is_unknown_is_called_unknown() -> None:
    """Misspelt verbs and flags are errors, not refusals."""
    with pytest.raises(Stop, match="unknown flag: --bogus"):
        parse(["up", "--bogus"])
    with pytest.raises(Stop, match='unknown command "bogus"'):
        parse(["bogus"])


@pytest.mark.parametrize(
    ("program", "what"),
    [
        ('pulumi.StackReference("organization/demo/other")', "StackReference"),
        ('Thing("a", {}, pulumi.ResourceOptions(import_="a-1"))', "the import_ option"),
        ('pulumi.CustomResource("gcp:x/y:Z", "z", {})', "not attached by PULUMI_DEBUG_PROVIDERS"),
    ],
)
def test_what_programs_may_not_ask_for(standin: Bench, program: str, what: str) -> None:
    """A program that needs more than the stand-in does is told what to install, and nothing is changed."""
    standin.program(program)
    ran = standin.run("up", "--yes", "--skip-preview")
    assert ran.code == 1
    assert what in ran.err
    assert "install the Pulumi CLI (ENGINE=pulumi)" in ran.err
    assert "Create" not in {call.method for call in ran.calls}


def test_the_command_steps_back_for_a_real_cli(tmp_path: Path) -> None:
    """`install` writes an executable that answers `version`, and writes nothing where PATH has a real CLI."""
    script = install(tmp_path / "bin", {"PATH": str(tmp_path)})
    assert script is not None
    version = subprocess.run([script, "version"], capture_output=True, text=True, check=True)
    assert version.stdout == "v3.250.0+standin\n"
    assert "stand-in" in version.stderr
    assert install(tmp_path / "bin", {"PATH": str(tmp_path / "bin")}) == script
    real = tmp_path / "real" / "pulumi"
    real.parent.mkdir()
    real.write_text("#!/bin/sh\n")
    real.chmod(real.stat().st_mode | stat.S_IXUSR)
    assert install(tmp_path / "other", {"PATH": str(real.parent)}) is None
    assert not (tmp_path / "other").exists()
