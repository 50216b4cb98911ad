"""The checked-in schemas are what the installed SDKs say."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sandbox.providers.derive import botocore_names
from sandbox.providers.derive.cloudflare_names import candidates
from sandbox.providers.derive.sources import SOURCES
from sandbox.providers.schema import FOLDER, path_of

# In an own process: importing pulumi_cloudflare takes seconds and 160 MB.
NOT_IN_THE_SDK = {
    "cloudflare:index/loadBalancerPool:LoadBalancerPool": ["checkRegions", "healthSources", "origins.disabledAt"],
    "cloudflare:index/zone:Zone": ["paused", "vanityNameServers"],
}


def test_deriving_again_changes_nothing() -> None:
    """A new SDK without a new derivation fails here, with the files that are stale."""
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.providers.derive", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_schema_belongs_to_a_source() -> None:
    """No schema is left over from a type that is gone."""
    assert {path.name for path in FOLDER.glob("*.json")} == {path_of(token).name for token in SOURCES}


@pytest.mark.parametrize("token", SOURCES)
def test_what_the_vendors_sdk_does_not_know_is_known_to_us(token: str) -> None:
    """Properties whose API name could not be derived are a short, reviewed list."""
    raw = json.loads(path_of(token).read_text())
    assert raw["unknown_to_the_vendor_sdk"] == NOT_IN_THE_SDK.get(token, [])


def test_an_aws_property_that_no_member_fits_stops_the_derivation() -> None:
    """A new property of the SDK must be named by hand or written in code; it is never dropped in silence."""
    shape = botocore_names.model("cloudfront").shape_for("CachePolicyConfig")
    with pytest.raises(KeyError, match="brandNew"):
        botocore_names.name({"brandNew": {"type": "string"}}, shape, frozenset())


def test_plurals_and_letter_case_of_pulumi_lead_back_to_the_api() -> None:
    """pulumi-cloudflare pluralises lists; the API's spelling is among the candidates."""
    assert "status_code_ttl" in candidates("statusCodeTtls")
    assert "s_maxage" in candidates("sMaxage")
    assert "list" in candidates("lists")
