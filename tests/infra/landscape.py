"""The project's own Pulumi programs on the stand-in engine, against a provider in memory: what they declare is read
from the state that the engine keeps.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2_grpc
from ruamel.yaml import YAML

from sandbox.engine.program import RECEPTION
from tests.engine.memory_provider import Call, MemoryProvider

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "a passphrase for tests"
AWARE = ("aws:", "cloudflare:")


class Cloud(MemoryProvider):
    """The provider in memory, with the outputs that the programs go on with."""

    def _outputs(self, properties: dict[str, Any], identifier: str) -> struct_pb2.Struct:
        made = super()._outputs(properties, identifier)
        if identifier:
            made.update({f"{role}EndpointAddress": f"{role}.{identifier}" for role in ("primary", "reader")})
            made.update({"port": 6379.0, "domainName": f"{identifier}.cloudfront.net"})
            made.update({"routingEndpoint": f"{identifier}.cloudfront.net"})
        return made


class Served:
    """`Cloud` behind a port of 127.0.0.1; `close()` ends it. Programs start at `reception`, a socket's path."""

    def __init__(self, reception: str) -> None:
        self.cloud = Cloud()
        self.reception = reception
        self._pool = futures.ThreadPoolExecutor(max_workers=16)
        self._server = grpc.server(self._pool)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self.cloud, self._server)
        self.port = int(self._server.add_insecure_port("127.0.0.1:0"))
        self._server.start()

    def close(self) -> None:
        self._server.stop(None).wait(5)
        self._pool.shutdown(wait=True)


@dataclass(frozen=True)
class Ran:
    """One command of the engine that has ended, and what the provider was asked to change."""

    code: int
    text: str
    changes: list[Call]


class Stack:
    """One stack of one of the two projects, laid out in `folder` with a configuration of its own."""

    def __init__(self, folder: Path, served: Served, source: Path, stack: str, config: Mapping[str, object]) -> None:
        self.folder, self.stack, self._served = folder, stack, served
        folder.mkdir(parents=True)
        (folder / "backend").mkdir()
        yaml = YAML()
        project = yaml.load((source / "Pulumi.yaml").read_text())
        project["runtime"]["options"]["virtualenv"] = str(Path(sys.executable).parent.parent)
        self.project = str(project["name"])
        with (folder / "Pulumi.yaml").open("w") as file:
            yaml.dump(project, file)
        program = str(project.get("main", "__main__.py"))
        (folder / program).symlink_to(source / program)
        shutil.copy(source / f"Pulumi.{stack}.yaml", folder / f"Pulumi.{stack}.yaml")
        self.set(config)
        self.run("stack", "init", stack)

    def set(self, config: Mapping[str, object]) -> None:
        """Change configuration values, as an edit of the stack's file."""
        yaml, path = YAML(), self.folder / f"Pulumi.{self.stack}.yaml"
        document = yaml.load(path.read_text())
        document["config"].update({f"{self.project}:{key}": value for key, value in config.items()})
        with path.open("w") as file:
            yaml.dump(document, file)

    def run(self, *arguments: str) -> Ran:
        """Run one command of the engine to its end."""
        self._served.cloud.calls.clear()
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "PYTHONDONTWRITE"))}
        attached = f"aws:{self._served.port},cloudflare:{self._served.port}"
        done = subprocess.run(
            [sys.executable, "-m", "sandbox.engine", *arguments],
            cwd=self.folder,
            env={
                **kept,
                "PYTHONPATH": str(ROOT),
                "PULUMI_BACKEND_URL": f"file://{self.folder}/backend",
                "PULUMI_HOME": str(self.folder / "home"),
                "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
                "PULUMI_DEBUG_PROVIDERS": attached,
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                RECEPTION: self._served.reception,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        changing = [
            call
            for call in self._served.cloud.calls
            if call.method in ("Create", "Update", "Delete") and not call.detail.get("preview")
        ]
        return Ran(done.returncode, done.stdout + done.stderr, changing)

    def up(self) -> Ran:
        """`up` without its preview, which has to end well."""
        ran = self.run("up", "--yes", "--skip-preview")
        assert ran.code == 0, ran.text
        return ran

    def resources(self) -> list[dict[str, Any]]:
        """What the engine recorded, as ResourceV3."""
        kept = self.folder / f"backend/.pulumi/stacks/{self.project}/{self.stack}.json"
        return list(json.loads(kept.read_text())["checkpoint"]["latest"]["resources"])

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        root = next(row for row in self.resources() if row["type"] == "pulumi:pulumi:Stack")
        return dict(root["outputs"])


@dataclass(frozen=True)
class Declared:
    """The recorded resources of one stack."""

    rows: tuple[dict[str, Any], ...]

    @property
    def urns(self) -> list[str]:
        """Every URN but the default providers', sorted."""
        return sorted(row["urn"] for row in self.rows if not row["type"].startswith("pulumi:providers:"))

    @property
    def clouds(self) -> list[dict[str, Any]]:
        """The resources of the vendors."""
        return [row for row in self.rows if row["type"].startswith(AWARE)]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The resources whose type ends so."""
        return [row for row in self.rows if row["type"].endswith(f":{kind}")]

    def inputs(self, kind: str) -> list[dict[str, Any]]:
        """Their inputs."""
        found = [row["inputs"] for row in self.of(kind)]
        assert found, f"no {kind} is declared"
        return found
