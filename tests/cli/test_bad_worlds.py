"""The online commands in a bad world: regions, inventory, tokens, endpoints and disks that fail; and Ctrl-C."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from controlplane.domain.inventory import PLATFORM_KEY
from tests.cli.conftest import Online
from tests.contracts.cloud import Cloud, Platform
from tests.fakes.inventory import HOME, STANDBY


def test_a_store_of_which_two_regions_are_lost(ask: Online, cloud: Cloud) -> None:
    """Status tells what this machine knows, with the copy's age, and ends with 18."""
    assert ask("status").code == 0
    for region in (HOME, STANDBY):
        cloud.faults.inject("region-stopped", region)
    said = ask("status", "--output", "json")
    assert (said.code, said.json["inventory"]["fresh"], said.json["home"]) == (18, False, None)
    assert "two are needed" in said.json["unavailable"]
    assert "safe to retry" in said.err
    assert "last good copy" in ask("status").out
    assert ask("freeze", "push", "--yes").code in (18, 19)


def test_one_lost_region_is_no_reason_to_fail(ask: Online, cloud: Cloud) -> None:
    """Two buckets answer: status is fresh."""
    cloud.faults.inject("region-stopped", HOME)
    said = ask("status", "--output", "json")
    assert (said.code, said.json["inventory"]["fresh"]) == (0, True)


def test_an_inventory_that_is_gone_or_garbage_leaves_the_last_good_one(
    online: Online, own: Platform, tmp_path: Path
) -> None:
    """The copy on this machine is used and its age shown; garbage never replaces it; without a copy it is said."""
    assert online("status").code == 0
    for text in (None, "{garbage", "{}"):
        own.delete(PLATFORM_KEY) if text is None else own.write(PLATFORM_KEY, text)
        said = online("status", "--output", "json")
        assert (said.code, said.json["inventory"]["fresh"], said.json["home"]) == (0, False, HOME)
        if text is not None:
            assert "inventory/platform.json of the shared store cannot be read" in said.err
        assert not any(
            row["ok"] for row in online("doctor", "--output", "json").json["checks"] if row["check"] == "inventory"
        )
    shutil.rmtree(tmp_path / "state")
    said = online("status")
    assert (said.code, said.out) == (18, "")
    assert "`pulumi up` writes it" in said.err


def test_a_wrong_cloudflare_token(online: Online, platform: Platform, tmp_path: Path) -> None:
    """Status goes on without the pools; a purge names the token's reference, and never the token."""
    platform.profile(tmp_path, token="canary-wrong-token-0123456789abcdefghijkl")
    seen = online("status", "--output", "json")
    assert (seen.code, {row["pool_enabled"] for row in seen.json["regions"]}) == (0, {None})
    rows = {row["check"]: row for row in online("doctor", "--output", "json").json["checks"]}
    assert not rows["cloudflare"]["ok"]
    assert "cloudflare.token" in rows["cloudflare"]["said"]


def test_an_endpoint_that_is_down_is_said_soon(online: Online, platform: Platform, tmp_path: Path) -> None:
    """Nothing listens where AWS should be: 18 in words, no traceback, with and without an object.

    The SDK left to its own would try for minutes; five seconds are what a quiet machine takes.
    """
    platform.profile(tmp_path, endpoint="http://127.0.0.1:9")
    begun = time.monotonic()
    said = online("status", "--output", "json")
    assert (said.code, said.json["schema"]) == (18, "wedcache.error/1")
    assert "no inventory" in said.err
    assert time.monotonic() - begun < 30
    assert online("purge", "wedding:como", "--yes").code == 18


def test_ctrl_c_is_130(ask: Online, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was under way, in one word."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("controlplane.bootstrap.Plant.store", property(interrupted))
    said = ask("status")
    assert (said.code, said.err) == (130, "interrupted\n")


def test_a_disk_that_takes_nothing_stops_no_command(ask: Online, tmp_path: Path) -> None:
    """The state folder cannot be made: no copy is kept, and status still answers."""
    (tmp_path / "state").write_text("a file where a folder should be")
    assert ask("status").code == 0
