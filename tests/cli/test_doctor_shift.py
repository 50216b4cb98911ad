"""`doctor --shift`: everything that on-call needs lasts through Sunday, or it is said what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.bootstrap import Plant, plant
from controlplane.cli import doctor, doctor_shift
from controlplane.domain.instant import zulu
from controlplane.domain.kit import HELD, Held
from controlplane.domain.shift import shift_end
from controlplane.errors import UnsafeClock
from tests.cli.conftest import Online
from tests.contracts.cloud import Cloud, Platform
from tests.fakes.clock import FakeClock


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001  (the zone is given below)
def test_a_shift_ends_when_sunday_is_over_everywhere(naive: datetime) -> None:
    """On a Monday at 12:00 UTC, after now and within a week of it."""
    now = naive.replace(tzinfo=UTC)
    end = shift_end(now)
    assert (end.weekday(), end.hour, end.minute) == (0, 12, 0)
    assert timedelta(0) < end - now <= timedelta(days=7)


def rows(said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Check -> its row."""
    return {row["check"]: row for row in said["checks"]}


@pytest.fixture
def shift(online: Online, own: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    """A platform without agents and POPs: only what `--shift` adds is checked."""
    monkeypatch.setattr(doctor, "CHECKS", {})
    one = plant("test")
    yield one
    one.cloudflare.close()


def hold_kit(folder: Path, packed_at: datetime) -> None:
    """Note a kit as opened."""
    note = Held(packed_at=zulu(packed_at), by="laptop", signed_by="anna@weddings.example", digest="")
    (folder / "state").mkdir(exist_ok=True)
    (folder / "state" / HELD).write_text(note.to_json())


def test_a_fresh_laptop_hears_what_to_do_about_each_thing(online: Online, shift: Plant, tmp_path: Path) -> None:
    """13 while several fail, the code of the last one, then 0: each row says what to do."""
    said = online("doctor", "--shift", "--output", "json")
    assert said.code == 13
    bad = {name: row["next_step"] for name, row in rows(said.json).items() if not row["ok"]}
    assert set(bad) == {"calendar", "kit"}
    assert bad["calendar"] == "wedcache freeze push"
    assert "wedcache kit open" in bad["kit"]
    hold_kit(tmp_path, shift.clock.now() - timedelta(days=6))
    assert online("doctor", "--shift").code == 16
    assert online("freeze", "push", "--yes").code == 0
    good = online("doctor", "--shift")
    assert good.code == 0, good.out
    assert "all 3 buckets answer" in good.out
    assert "the token does not end" in good.out
    hold_kit(tmp_path, shift.clock.now() - timedelta(days=8, minutes=1))
    assert "the kit is 8 days old" in online("doctor", "--shift").out


def test_a_token_that_ends_before_sunday_is_named_with_its_end(
    online: Online, shift: Plant, own: Platform, cloud: Cloud, tmp_path: Path
) -> None:
    """From Cloudflare's own `expires_on`; one that lasts beyond is told with its end; a revoked one is no token."""
    client = cloud.cloudflare.client()
    groups = [{"id": one.id or ""} for one in client.user.tokens.permission_groups.list() if one.name == "Zone Read"]
    resources = {"com.cloudflare.api.account.zone.*": "*"}
    policy: Any = {"effect": "allow", "permission_groups": groups, "resources": resources}

    def said_with(expires: datetime) -> str:
        made = client.user.tokens.create(name="shift", policies=[policy], expires_on=zulu(expires))
        assert made is not None
        (tmp_path / "cloudflare.token").write_text(str(made.value))
        row = rows(online("doctor", "--shift", "--output", "json").json)["token"]
        return f"{row['ok']}: {row['said']}"

    end = shift_end(shift.clock.now()).replace(microsecond=0)
    early = said_with(end - timedelta(minutes=1))
    assert early.startswith("False: the token ends")
    assert "before Sunday is over" in early
    assert said_with(end + timedelta(minutes=1)).startswith("True: the token lasts until Mon")
    (tmp_path / "cloudflare.token").write_text(cloud.cloudflare.secret("cloudflare-revoked"))
    row = rows(online("doctor", "--shift", "--output", "json").json)["token"]
    assert (row["ok"], "disabled" in row["said"]) == (False, True)


def test_an_aws_session_that_ends_before_sunday_is_named(
    online: Online, shift: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `aws configure export-credentials --format env` writes it; without a time nothing says when it ends."""
    path = tmp_path / ".wedcache/profiles/test.toml"
    path.write_text("\n".join(line for line in path.read_text().splitlines() if "_key =" not in line))
    for name, value in {"ACCESS_KEY_ID": "wedcache", "SECRET_ACCESS_KEY": "canary", "SESSION_TOKEN": "canary"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)

    def said() -> tuple[bool, str]:
        row = rows(online("doctor", "--shift", "--output", "json").json)["aws session"]
        return row["ok"], row["said"]

    ok, words = said()
    assert (ok, "nothing says" in words) == (False, True)
    end = shift_end(shift.clock.now()).replace(microsecond=0)
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", zulu(end - timedelta(minutes=1)))
    ok, words = said()
    assert (ok, "a session from env ends" in words) == (False, True), words
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", zulu(end + timedelta(minutes=1)))
    assert said()[0]
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z")
    ok, words = said()
    assert (ok, "expired" in words) == (False, True), words


def test_a_clock_that_is_wrong_is_unsafe(shift: Plant) -> None:
    """15, with the direction: against the buckets' own clocks."""
    now = shift.clock.now()
    for off, words in ((timedelta(minutes=3), "ahead of"), (timedelta(minutes=-3), "behind")):
        vars(shift)["clock"] = FakeClock(at=now + off)
        with pytest.raises(UnsafeClock, match=words) as caught:
            doctor_shift.clock(shift)
        assert caught.value.exit_code == 15


def test_a_bucket_that_is_gone_is_named_though_two_decide(online: Online, shift: Plant, own: Platform) -> None:
    """The majority works, and the shift should not begin on it; everything else still answers."""
    one = own.buckets[2]
    client = own.cloud.aws.client("s3", one.region)
    for row in client.list_objects_v2(Bucket=one.bucket).get("Contents", []):
        client.delete_object(Bucket=one.bucket, Key=row["Key"])
    client.delete_bucket(Bucket=one.bucket)
    said = rows(json.loads(online("doctor", "--shift", "--output", "json").out))
    assert f"2 of 3 buckets answer ({one.bucket}: NoSuchBucket)" in said["shared store"]["said"]
    assert said["operations"]["ok"]
    assert said["clock"]["ok"]
