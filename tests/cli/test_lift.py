"""Calendar edits are a door: an edit extends a window in force, two signatures lift it."""

from __future__ import annotations

import json
import shlex
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from controlplane.domain.instant import parse_instant
from controlplane.domain.inventory import PLATFORM_KEY
from tests.cli.saturday import IN, PURGE, RULE, Saturday, landscape, saturday

__all__ = ["landscape", "saturday"]
SAMPLE = (Path(__file__).parents[2] / "catalogue.yaml").read_text()


def pushed(saturday: Saturday, text: str) -> tuple[int, list[str]]:
    """What `freeze push` of this catalogue ends with, and the rules that it keeps against the edit."""
    catalogue = saturday.folder / "edited.yaml"
    catalogue.write_text(text)
    said = saturday("freeze", "push", "--catalogue", str(catalogue), "--yes", "--output", "json")
    return said.code, said.json["kept"]


def test_an_edit_in_the_window_only_extends_it(saturday: Saturday) -> None:
    """A longer lag is taken over (0); moved, shorter, gone or in another zone, the window is kept and named (13)."""
    assert pushed(saturday, SAMPLE.replace("    lag: 6h ", "    lag: 8h ")) == (0, [])
    edits = (("[2027-06-12]", "[2027-06-19]"), ("    lag: 8h ", "    lag: 1h "), ("Europe/Rome", "Asia/Tokyo"))
    longer = SAMPLE.replace("    lag: 6h ", "    lag: 8h ")
    for old, new in (*edits, (longer[longer.index("weddings:\n") :], "weddings: []\n")):
        assert old in longer
        assert pushed(saturday, longer.replace(old, new)) == (13, [RULE]), new
        saturday.clock.set(IN + timedelta(hours=20, minutes=-1))  # its old end is 2027-06-13T06:00Z
        assert saturday(*PURGE).code == 10
        saturday.clock.set(IN)


def test_lifting_a_window_is_break_glass(saturday: Saturday) -> None:
    """Refused (10) with the words to ask; two signatures end the window, once; an unchanged push brings it back."""
    before = len(saturday.cloud.mutations())
    refused = saturday("freeze", "lift", RULE, "--yes")
    assert refused.code == 10
    assert len(saturday.cloud.mutations()) == before
    command = refused.err.rsplit("next: ", 1)[1].rsplit("; or ", 1)[-1].strip()
    assert command.startswith(f"wedcache break-glass request --op calendar-edit --scope wedding:como --what {RULE}")
    text = saturday.signed(saturday.text(saturday(*shlex.split(command)[1:])), "lena", "boris")
    saturday.refused(("it is for calendar-edit, not for purge-hard", [*PURGE, "--break-glass", text]))
    lifted = saturday("freeze", "lift", RULE, "--break-glass", text, "--yes", "--output", "json")
    assert (lifted.code, lifted.json["verdict"], lifted.json["lifted"]) == (0, "ADMITTED_BY_BREAK_GLASS", [RULE])
    assert saturday(*PURGE, "--plan").code == 0
    assert saturday("freeze", "lift", RULE, "--yes").code == 2
    assert saturday("freeze", "push", "--yes").code == 0
    assert saturday(*PURGE, "--plan").code == 10
    saturday.refused(("it was used before", ["freeze", "lift", RULE, "--break-glass", text, "--yes"]))


def test_a_push_hands_the_platforms_windows_to_iams_clock(saturday: Saturday) -> None:
    """The inventory's frozen role is denied changes in the window by IAM itself; one that is gone is named (13)."""
    iam, s3 = saturday.cloud.aws.client("iam"), saturday.cloud.aws.client("s3")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = iam.create_role(RoleName="ci", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    key = saturday.cloud.aws.client("sts").assume_role(RoleArn=role, RoleSessionName="run")["Credentials"]
    inventory = json.loads(s3.get_object(Bucket=saturday.platform.buckets[0].bucket, Key=PLATFORM_KEY)["Body"].read())
    window = "windows: [{id: cutover, start: 2027-08-01T00:00:00Z, end: 2027-08-02T00:00:00Z}]"
    catalogue = saturday.folder / "cutover.yaml"
    catalogue.write_text(SAMPLE.replace("windows: []", window))
    push = ["freeze", "push", "--catalogue", str(catalogue), "--yes", "--output", "json"]
    for roles, code in ((["ci", "gone"], 13), (["ci"], 0)):
        saturday.platform.write(PLATFORM_KEY, json.dumps(inventory | {"frozen_roles": roles}))
        saturday.clock.set(IN + timedelta(days=20))
        said = saturday(*push)
        assert (said.code, said.json["locks"]["ci"]) == (code, "locked"), said.err
        assert said.json["locks"].get("gone", "NoSuchEntity").endswith("NoSuchEntity")
    theirs = boto3.client(
        "cloudfront",
        endpoint_url=saturday.cloud.aws.url,
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key["SessionToken"],
    )
    for at, expected in (("2027-07-31T23:59:00Z", "NoSuchDistribution"), ("2027-08-01T00:00:00Z", "AccessDenied")):
        saturday.clock.set(parse_instant(at))
        with pytest.raises(ClientError) as refused:
            theirs.delete_distribution(Id="E0", IfMatch="x")
        assert refused.value.response["Error"]["Code"] == expected
    ask = ["break-glass", "request", "--op", "calendar-edit", "--scope", "platform", "--what", "platform:cutover"]
    text = saturday.signed(saturday.text(saturday(*ask)), "lena", "boris")
    assert saturday("freeze", "lift", "platform:cutover", "--break-glass", text, "--yes").code == 0
    with pytest.raises(ClientError) as lifted:
        theirs.delete_distribution(Id="E0", IfMatch="x")
    assert lifted.value.response["Error"]["Code"] == "NoSuchDistribution"
