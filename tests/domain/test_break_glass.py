"""A grant fits exactly what it was asked for, inside its time, signed by two persons; a changed byte is another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.domain.break_glass import (
    LONGEST,
    MOST_BYTES,
    NAMESPACE,
    Grant,
    NotValid,
    Request,
    Wanted,
    checked_reason,
    checked_size,
    plan_of_command,
    read_grant,
    request_command,
)
from controlplane.domain.break_glass_people import SignersUnreadable, read_signers, who_signed
from controlplane.domain.break_glass_times import Stamp, age, latest, skew
from controlplane.domain.operation import Operation
from controlplane.domain.scope import parse_scope

AT = datetime(2027, 6, 12, 10, tzinfo=UTC)
RULE = "venue:como:2027-06-12"
PLAN = plan_of_command(Operation.PURGE_HARD, ["wedding:como"], [])
REQUEST = Request(
    id="bg-20270612T100000-0a1b2c",
    operation=Operation.PURGE_HARD,
    scopes=(parse_scope("wedding:como"),),
    plan=PLAN,
    rules=(RULE,),
    asked_at=AT,
    not_after=AT + timedelta(minutes=30),
    reason="the ceremony's address is wrong",
)
WANTED = Wanted(Operation.PURGE_HARD, ("wedding:como",), PLAN, frozenset({RULE}))
GRANT = Grant(REQUEST, ("U1NIU0lH", "U1NIU0lJ"))
LENA, BORIS = "ssh-ed25519 AAAAlena", "ssh-ed25519 AAAAboris"
SIGNERS = [f"lena@weddings.example {LENA}", f'boris@weddings.example namespaces="{NAMESPACE},git" {BORIS} laptop']


def test_the_text_is_what_is_read() -> None:
    """The lines that people read in a chat are the request, also with the line ends and blanks that chats make."""
    assert REQUEST.text == (
        f"{NAMESPACE}\nid bg-20270612T100000-0a1b2c\nop purge-hard\nscope wedding:como\nplan {PLAN}\nrule {RULE}\n"
        "asked 2027-06-12T10:00:00Z\nnot-after 2027-06-12T10:30:00Z\nreason the ceremony's address is wrong\n"
    )
    assert read_grant(GRANT.text) == GRANT
    assert read_grant("\n " + GRANT.text.replace("\n", "\r\n") + " \r\n") == GRANT
    assert read_grant(REQUEST.text) == Grant(REQUEST)


names = st.text("abcdefghijklmnop0123456789-", min_size=1, max_size=12)
instants = st.integers(0, 10**9).map(lambda seconds: datetime.fromtimestamp(1_700_000_000 + seconds, UTC))
requests = st.builds(
    Request,
    id=names,
    operation=st.sampled_from(list(Operation)),
    scopes=st.lists(names.map(lambda name: parse_scope(f"wedding:{name}")), min_size=1, max_size=3).map(tuple),
    plan=names.map(lambda name: f"sha256:{name}"),
    rules=st.lists(names.map(lambda name: f"venue:{name}"), min_size=1, max_size=4).map(tuple),
    asked_at=instants,
    not_after=instants,
    reason=st.text(min_size=1, max_size=60).filter(lambda text: text == text.strip() and text.isprintable()),
)


@settings(max_examples=100, deadline=None)
@given(requests, st.lists(st.sampled_from(["QUJD", "REVG", "R0hJ"]), max_size=3))
def test_any_request_is_read_back(request: Request, signatures: list[str]) -> None:
    """Whatever is written is read back as it was, with its digest."""
    grant = Grant(request, tuple(signatures))
    assert read_grant(grant.text) == grant
    assert read_grant(grant.text).request.digest == request.digest


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GRANT.text.rstrip()) - 1), st.integers(0, 255))
def test_a_changed_byte_is_no_text_or_another_request(place: int, byte: int) -> None:
    """No byte can be changed so that the same request with the same signatures is read."""
    raw = bytearray(GRANT.text.rstrip().encode())
    if raw[place] == byte:
        return
    raw[place] = byte
    try:
        read = read_grant(raw.decode("utf-8", "surrogateescape"))
    except NotValid:
        return
    assert read != GRANT
    assert read.request.digest != REQUEST.digest or read.signatures != GRANT.signatures


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"operation": Operation.PURGE_SOFT}, "it is for purge-hard, not for purge-soft"),
        ({"scopes": ("wedding:tivoli",)}, "not for wedding:tivoli"),
        ({"scopes": ("wedding:como", "wedding:tivoli")}, "not for wedding:como, wedding:tivoli"),
        ({"plan": "sha256:other"}, "it is for another plan"),
        ({"rules": frozenset({RULE, "venue:como:2027-06-12-2"})}, "does not name venue:como:2027-06-12-2"),
        ({"rules": frozenset({"venue:tivoli:2027-06-12"})}, "all rules or none"),
    ],
)
def test_it_fits_one_operation_scope_plan_and_every_rule(changes: dict[str, Any], words: str) -> None:
    """Another operation, scope, plan or rule set is refused, and the difference is named."""
    REQUEST.check(WANTED, AT)
    with pytest.raises(NotValid, match=words):
        REQUEST.check(replace(WANTED, **changes), AT)


def test_it_starts_nothing_after_its_time_or_for_more_than_an_hour() -> None:
    """Valid to the last instant before not-after; never for longer than an hour from being asked, or from now."""
    moment = timedelta(microseconds=1)
    REQUEST.check(WANTED, REQUEST.not_after - moment)
    with pytest.raises(NotValid, match="it expired at 2027-06-12T10:30:00Z"):
        REQUEST.check(WANTED, REQUEST.not_after)
    with pytest.raises(NotValid, match="longer than 60 minutes"):
        replace(REQUEST, not_after=AT + LONGEST + moment).check(WANTED, AT)
    with pytest.raises(NotValid, match="still to come"):
        REQUEST.check(WANTED, AT - timedelta(minutes=31))


def test_a_plan_is_what_is_touched_in_any_order() -> None:
    """The same tags in another order are the same plan; one tag more, or another operation, is another one."""
    some = plan_of_command(Operation.PURGE_HARD, ["platform"], ["page:a", "page:b"])
    assert some == plan_of_command(Operation.PURGE_HARD, ["platform", "platform"], ["page:b", "page:a", "page:b"])
    assert plan_of_command(Operation.PURGE_HARD, ["wedding:como"], ["wedding:como"]) == PLAN
    others = {
        plan_of_command(Operation.PURGE_HARD, ["platform"], ["page:a"]),
        plan_of_command(Operation.PURGE_SOFT, ["platform"], ["page:a", "page:b"]),
        plan_of_command(Operation.PURGE_HARD, ["platform"], []),
    }
    assert len({*others, some}) == 4


def test_what_does_not_fit_in_a_chat_is_refused() -> None:
    """Over a kilobyte, or a reason of two lines, of nothing, or that hides something."""
    assert checked_size(GRANT) is GRANT
    with pytest.raises(NotValid, match=f"{MOST_BYTES} are allowed"):
        checked_size(Grant(REQUEST, ("A" * MOST_BYTES,)))
    for reason in ("", " ", "two\nlines", "bell\x07", "x" * 121, "right\u202eleft"):
        with pytest.raises(NotValid, match="a reason is one line"):
            checked_reason(reason)


def test_the_printed_command_is_safe_in_a_shell() -> None:
    """A URN's dollar sign is quoted; everything else stands as it is typed."""
    urn = "resource:urn:pulumi:como::wedcache-weddings::a:b:C$aws:cloudfront/x:X::edge"
    told = request_command(Operation.STACK_UPDATE, [urn], [RULE], plan="plan.json")
    assert told == (f"wedcache break-glass request --op stack-update --scope '{urn}' --rule {RULE} --plan plan.json")


def test_two_signatures_are_two_persons_in_any_order() -> None:
    """Both orders count; a key twice, a person's second key, and a stranger's key do not."""
    signers = read_signers([*SIGNERS, "Lena@weddings.example,lena@home ssh-ed25519 AAAAsecond", "# comment", ""])
    assert who_signed(signers, [LENA, BORIS], AT) == ["lena@home", "boris@weddings.example"]
    assert who_signed(signers, [BORIS, LENA], AT) == ["boris@weddings.example", "lena@home"]
    for keys in ([LENA, LENA], [LENA, "ssh-ed25519 AAAAsecond"]):
        with pytest.raises(NotValid, match="signed it twice"):
            who_signed(signers, keys, AT)
    with pytest.raises(NotValid, match="not among the allowed signers"):
        who_signed(signers, [LENA, "ssh-ed25519 AAAAnobody"], AT)


def test_a_person_is_every_line_that_shares_a_name() -> None:
    """Three lines joined by names in a row are one person, in whatever order they stand."""
    lines = ["a ssh-ed25519 AAAA1", "b ssh-ed25519 AAAA2", "a,b ssh-ed25519 AAAA3"]
    for order in (lines, lines[::-1]):
        with pytest.raises(NotValid, match="a signed it twice"):
            who_signed(read_signers(order), ["ssh-ed25519 AAAA1", "ssh-ed25519 AAAA2"], AT)


def test_a_key_counts_inside_its_validity_only() -> None:
    """valid-after and valid-before are instants in UTC, the second one not included."""
    line = f'lena valid-after="20270612Z",valid-before="202706121000Z" {LENA}'
    signers = read_signers([line])
    assert who_signed(signers, [LENA], AT - timedelta(seconds=1)) == ["lena"]
    for at in (AT, AT - timedelta(hours=11)):
        with pytest.raises(NotValid, match="does not count at this time"):
            who_signed(signers, [LENA], at)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["lena"], "line 1: not `PRINCIPALS"),
        (["", f"*@weddings.example {LENA}"], "line 2: principals are persons"),
        ([f"lena,!boris {LENA}"], "principals are persons"),
        ([f"lena cert-authority {LENA}"], "not `PRINCIPALS"),
        ([f'lena cert-authority="x" {LENA}'], "the option cert-authority is not taken"),
        ([f'lena namespaces="*" {LENA}'], "namespaces are written in full"),
        ([f'lena valid-after="20270612" {LENA}'], "is not a time in UTC"),
        ([f'lena valid-after="20271399Z" {LENA}'], "line 1"),
        ([f"lena {LENA}", f"boris {LENA}"], "one key is listed for two persons, boris and lena"),
    ],
)
def test_signers_that_openssh_would_read_otherwise_are_refused(lines: list[str], words: str) -> None:
    """Patterns, authorities, local times and a key of two persons are named with their line, never guessed."""
    with pytest.raises(SignersUnreadable, match=words.replace("*", r"\*")):
        read_signers(lines)


def test_a_key_of_another_namespace_is_nobodys() -> None:
    """A line for git's namespace only does not break glass."""
    assert read_signers([f'lena namespaces="git" {LENA}']) == ()


def test_the_least_favourable_bucket_counts() -> None:
    """Age is one bucket's own difference, the smallest of all; clocks that run apart do not make a request older."""
    late = Stamp(AT + timedelta(seconds=50), AT)
    early = Stamp(AT, AT - timedelta(minutes=10))
    assert age([late, early]) == timedelta(seconds=50)
    assert age([Stamp(AT, None), early]) == timedelta(minutes=10)
    assert age([Stamp(AT, None)]) is None
    assert latest([late, early]) == late.now
    assert skew([late, early], AT - timedelta(seconds=5)) == timedelta(seconds=55)
