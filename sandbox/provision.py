"""Provisions the sandbox with the project's own Pulumi programs, as a user would: two projects, two stacks.

The programs run from a copy of the project files in the run folder, so that configuration with this run's ports and
account never touches the project's own files. The programs themselves are the real ones, by symbolic link.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from controlplane.adapters.system import catalogue_file
from controlplane.domain.instant import zulu
from controlplane.domain.slots import SLOT, next_slot
from sandbox import engine_choice, people, programs
from sandbox.cloudflare.permissions import ACCOUNT, AREAS, ZONE, group_id
from sandbox.engine.program import RECEPTION
from sandbox.processes import marked
from sandbox.run import Run
from sandbox.world import PROJECT, World, world_of

PASSPHRASE = "the sandbox keeps no secrets"
CERTIFICATE_REGION = "us-east-1"
TIMEOUT_SECONDS = 300.0
INTERRUPT_SECONDS = 5.0
"""An interrupted engine saves its state first."""
CI_WRITES = {
    ZONE: ("zone", "zone_settings", "dns", "cache_settings", "transform", "load_balancers"),
    ACCOUNT: ("pools",),
}
"""Scope -> the areas of Cloudflare's API that the programs write."""
Stack = tuple[str, str]
"""(project folder, stack)."""
PLATFORM: Stack = ("platform", "sandbox")
WEDDING: Stack = ("weddings", "como")
"""The wedding whose doors are knocked at."""


@dataclass(frozen=True)
class Ran:
    """What one call of the engine gave."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def text(self) -> str:
        """Everything that it said."""
        return f"{self.out}\n{self.err}"


class Workspace:
    """The two project folders of a run and the way into Pulumi."""

    def __init__(self, run: Run, engine: str = "stand-in", sources: Path = PROJECT) -> None:
        self.run = run
        self.engine = engine
        self._programs = sources
        self.state = run.folder.resolve() / "state"

    def write(self, certificate: str) -> None:
        """Lay out both projects with this run's endpoints."""
        registry, world = self.run.read(), world_of(self.run)
        platform = self._lay("platform", self._programs, ["infra"])
        weddings = self._lay("weddings", self._programs / "weddings", ["__main__.py"])
        surroundings = {
            "kind": "sandbox",
            "clock": f"http://{registry['endpoints']['clock']}/",
            "ca": str(self.run.ca.resolve()),
            "pops": {"cloudflare": [world.first("cloudflare")]},
        }
        ours = {
            "wedcache:calendar": str(self.state / "calendar.json"),
            "wedcache:certificate": certificate,
            "wedcache:surroundings": surroundings,
            "wedcache:home": world.home,
            "wedcache:regions": list(world.regions),
            "wedcache:cells": list(world.cells),
            "wedcache:warm_pops": list(world.at("cloudfront")),
            "wedcache:allowed_signers": people.allowed_signers(self.run),
            "wedcache:frozen_roles": list(people.ROLES),
            "wedcache:writers": people.WRITERS,
            "wedcache:ci_token": ci_token(world),
        }
        nested = {
            "wedcache:cloudflare": {"account": registry["cloudflare_account"]},
            "wedcache:store": {"regions": list(world.store_regions)},
        }
        self._configure(PROJECT / "Pulumi.sandbox.yaml", platform / "Pulumi.sandbox.yaml", ours, nested)
        theirs = {
            "wedcache-weddings:catalogue": str(world.catalogue),
            "wedcache-weddings:calendar": str(self.state / "calendar.json"),
            "wedcache-weddings:inventory": str(self.state / "inventory/platform.json"),
        }
        for _, wedding in self.weddings:  # no stack's file says anything that is only this wedding's
            self._configure(PROJECT / "weddings/Pulumi.como.yaml", weddings / f"Pulumi.{wedding}.yaml", theirs, {})

    @property
    def weddings(self) -> tuple[Stack, ...]:
        """The stack of each wedding of the run's world."""
        return tuple(("weddings", wedding) for wedding in world_of(self.run).weddings)

    def set(self, stack: Stack, key: str, value: object) -> None:
        """Change one value of a stack's configuration, as an edit of its file."""
        path = self.folder(stack) / f"Pulumi.{stack[1]}.yaml"
        yaml = YAML()
        document = yaml.load(path.read_text())
        document["config"][key] = value
        with path.open("w") as file:
            yaml.dump(document, file)

    def folder(self, stack: Stack) -> Path:
        """The project folder of a stack."""
        return self.run.folder.resolve() / "projects" / stack[0]

    def pulumi(self, stack: Stack, *arguments: str, extra: Mapping[str, str] | None = None) -> Ran:
        """Run `pulumi` on a stack, never interactively."""
        begun = time.monotonic()
        process = subprocess.Popen(
            ["pulumi", "--non-interactive", "-C", str(self.folder(stack)), *arguments],
            env={**self.environment(), **(extra or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a Ctrl-C reaches us, and we end it
        )
        try:
            out, err = process.communicate(timeout=TIMEOUT_SECONDS)
        except BaseException:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=INTERRUPT_SECONDS)
            process.kill()
            process.communicate()
            raise
        return Ran(process.returncode, out, err, time.monotonic() - begun)

    def beside(self) -> dict[str, list[str]]:
        """The processes that the engine wants beside the cloud's: name -> command."""
        return engine_choice.beside(self.run, self.engine)

    def environment(self) -> dict[str, str]:
        """The environment of the engine: attached providers, file backend, no downloads."""
        backend = self.run.folder.resolve() / "backend"
        backend.mkdir(exist_ok=True)
        return {
            **marked(self.run),
            "PATH": os.pathsep.join([*self._path(), os.environ.get("PATH", "")]),
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DEBUG_PROVIDERS": str(self.run.read()["endpoints"]["providers"]),
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_RUN_PROGRAM": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_HOME": str(self.run.folder.resolve() / "pulumi-home"),
            RECEPTION: str(programs.socket_of(self.run)),
        }

    def _path(self) -> list[str]:
        """What comes first in PATH: the stand-in's folder, or nothing where the real CLI is used."""
        folder = engine_choice.folder(self.run, self.engine)
        return [str(folder)] if folder else []

    def _lay(self, name: str, source: Path, links: Sequence[str]) -> Path:
        folder = self.run.folder.resolve() / "projects" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        yaml = YAML()
        document = yaml.load((source / "Pulumi.yaml").read_text())
        document["runtime"]["options"]["virtualenv"] = str(PROJECT / ".venv")
        with (folder / "Pulumi.yaml").open("w") as file:
            yaml.dump(document, file)
        for link in links:
            (folder / link).symlink_to(source / link)
        return folder

    def _configure(
        self, source: Path, target: Path, values: Mapping[str, Any], nested: Mapping[str, Mapping[str, Any]]
    ) -> None:
        yaml = YAML()
        document = yaml.load(source.read_text())
        config = document["config"]
        config.update(values)
        for key, inner in nested.items():
            config[key].update(inner)
        registry = self.run.read()
        endpoint = f"http://{registry['endpoints']['aws']}"
        services = ("cloudfront", "elasticache", "s3", "sts", "iam", "acm")
        config["aws:endpoints"] = [dict.fromkeys(services, endpoint)]
        config["aws:accessKey"] = "pulumi-sandbox"
        config["aws:secretKey"] = "not-a-secret"
        config["aws:s3UsePathStyle"] = True
        config["aws:skipCredentialsValidation"] = True
        config["cloudflare:baseUrl"] = f"http://{registry['endpoints']['cloudflare']}/client/v4"
        config["cloudflare:apiToken"] = registry["tokens"]["cloudflare-pulumi"]
        with target.open("w") as file:
            yaml.dump(document, file)


def ci_token(world: World) -> dict[str, object]:
    """CI's token for the first slot after the world's windows, with what the programs write at Cloudflare."""
    slot = next_slot(catalogue_file.calendar(world.catalogue, world.begins), world.over, SLOT)
    return {
        "not_before": zulu(slot.start),
        "expires_on": zulu(slot.end),
        "zone_permissions": [group_id(f"{AREAS[area].title} Write") for area in CI_WRITES[ZONE]],
        "account_permissions": [group_id(f"{AREAS[area].title} Write") for area in CI_WRITES[ACCOUNT]],
    }


def request_certificate(run: Run) -> str:
    """The wildcard certificate that the account already has: an ARN of the emulated ACM."""
    made = _account(run, "acm").request_certificate(DomainName="*.weddings.example", ValidationMethod="DNS")
    return str(made["CertificateArn"])


def create_roles(run: Run) -> None:
    """The IAM roles that the account already has, which anybody in it may assume."""
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = _account(run, "iam")
    for role in people.ROLES:
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=document)


def _account(run: Run, service: str) -> Any:
    import boto3

    return boto3.client(
        service,
        region_name=CERTIFICATE_REGION,
        endpoint_url=f"http://{run.endpoint('aws')}",
        aws_access_key_id="sandbox-account",
        aws_secret_access_key="not-a-secret",
    )
