"""Break-glass: two people's signatures let one operation pass the freeze rules that it names, once and within an hour.

The request is a few lines of text, the same bytes that `ssh-keygen -Y sign -n wedcache-break-glass@1` signs; a grant is
that text with a line for each signature. It is short enough for a chat and needs no server to be read. Whose keys
count is in `break_glass_people`, what the shared store knows of time in `break_glass_times`.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from controlplane.domain.instant import NotAnInstant, parse_instant, zulu
from controlplane.domain.operation import Operation
from controlplane.domain.scope import NotAScope, Reach, Scope, parse_scope

NAMESPACE = "wedcache-break-glass@1"
LONGEST = timedelta(minutes=60)
MOST_BYTES = 1024
_SIGNATURE = "sig "
_LONGEST_REASON = 120


class NotValid(ValueError):
    """The grant does not fit what is to be done, or is no grant; the message says why."""


@dataclass(frozen=True)
class Wanted:
    """What is to be done: what a grant has to fit, part by part. `rules` are all that stand against it now."""

    operation: Operation
    scopes: tuple[str, ...]
    plan: str
    rules: frozenset[str]


@dataclass(frozen=True)
class Request:
    """What is asked for. `plan` is the digest of what exactly will be done; instants are aware, in whole seconds."""

    id: str
    operation: Operation
    scopes: tuple[Scope, ...]
    plan: str
    rules: tuple[str, ...]
    asked_at: datetime
    not_after: datetime
    reason: str

    @property
    def text(self) -> str:
        """The lines that are signed, each ended by a newline."""
        lines = [
            NAMESPACE,
            f"id {self.id}",
            f"op {self.operation.value}",
            *(f"scope {scope}" for scope in self.scopes),
            f"plan {self.plan}",
            *(f"rule {rule}" for rule in self.rules),
            f"asked {zulu(self.asked_at)}",
            f"not-after {zulu(self.not_after)}",
            f"reason {self.reason}",
        ]
        return "".join(f"{line}\n" for line in lines)

    @property
    def digest(self) -> str:
        """What the marks in the shared store are called by: a request that differs in one byte has another one."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def is_of_one_wedding(self) -> bool:
        """True when a single person may be enough: one wedding, no rule of the whole platform."""
        own = len(self.scopes) == 1 and self.scopes[0].reach is Reach.WEDDING
        return own and not any(rule.startswith("platform:") for rule in self.rules)

    def check(self, wanted: Wanted, now: datetime) -> None:
        """Raise NotValid unless this fits `wanted` at `now`."""
        if self.operation is not wanted.operation:
            raise NotValid(f"it is for {self.operation.value}, not for {wanted.operation.value}")
        if {scope.text for scope in self.scopes} != set(wanted.scopes):
            raise NotValid(f"it is for {_listed(self.scopes)}, not for {', '.join(wanted.scopes)}")
        if self.plan != wanted.plan:
            raise NotValid(f"it is for another plan: {self.plan}; this one is {wanted.plan}")
        self.check_time(now)
        missing = wanted.rules.difference(self.rules)
        if missing:
            raise NotValid(f"it does not name {', '.join(sorted(missing))}, which holds now: all rules or none")

    def check_time(self, now: datetime) -> None:
        """Raise NotValid outside its time: it never starts anything after `not_after`, and nothing for over an hour."""
        if self.not_after - self.asked_at > LONGEST:
            raise NotValid(f"it would be valid for longer than {LONGEST // timedelta(minutes=1)} minutes")
        if now >= self.not_after:
            raise NotValid(f"it expired at {zulu(self.not_after)}")
        if self.not_after - now > LONGEST:
            raise NotValid(f"it was asked for at {zulu(self.asked_at)}, which is still to come")


@dataclass(frozen=True)
class Grant:
    """A request and its signatures, each the unarmoured base64 of an SSH signature; valid only once it is judged."""

    request: Request
    signatures: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that travels."""
        return self.request.text + "".join(f"{_SIGNATURE}{signature}\n" for signature in self.signatures)


def read_grant(text: str) -> Grant:
    """The grant in `text`, which may have lost or won white space at its two ends. Raises NotValid for anything else.

    What was read is written again and compared, so a text that means the same but differs in a byte is none.
    """
    text = text.replace("\r\n", "\n").strip() + "\n"
    lines = text.split("\n")[:-1]
    signatures = [line.removeprefix(_SIGNATURE) for line in lines if line.startswith(_SIGNATURE)]
    body = [line for line in lines if not line.startswith(_SIGNATURE)]
    if not all(line.isprintable() for line in lines):
        raise NotValid("this is no break-glass text: there is something in it that does not print")
    try:
        grant = Grant(_request(body), tuple(signatures))
    except (NotAnInstant, NotAScope, KeyError, ValueError) as why:
        raise NotValid(f"this is no break-glass text ({why})") from why
    if grant.text != text:
        raise NotValid("this is no break-glass text: it is not written as wedcache writes it")
    return grant


def checked_size(grant: Grant) -> Grant:
    """`grant` itself. Raises NotValid if it does not fit into a kilobyte."""
    size = len(grant.text.encode())
    if size > MOST_BYTES:
        raise NotValid(
            f"it has {size} bytes, {MOST_BYTES} are allowed: shorten the reason, name fewer scopes, use Ed25519 keys"
        )
    return grant


def checked_reason(reason: str) -> str:
    """`reason` itself. Raises NotValid for one that does not fit on a line."""
    if not reason or reason != reason.strip() or not reason.isprintable() or len(reason) > _LONGEST_REASON:
        raise NotValid(f"a reason is one line of 1 to {_LONGEST_REASON} printable characters")
    return reason


def plan_of_command(operation: Operation, scopes: Iterable[str], what: Iterable[str]) -> str:
    """The digest of what a command will do: `what` are its objects as typed (cache tags, a region), in any order.

    A command whose objects are its scopes themselves needs no `what`.
    """
    touched = sorted(set(scopes))
    return digest_of({"op": operation.value, "scopes": touched, "what": sorted(set(what)) or touched})


def digest_of(plan: object) -> str:
    """The digest of a plan made of JSON values."""
    canonical = json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def request_command(
    operation: Operation, scopes: Sequence[str], rules: Sequence[str], what: Sequence[str] = (), plan: str = ""
) -> str:
    """The command line that asks for a grant, ready for a shell."""
    words = ["wedcache", "break-glass", "request", "--op", operation.value]
    for option, values in (("--scope", scopes), ("--what", what), ("--rule", rules)):
        words += [word for value in values for word in (option, value)]
    return shlex.join([*words, *(["--plan", plan] if plan else [])])


def _listed(scopes: Iterable[Scope]) -> str:
    return ", ".join(scope.text for scope in scopes)


def _request(lines: Sequence[str]) -> Request:
    found: dict[str, list[str]] = {}
    for line in lines[1:]:
        key, _, value = line.partition(" ")
        found.setdefault(key, []).append(value)
    rules, scopes = found.pop("rule"), found.pop("scope")
    one = {key: values[0] for key, values in found.items()}
    return Request(
        id=one["id"],
        operation=Operation(one["op"]),
        scopes=tuple(parse_scope(scope) for scope in scopes),
        plan=one["plan"],
        rules=tuple(rules),
        asked_at=parse_instant(one["asked"]),
        not_after=parse_instant(one["not-after"]),
        reason=checked_reason(one["reason"]),
    )
