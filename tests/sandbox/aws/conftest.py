"""One emulator process for all tests of this folder, and boto3 clients that talk to it as to AWS."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.faults import Faults
from sandbox.run import Run

DEADLINE_SECONDS = 30.0
ONCE = {"max_attempts": 0}


@dataclass
class Aws:
    """The running emulator: its address, its run folder, and clients of it."""

    url: str
    run: Run
    faults: Faults

    def client(self, service: str, region: str = "eu-central-1", key: str = "wedcache-ci") -> Any:
        """A boto3 client that tries once."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key="secret",
            config=Config(retries=ONCE, connect_timeout=DEADLINE_SECONDS, read_timeout=DEADLINE_SECONDS),
        )

    def pairs(self) -> Any:
        """The data plane of key value stores, signed with SigV4A, reached through the emulator as a proxy."""
        return boto3.client(
            "cloudfront-keyvaluestore",
            endpoint_url="http://kvs.sandbox",
            region_name="us-east-1",
            aws_access_key_id="wedcache-ci",
            aws_secret_access_key="secret",
            config=Config(retries=ONCE, proxies={"http": self.url}),
        )

    def calls(self) -> list[dict[str, Any]]:
        """Every call recorded so far."""
        return [json.loads(line) for line in self.run.calls.read_text().splitlines()]

    def edge(self, after: int = -1, wait: float = 0) -> dict[str, Any] | None:
        """The snapshot for POPs; None for 204."""
        with urllib.request.urlopen(f"{self.url}/_sandbox/edge?after={after}&wait={wait}", timeout=20) as answer:
            return json.loads(answer.read()) if answer.status == 200 else None

    def acknowledge(self, pop: str, seq: int) -> None:
        """Acknowledge as a POP does."""
        body = json.dumps({"pop": pop, "seq": seq}).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/edge/ack", data=body, method="POST")
        urllib.request.urlopen(request, timeout=DEADLINE_SECONDS).close()


@pytest.fixture(scope="session", autouse=True)
def nobodys_settings() -> Iterator[None]:
    """Hide the machine's own AWS configuration from boto3."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_PROFILE", raising=False)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


def started(folder: Path) -> Iterator[Aws]:
    """Start an emulator on a free port; end it, and insist that SIGTERM does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.aws", "--run", str(folder), "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready "), f"said {line!r}"
        run = Run(folder)
        yield Aws(f"http://127.0.0.1:{line.split()[1]}", run, Faults(run.faults))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=DEADLINE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """The emulator that most tests share; names in it must be fresh."""
    yield from started(tmp_path_factory.mktemp("aws"))


@pytest.fixture
def own_aws(tmp_path: Path) -> Iterator[Aws]:
    """An emulator of one test's own, for what others would feel."""
    yield from started(tmp_path)


@pytest.fixture
def healed(aws: Aws) -> Iterator[Aws]:
    """The shared emulator; every fault is taken back afterwards."""
    yield aws
    aws.faults.heal()


@pytest.fixture(scope="session")
def cloudfront(aws: Aws) -> Any:
    """CloudFront of the shared emulator."""
    return aws.client("cloudfront")


@pytest.fixture(scope="session")
def elasticache(aws: Aws) -> Any:
    """ElastiCache in eu-central-1 of the shared emulator."""
    return aws.client("elasticache")


_numbers = itertools.count(1)


@pytest.fixture
def fresh() -> Callable[[str], str]:
    """Makes names that no other test has used."""
    return lambda prefix: f"{prefix}-{next(_numbers)}"


def code_of(error: Any) -> tuple[str, int]:
    """(code, HTTP status) of a botocore ClientError."""
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def until(holds: Callable[[], bool], seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until something holds; fail after a deadline."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)
