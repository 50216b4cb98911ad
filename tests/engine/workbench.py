"""A project in a folder of its own, a provider in memory, and one of the two engines to run on them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.engine.backend import Selection
from sandbox.engine.install import is_standin
from sandbox.engine.program import RECEPTION
from tests.engine.memory_provider import Call, Serving

ROOT = Path(__file__).resolve().parents[2]
STACK = "organization/demo/dev"
PASSPHRASE = "a passphrase for tests"
PREAMBLE = """import pulumi
class Thing(pulumi.CustomResource):
    def __init__(self, name, props=None, opts=None):
        super().__init__("aws:test/thing:Thing", name, {**(props or {}), "arn": None, "secretToken": None}, opts)
"""
_VOLATILE = {"time", "created", "modified", "sourcePosition", "stackTrace", "ciphertext", "salt", "seed"}
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def real_cli() -> Path | None:
    """The real Pulumi CLI on PATH, if there is one."""
    found = shutil.which("pulumi")
    return Path(found) if found and not is_standin(Path(found)) else None


def engine_command(engine: str) -> list[str]:
    """How the engine is started."""
    return [str(real_cli())] if engine == "pulumi" else [sys.executable, "-m", "sandbox.engine"]


@dataclass(frozen=True)
class Ran:
    """One command that has ended."""

    code: int
    out: str
    err: str
    calls: list[Call]

    @property
    def text(self) -> str:
        """Everything it printed."""
        return self.out + self.err

    def summary(self) -> list[str]:
        """The provider calls of resources, in order; those of previews with a question mark."""
        wanted = {"Check", "Diff", "Create", "Update", "Delete", "Invoke"}
        return [
            f"{call.method}{'?' if call.detail.get('preview') else ''} {call.name}"
            for call in self.calls
            if call.method in wanted
        ]


class Bench:
    """A project `demo` with stack `dev` in `folder`, to be worked on by one engine."""

    def __init__(
        self, folder: Path, serving: Serving, engine: str, template: Path | None = None, reception: str = ""
    ) -> None:
        self.folder = folder
        self.serving = serving
        self.provider = serving.provider
        self.command = engine_command(engine)
        self.reception = reception
        if template is not None:
            shutil.copytree(template, folder)
            url = f"file://{folder}/state"
            Selection({"PULUMI_HOME": str(folder / "home")}, "demo", folder / "Pulumi.yaml", url).set(STACK)
            return
        (folder / "state").mkdir(parents=True)
        options = {"toolchain": "pip", "virtualenv": str(Path(sys.executable).parent.parent)}
        project = {"name": "demo", "runtime": {"name": "python", "options": options}}
        (folder / "Pulumi.yaml").write_text(json.dumps(project))

    def program(self, text: str) -> None:
        """Write the program; `Thing` is at hand.

        The bytecode of the program before it goes: Python takes a file of the same size and second for the same file.
        """
        shutil.rmtree(self.folder / "__pycache__", ignore_errors=True)
        (self.folder / "__main__.py").write_text(PREAMBLE + text)

    def environ(self, **more: str) -> dict[str, str]:
        """The environment of a command."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
        return {
            **kept,
            "PYTHONPATH": str(ROOT),
            "PULUMI_BACKEND_URL": f"file://{self.folder}/state",
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DEBUG_PROVIDERS": f"aws:{self.serving.port},cloudflare:{self.serving.port}",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            **({RECEPTION: self.reception} if self.reception else {}),
            **more,
        }

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start a command without waiting for it."""
        return subprocess.Popen(
            [*self.command, *arguments],
            cwd=self.folder,
            env=self.environ(**environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environ: str) -> Ran:
        """Run one command to its end."""
        self.provider.calls.clear()
        process = self.start(*arguments, **environ)
        out, err = process.communicate(timeout=120)
        return Ran(process.returncode, out, err, list(self.provider.calls))

    def must(self, *arguments: str, **environ: str) -> Ran:
        """Run one command that succeeds."""
        ran = self.run(*arguments, **environ)
        assert ran.code == 0, ran.text
        return ran

    def state(self) -> dict[str, Any]:
        """The checkpoint's deployment; {} for an empty stack."""
        data = json.loads((self.folder / "state/.pulumi/stacks/demo/dev.json").read_text())
        return dict(data["checkpoint"].get("latest") or {})

    def resources(self) -> dict[str, dict[str, Any]]:
        """The recorded resources by name; a replaced one that awaits its deletion as `<name> (old)`."""
        found = self.state().get("resources") or []
        return {r["urn"].split("::")[3] + (" (old)" if r.get("delete") else ""): r for r in found}


def normalised(data: Any) -> Any:
    """A state or a call without what differs from run to run: times, random ids, ciphertexts, source positions."""
    if isinstance(data, dict):
        cleaned = {key: normalised(value) for key, value in data.items() if key not in _VOLATILE}
        return {key: sorted(value) if _is_urns(key, value) else value for key, value in cleaned.items()}
    if isinstance(data, list):
        return [normalised(item) for item in data]
    return _UUID.sub("<uuid>", data) if isinstance(data, str) else data


def _is_urns(key: str, value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value) and key != "steps"
