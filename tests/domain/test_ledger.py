"""The ledger's chain: any change, gap or insertion shows; a cut-off tail only against an anchor, and it is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.ledger import Chain, Kind, Line, anchor_of, appended, check
from controlplane.domain.story import story, story_lines

AT = "2027-06-12T14:00:00Z"


def chain(*kinds: Kind, operation: str = "failover-1") -> Chain:
    """A chain of entries of these kinds."""
    lines = [Line(AT, "laptop", kind, f"entry {number}", {"seconds": 0.25}) for number, kind in enumerate(kinds, 1)]
    return appended(Chain(operation=operation), lines)


WHOLE = chain(Kind.BEGUN, Kind.STEP, Kind.FAILED, Kind.RESUMED, Kind.STEP, Kind.CLOSED)
ANCHORS = [anchor_of(chain(Kind.BEGUN), AT).to_json(), anchor_of(WHOLE, AT).to_json()]


def found(text: str | None, anchors: list[str] = ANCHORS, announced: str | None = None) -> tuple[bool, str]:
    """Whether it holds, and all words."""
    finding = check(text, "failover-1", anchors, announced)
    return finding.holds, "; ".join((*finding.broken, *finding.unsure))


def test_a_whole_chain_with_its_anchors_holds() -> None:
    """Nothing broken, nothing unsure."""
    assert found(WHOLE.to_json()) == (True, "")


def test_without_a_closing_anchor_a_cut_tail_cannot_be_excluded_and_that_is_said() -> None:
    """An announced head settles it as well."""
    open_ = chain(Kind.BEGUN, Kind.STEP)
    holds, words = found(open_.to_json(), ANCHORS[:1])
    assert holds
    assert "cut off cannot be excluded" in words
    assert found(open_.to_json(), ANCHORS[:1], open_.head) == (True, "")


@pytest.mark.parametrize("left", range(6))
def test_a_cut_tail_shows_against_the_anchor_and_against_the_announced_head(left: int) -> None:
    """Every possible cut."""
    cut = WHOLE.model_copy(update={"entries": WHOLE.entries[:left]}).to_json()
    holds, words = found(cut)
    assert not holds
    assert "cut off" in words or "no entry" in words
    assert not found(cut, [], WHOLE.head)[0]


@given(st.integers(0, 5), st.sampled_from(["at", "by", "kind", "said", "facts", "n", "prev", "hash"]))
def test_any_change_of_any_word_shows(number: int, name: str) -> None:
    """Without any anchor, also where the changed entry is the last one."""
    body = json.loads(WHOLE.to_json())
    other: dict[str, Any] = {"n": 77, "kind": "kept", "facts": {"seconds": 0.5}}
    body["entries"][number][name] = other.get(name, "changed")
    assert not found(json.dumps(body), [])[0]


@given(st.permutations(range(6)).filter(lambda order: list(order) != sorted(order)))
def test_any_other_order_shows(order: list[int]) -> None:
    """Entries that changed places do not follow each other."""
    moved = WHOLE.model_copy(update={"entries": tuple(WHOLE.entries[one] for one in order)})
    assert not found(moved.to_json(), [])[0]


def test_what_is_rewritten_as_a_whole_shows_against_the_anchors() -> None:
    """A chain of one's own making has another head."""
    forged = appended(Chain(operation="failover-1"), [Line(AT, "somebody", Kind.BEGUN, "nothing to see", {})])
    forged = appended(forged, [Line(AT, "somebody", Kind.CLOSED, "done", {})])
    holds, words = found(forged.to_json())
    assert not holds
    assert "is not the one that the anchor" in words


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "wedcache.ledger/1"}', chain(operation="x").to_json()])
def test_what_is_no_chain_of_this_operation_is_broken(text: str) -> None:
    """Never an exception, never a chain that holds."""
    assert not found(text, [])[0]
    assert not found(None, [])[0]
    assert not found(WHOLE.to_json(), ["{}"])[0]


def test_the_story_tells_who_did_what_and_who_took_over() -> None:
    """One object with its schema first, and the same for people."""
    told = story(WHOLE, check(WHOLE.to_json(), "failover-1", ANCHORS))
    assert next(iter(told)) == "schema"
    assert (told["schema"], told["closed_at"], told["holds"]) == ("wedcache.story/1", AT, True)
    assert [entry["kind"] for entry in told["entries"]][:2] == ["begun", "step"]
    lines = story_lines(told)
    assert lines[0] == f"failover-1: begun {AT}, closed {AT}"
    assert lines[-1] == f"  head {WHOLE.head}"
