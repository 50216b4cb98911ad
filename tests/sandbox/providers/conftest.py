"""The emulators as processes, the providers in this process, and an engine for each of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import grpc
import pytest

from sandbox.faults import Faults
from sandbox.providers.server import Servers
from sandbox.run import Run
from tests.sandbox.providers.engine import Engine

DEADLINE_SECONDS = 40.0
SERVICES = ("cloudfront", "elasticache", "s3", "sts", "acm")


@dataclass
class Cloud:
    """A running sandbox cloud and the two engines' ends of the providers."""

    run: Run
    faults: Faults
    aws: Engine
    cloudflare: Engine
    aws_url: str
    cloudflare_url: str
    account: str
    servers: Servers

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """boto3, as somebody other than the provider."""
        return boto3.client(
            service,
            endpoint_url=self.aws_url,
            region_name=region,
            aws_access_key_id="somebody",
            aws_secret_access_key="x",
        )

    def engine(self, token: str) -> Engine:
        """The engine whose provider serves `token`."""
        return self.aws if token.startswith("aws:") else self.cloudflare

    def calls(self, operation: str) -> list[dict[str, Any]]:
        """The calls of one operation that the emulators received."""
        import json

        lines = self.run.calls.read_text().splitlines() if self.run.calls.exists() else []
        return [call for call in map(json.loads, lines) if call["operation"] == operation]


def started(module: str, folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A process of the sandbox and what it said after `ready`; fails after the deadline with what it wrote."""
    log = (folder / f"{module}.stderr").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--run", str(folder)], stdout=subprocess.PIPE, stderr=log, text=True
    )
    assert process.stdout is not None
    until = time.monotonic() + DEADLINE_SECONDS
    line = process.stdout.readline()
    assert line.startswith("ready ") and time.monotonic() < until, Path(log.name).read_text()
    log.close()
    return process, line.removeprefix("ready ").strip()


def ended(process: subprocess.Popen[str]) -> None:
    """SIGTERM, then what it takes."""
    process.terminate()
    try:
        process.wait(60)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Both emulators and both providers, configured as a stack configures them."""
    folder = tmp_path_factory.mktemp("providers-run")
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    aws_process, aws_port = started("sandbox.aws", folder)
    cloudflare_process, cloudflare_port = started("sandbox.cloudflare", folder)
    run = Run(folder)
    servers = Servers()
    channels = {name: grpc.insecure_channel(f"127.0.0.1:{port}") for name, port in servers.ports.items()}
    url = f"http://127.0.0.1:{aws_port}"
    registry = run.read()
    aws, cloudflare = Engine(channels["aws"]), Engine(channels["cloudflare"])
    theirs = f"http://127.0.0.1:{cloudflare_port}/client/v4"
    aws.configure(aws_settings(url))
    cloudflare.configure(
        {
            "baseUrl": theirs,
            "apiToken": registry["tokens"]["cloudflare-operator"],
        }
    )
    yield Cloud(run, Faults(run.faults), aws, cloudflare, url, theirs, registry["cloudflare_account"], servers)
    for channel in channels.values():
        channel.close()
    servers.stop()
    for process in (aws_process, cloudflare_process):
        ended(process)


def aws_settings(url: str) -> dict[str, Any]:
    """Provider configuration; nested values are JSON text, as the engine sends them."""
    import json

    return {
        "region": "eu-central-1",
        "accessKey": "pulumi-sandbox",
        "secretKey": "secret",
        "endpoints": json.dumps([dict.fromkeys(SERVICES, url)]),
    }


@pytest.fixture(autouse=True)
def healed(request: pytest.FixtureRequest) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    if "cloud" in request.fixturenames:
        request.getfixturevalue("cloud").faults.heal()
