"""A provisioned platform on emulators, and `wedcache` asked in this process from a folder of the test's own."""

from __future__ import annotations

import functools
import gc
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controlplane import bootstrap
from controlplane.adapters.aws import session
from controlplane.adapters.aws.session import AwsSession
from controlplane.bootstrap import Plant
from controlplane.cli.main import run
from tests.contracts.cloud import CANARY_AWS, Cloud, Platform, provisioned, running_cloud


@dataclass
class Said:
    """What a command printed and ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as exactly one object with its schema first."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        assert next(iter(value)) == "schema"
        return value


Online = Callable[..., Said]


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Both vendors' emulators."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="session")
def platform(cloud: Cloud) -> Platform:
    """A platform that tests read, and only a few change."""
    return provisioned(cloud)


@pytest.fixture(scope="session")
def sessions() -> Callable[..., AwsSession]:
    """`AwsSession` whose clients outlive a command: commands with the same settings share what is dear to make."""
    return functools.cache(AwsSession)


@pytest.fixture
def online(
    cloud: Cloud,
    sessions: Callable[..., AwsSession],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Online]:
    """Ask `wedcache --profile test ...`; no secret may show, no traceback; faults and connections end with the test."""
    made: list[Plant] = []
    real = bootstrap.plant

    def kept(profile: str) -> Plant:
        made.append(real(profile))
        return made[-1]

    monkeypatch.setattr(bootstrap, "plant", kept)
    monkeypatch.setattr(session, "AwsSession", sessions)
    monkeypatch.chdir(tmp_path)

    def ask(*arguments: str, profile: str | None = "test") -> Said:
        named = [] if profile is None else ["--profile", profile]
        code = run([*named, *arguments])
        said = Said(code, *capsys.readouterr())
        for secret in (CANARY_AWS, "canary", *cloud.run.read()["tokens"].values()):
            assert secret not in said.out + said.err
        assert "Traceback" not in said.err
        return said

    gc.freeze()  # in the end only what the test made is looked through for what it left open
    yield ask
    cloud.faults.heal()
    for plant in made:
        if "cloudflare" in vars(plant):
            plant.cloudflare.close()
        if "store" in vars(plant):
            vars(plant)["store"].close()
    gc.collect()
    gc.unfreeze()


@pytest.fixture
def ask(online: Online, platform: Platform, tmp_path: Path) -> Online:
    """The shared platform under the profile `test`."""
    platform.profile(tmp_path)
    return online


@pytest.fixture
def own(cloud: Cloud, tmp_path: Path) -> Iterator[Platform]:
    """A platform of the test's own under the profile `test`."""
    made = provisioned(cloud)
    made.profile(tmp_path)
    yield made
    cloud.faults.heal()
    made.retire()
