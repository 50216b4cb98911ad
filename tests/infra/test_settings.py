"""The stacks' configuration: the checked-in files are right, and whatever is wrong is named with what is right."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import settings as runtime
from pydantic import ValidationError
from ruamel.yaml import YAML

from infra import stack_settings
from infra.catalogue_reader import spec_of
from infra.stack_settings import PlatformSettings, SettingsError, WeddingSettings
from tests.fakes.inventory import inventory
from tests.infra.landscape import ROOT

PROD = ROOT / "Pulumi.prod.yaml"


class NoCloud(pulumi.runtime.Mocks):
    """No resource is made here."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        raise AssertionError(args.name)

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(args.token)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """An event loop for the SDK, which other tests may have left without one; no configuration stays behind."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    pulumi.runtime.set_all_config({})
    runtime.reset_options()
    waiting = asyncio.all_tasks(loop)
    for task in waiting:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
    asyncio.set_event_loop(None)
    loop.close()


def configured(file: Path, changes: dict[str, Any] | None = None, project: str = "wedcache") -> None:
    """Give the runtime a stack file's configuration as the CLI does: structured values as JSON text."""
    document = YAML(typ="safe").load(file.read_text())["config"]
    for key, value in (changes or {}).items():
        *path, last = f"{project}:{key}".split(".")
        inside = document
        for step in path:
            inside = inside[step]
        if value is None:
            del inside[last]
        else:
            inside[last] = value
    pulumi.runtime.set_mocks(NoCloud(), project=project, stack=file.name.split(".")[1])
    pulumi.runtime.set_all_config(
        {key: value if isinstance(value, str) else json.dumps(value) for key, value in document.items()}
    )


def told(changes: dict[str, Any], file: Path = PROD) -> str:
    """The error that a wrong configuration ends with."""
    configured(file, changes)
    with pytest.raises(SettingsError) as error:
        stack_settings.read_platform()
    assert isinstance(error.value, pulumi.RunError)  # shown without a traceback
    return str(error.value)


def test_the_production_file_is_right() -> None:
    """It parses, protects what it declares, and says nothing of surroundings: it is a cloud with real time."""
    configured(PROD)
    settings = stack_settings.read_platform()
    assert settings.deletion_protection
    assert settings.surroundings == stack_settings.Surroundings()
    assert "surroundings" not in PROD.read_text()
    assert settings.regional_cache.transit_encryption


def test_the_sandboxes_file_declares_the_same_world() -> None:
    """Zone, home, regions, plan and protection are production's: only sizes, names and transport differ."""
    configured(PROD)
    prod = stack_settings.read_platform()
    configured(ROOT / "Pulumi.sandbox.yaml")
    ours = stack_settings.read_platform()
    for name in ("zone", "home", "regions", "deletion_protection", "warm_pops", "calendar"):
        assert getattr(ours, name) == getattr(prod, name), name
    assert (ours.store.regions, ours.cloudflare.plan) == (prod.store.regions, prod.cloudflare.plan)


def test_the_weddings_file_is_right() -> None:
    """It parses, protects, and its stack is named after a wedding of the catalogue."""
    configured(ROOT / "weddings/Pulumi.como.yaml", project="wedcache-weddings")
    settings = stack_settings.read_wedding()
    assert settings.deletion_protection
    assert spec_of(ROOT / "weddings" / settings.catalogue, "como").hosts == ("como.weddings.example",)


def test_a_misspelt_key_is_refused_with_the_nearest() -> None:
    """Pulumi would take it without a word."""
    assert told({"hmoe": "x"}) == "Pulumi.prod.yaml: unknown key wedcache:hmoe; did you mean 'home'?"
    assert told({"store.perfix": "x"}).endswith("unknown key wedcache:store.perfix; did you mean 'prefix'?")
    assert told({"home": None, "hmoe": "x"}).endswith("did you mean 'home'?")
    assert "calendar, cells, certificate," in told({"zzzz": "x"})


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("zone", None, "wedcache:zone: Field required"),
        ("zone", "weddings", "wedcache:zone: String should match pattern"),
        ("zone", "", "wedcache:zone: String should match pattern"),
        ("home", "eu-west-3", "wedcache:Value error, home eu-west-3 is none of the regions eu-central-1, us-east-1"),
        ("home", "Frankfurt", "wedcache:home: String should match pattern"),
        ("regions", ["eu-central-1"], "wedcache:regions: Value should have at least 2 items"),
        ("regions", ["eu-central-1", "x"], "wedcache:regions[1]: String should match pattern"),
        ("regions", ["eu-central-1", "eu-central-1"], "wedcache:regions: Value error, eu-central-1 stands there twice"),
        ("regions", "[eu-central-1", "wedcache:regions: Input should be a valid tuple"),
        ("store.regions", ["eu-west-1"] * 3, "wedcache:store.regions: Value error, eu-west-1 stands there twice"),
        ("store.regions", ["eu-west-1", "us-east-1"], "wedcache:store.regions: Value should have at least 3 items"),
        ("store.prefix", "No Bucket", "wedcache:store.prefix: String should match pattern"),
        ("cloudflare.account", 0, "wedcache:cloudflare.account: Input should be a valid string"),
        ("cloudflare.plan", "gold", "wedcache:cloudflare.plan: Input should be 'free', 'pro', 'business'"),
        ("cloudflare.monitor_seconds", "often", "wedcache:cloudflare.monitor_seconds: Input should be a valid integer"),
        ("regional_cache.node_type", "large", "wedcache:regional_cache.node_type: String should match pattern"),
        ("certificate", "arn:aws:acm:eu-west-1:000000000000:certificate/x", "wedcache:certificate: String should"),
        (
            "allowed_signers",
            ["* ssh-ed25519 AAAA"],
            "wedcache:allowed_signers: Value error, allowed_signers, line 1: princ",
        ),
        ("frozen_roles", ["arn:aws:iam::1:role/x"], "wedcache:frozen_roles[0]: String should match pattern"),
        ("deletion_protection", "perhaps", "wedcache:deletion_protection: Input should be a valid boolean"),
    ],
)
def test_a_wrong_value_is_named(key: str, value: object, said: str) -> None:
    """File, key and what is right stand in the message, and how to mend it."""
    message = told({key: value})
    assert message.startswith(f"Pulumi.prod.yaml: {said}")
    assert "Nothing was declared; mend it with `pulumi config set --path " in message


@pytest.mark.parametrize(
    ("plan", "seconds", "good"),
    [
        ("free", 15, True),
        ("business", 14, False),
        ("pro", 60, True),
        ("enterprise", 10, True),
        ("enterprise", 9, False),
        ("business", 3601, False),
    ],
)
def test_the_plan_holds_the_monitors_interval(plan: str, seconds: int, good: bool) -> None:
    """Below Enterprise Cloudflare allows 15 s and more."""
    changes = {"cloudflare.plan": plan, "cloudflare.monitor_seconds": seconds}
    if good:
        configured(PROD, changes)
        assert stack_settings.read_platform().cloudflare.monitor_seconds == seconds
    else:
        message = told(changes)
        assert "wedcache:cloudflare" in message
        assert "allows 15 and more" in message or "Input should be" in message


def test_real_time_is_not_a_setting() -> None:
    """A clock endpoint outside a sandbox is refused before anything is declared, and by the inventory itself."""
    message = told({"surroundings": {"clock": "http://127.0.0.1:1/"}})
    assert "only with kind: sandbox" in message
    with pytest.raises(ValidationError, match="only with kind: sandbox"):
        inventory(clock="http://127.0.0.1:1/")
    sandbox = {"kind": "sandbox", "clock": "http://127.0.0.1:1/"}
    assert inventory(**sandbox).clock == sandbox["clock"]
    configured(PROD, {"surroundings": sandbox})
    assert stack_settings.read_platform().surroundings.clock == sandbox["clock"]


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "No such file"), ("schema: [", "while parsing"), ("schema: x", "validation error"), ("[]", "valid")],
)
def test_a_catalogue_that_cannot_be_read_is_named(text: str | None, said: str, tmp_path: Path) -> None:
    """The program stops with the file and the fault, without a traceback."""
    file = tmp_path / "catalogue.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SettingsError, match="Nothing was declared") as error:
        spec_of(file, "como")
    assert str(file) in str(error.value)
    assert said in str(error.value)


def test_a_stack_of_no_wedding_is_told_the_known_ones() -> None:
    """A stack is named after its wedding."""
    with pytest.raises(SettingsError, match=r"'comp' names no wedding of .*known: como"):
        spec_of(ROOT / "catalogue.yaml", "comp")


def test_the_models_name_every_key_once() -> None:
    """Nothing in the files is unread, and settings cannot be changed once read."""
    assert {"calendar", "deletion_protection"} <= set(PlatformSettings.model_fields) & set(WeddingSettings.model_fields)
    with pytest.raises(ValidationError, match="frozen"):
        stack_settings.Surroundings().clock = "x"  # type: ignore[misc]  # that it cannot be set is the promise
