"""`wedcache freeze slots`: offline, in contract shape, and only for what changes in slots."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.test_freeze import IN, SAMPLE, Answer, ask

__all__ = ["ask"]
URN = "urn:pulumi:prod::wedcache::cloudflare:index/ruleset:Ruleset::cache"
CACHE = "urn:pulumi:como::wedcache-weddings::aws:cloudfront/distribution:Distribution::edge"


def slots(ask: Any, *arguments: str) -> Answer:
    """`wedcache freeze slots` on the sample, in como's window."""
    answer = ask("freeze", "slots", "--catalogue", str(SAMPLE), "--at", IN, *arguments)
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize("resource", ["platform", URN, f"resource:{URN}"])
def test_text_and_json_tell_the_same_slots(ask: Any, resource: str) -> None:
    """A shared resource, named as a scope or by its URN: each week's slot with what it exposes, as text and as JSON."""
    told = slots(ask, "--resource", resource, "--next", "14d", "--output", "json")
    assert (told.code, told.err) == (0, "")
    assert next(iter(told.json)) == "schema"
    assert told.json["schema"] == "wedcache.slots/1"
    assert told.json["resource"] == (
        resource if ":" not in resource or resource.startswith("resource") else f"resource:{URN}"
    )
    assert [slot["week"] for slot in told.json["slots"]] == ["2027-W24", "2027-W25"]
    assert told.json["exposed"] == 1
    text = slots(ask, "--resource", resource)
    assert text.code == 0
    for slot in told.json["slots"]:
        assert f"{slot['week']}  {slot['start']} to {slot['end']}  exposes {slot['exposed']}" in text.out


def test_it_agrees_with_the_door(ask: Any) -> None:
    """What `slots` calls a slot the gate admits for its four hours; in the event day it refuses."""
    (slot,) = slots(ask, "--next", "3d", "--output", "json").json["slots"]
    for at, code in ((slot["start"], 0), (IN, 10)):
        assert ask("gate", "--catalogue", str(SAMPLE), "--scope", "platform", "--at", at, "--lasts", "4h").code == code


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--resource", "vendor:florist-7"], 2, "wedcache freeze explain --scope 'vendor:florist-7'"),
        (["--resource", "wedding:como"], 2, "slots are for what all weddings share"),
        (["--resource", CACHE], 2, "slots are for what all weddings share"),
        (["--resource", "edge"], 2, "--resource 'edge' is not a scope"),
        (["--next", "fortnight"], 2, "--next 'fortnight' is not a duration"),
    ],
)
def test_a_question_that_has_no_slots(ask: Any, arguments: list[str], code: int, words: str) -> None:
    """What has windows instead of slots is told how to ask; what is no scope or no duration is named."""
    answer = slots(ask, *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert words in answer.err


def test_past_its_validity_the_calendar_knows_no_slots(ask: Any, tmp_path: Any) -> None:
    """A calendar compiled long ago ends with 16: what it exposes now is unknown, never nothing."""
    old = tmp_path / "old.json"
    old.write_text(ask("freeze", "show", "--catalogue", str(SAMPLE), "--at", IN, "--output", "json").out)
    asked = ["freeze", "slots", "--catalogue", str(old), "--at"]
    assert ask(*asked, "2027-07-12T09:59:59Z").code == 0
    late = ask(*asked, "2027-07-12T10:00:00Z")
    assert (late.code, late.out) == (16, "")
    assert "wedcache freeze push" in late.err
