"""What was changed past every door, found in both vendors' own logs, against both emulators."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from controlplane.bootstrap import plant
from controlplane.cli.outside import checked, looker
from controlplane.domain.inventory import PLATFORM_KEY
from controlplane.errors import Incomplete
from sandbox.aws.world import ACCOUNT
from tests.cli.conftest import Online
from tests.contracts.cloud import Cloud, Platform


@pytest.fixture
def watched(own: Platform, cloud: Cloud) -> Platform:
    """A platform whose inventory says whose credentials are ours; whatever others did before is the tests' own."""
    whole = json.loads(own.inventory.to_json())
    known = {row["caller"].split(" (")[0] for row in cloud.aws.calls()} - {"wedcache"}
    ours = {f"{vendor}:{name}" for name in known for vendor in ("aws", "cloudflare")}
    operators = ["aws:wedcache", "cloudflare:cloudflare-operator"]
    whole["writers"] = {"programs": sorted(ours - set(operators)), "operators": operators}
    own.write(PLATFORM_KEY, json.dumps(whole))
    return own


def somebody(cloud: Cloud, service: str) -> Any:
    """AWS with the session of a role that is none of ours."""
    role = f"arn:aws:iam::{ACCOUNT}:role/console"
    key = cloud.aws.client("sts").assume_role(RoleArn=role, RoleSessionName="somebody")["Credentials"]
    return boto3.client(
        service,
        endpoint_url=cloud.aws.url,
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key["SessionToken"],
    )


def test_changes_past_the_doors_are_found_and_ours_are_not(online: Online, watched: Platform, cloud: Cloud) -> None:
    """A console's session at AWS and an operator's token used by hand are named (14); emergency mode is not."""
    before = online("ops", "outside", "--output", "json").json["outside"]
    assert online("emergency", "on", "--yes").code == 0
    assert online("emergency", "off", "--yes").code == 0
    quiet = online("ops", "outside", "--output", "json")
    assert quiet.json["schema"] == "wedcache.outside/1", quiet.err
    assert [row for row in quiet.json["outside"] if row not in before] == []
    assert quiet.json["seen"]["cloudflare"] > 0

    theirs = somebody(cloud, "cloudfront")
    known = watched.wedding.distribution_id
    found = theirs.get_distribution_config(Id=known)
    config = {**found["DistributionConfig"], "Comment": "by hand"}
    theirs.update_distribution(Id=known, IfMatch=found["ETag"], DistributionConfig=config)
    zone = watched.inventory.cloudflare.zone_id
    one = plant("test")
    one.cloudflare.call("setting", lambda client: client.zones.settings.edit("ipv6", zone_id=zone, value="off"))
    one.cloudflare.close()
    said = online("ops", "outside", "--output", "json")
    assert said.code == 14, said.err
    new = [row for row in said.json["outside"] if row not in before]
    told = {(row["vendor"], row["who"], row["what"], row["target"]) for row in new}
    assert told == {
        ("aws", "console", "cloudfront:UpdateDistribution", known),
        ("cloudflare", "cloudflare-operator", f"PATCH /zones/{zone}/settings/ipv6", "ipv6"),
    }
    one = plant("test")
    look = looker(one)
    first = look()
    assert {sentence.rpartition(" by ")[2] for sentence in first} >= {"console", "cloudflare-operator"}
    assert look() == first
    with pytest.raises(Incomplete, match=r"changed outside: .* by console"):
        checked(one)
    one.cloudflare.close()
    one.store.close()
    text = online("ops", "outside", "--since", "1h")
    assert f"aws cloudfront:UpdateDistribution of {known} by console" in text.out


def test_without_writers_nobody_can_say(online: Online, own: Platform) -> None:
    """An inventory that names nobody: `ops outside` says what is missing (2), doctor's check that nobody watches."""
    said = online("ops", "outside")
    assert said.code == 2
    assert "wedcache:writers" in said.err
    one = plant("test")
    assert "nobody watches" in checked(one)
    one.store.close()
