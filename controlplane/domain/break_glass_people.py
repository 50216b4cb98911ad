"""Whose signatures count: the `allowed_signers` of the inventory, in the format of `ssh-keygen(1)`, and who is who.

A person is a set of principals: lines that share one are the same person, however many keys they have. What OpenSSH
would read and we would read otherwise (patterns, authorities, local times) is refused rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from controlplane.domain.break_glass import NAMESPACE, NotValid

_LINE = re.compile(
    r"(?P<principals>\S+)\s+(?:(?P<options>(?:[a-z-]+=\"[^\"]*\",?)+)\s+)?"
    r"(?P<key>[a-z0-9@.-]+ [A-Za-z0-9+/=]+)(?:\s+\S.*)?"
)
_OPTION = re.compile(r"([a-z-]+)=\"([^\"]*)\"")
_PATTERN = re.compile(r"[*?!]")
_TIME = re.compile(r"\d{8}(\d{4}(\d\d)?)?Z")
_DIGITS = {9: "%Y%m%dZ", 13: "%Y%m%d%H%MZ", 15: "%Y%m%d%H%M%SZ"}


class SignersUnreadable(ValueError):
    """The allowed signers cannot be used; the message names the line."""


@dataclass(frozen=True)
class AllowedSigner:
    """One line: a key (`ssh-ed25519 AAAA...`), whose it is, and from when until when it counts."""

    principals: frozenset[str]
    key: str
    valid_after: datetime | None = None
    valid_before: datetime | None = None

    def counts_at(self, at: datetime) -> bool:
        """True inside its validity."""
        early = self.valid_after is not None and at < self.valid_after
        late = self.valid_before is not None and at >= self.valid_before
        return not (early or late)


def read_signers(lines: Iterable[str], namespace: str = NAMESPACE) -> tuple[AllowedSigner, ...]:
    """The allowed signers of one namespace, by default for break-glass; other lines, comments and blanks are left out.

    Raises SignersUnreadable, also for a key that is listed for two persons.
    """
    found: list[AllowedSigner] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            signer = _signer(line.strip(), namespace)
        except ValueError as why:
            raise SignersUnreadable(f"allowed_signers, line {number}: {why}") from why
        if signer is not None:
            found.append(signer)
    people = _people(found)
    for signer in found:
        others = [one for one in found if one.key == signer.key and _of(people, one) != _of(people, signer)]
        if others:
            names = " and ".join(sorted({min(one.principals) for one in (signer, *others)}))
            raise SignersUnreadable(f"allowed_signers: one key is listed for two persons, {names}")
    return tuple(found)


def who_signed(signers: Sequence[AllowedSigner], keys: Sequence[str], at: datetime) -> list[str]:
    """The persons behind `keys`, each named by the first of their principals. Raises NotValid.

    Refused: a key that is not allowed (any more, or yet), and two signatures of one person.
    """
    people = _people(signers)
    named: list[str] = []
    for key in keys:
        lines = [signer for signer in signers if signer.key == key]
        if not lines:
            raise NotValid("a key that is not among the allowed signers signed it")
        person = min(_of(people, lines[0]))
        if not any(signer.counts_at(at) for signer in lines):
            raise NotValid(f"the key of {person} does not count at this time (valid-after, valid-before)")
        if person in named:
            raise NotValid(f"{person} signed it twice: a second person has to sign")
        named.append(person)
    return named


def _people(signers: Iterable[AllowedSigner]) -> list[frozenset[str]]:
    """The principals of each person: sets that share one are joined."""
    people: list[frozenset[str]] = []
    for signer in signers:
        same = [person for person in people if person & signer.principals]
        people = [person for person in people if person not in same]
        people.append(signer.principals.union(*same))
    return people


def _of(people: Iterable[frozenset[str]], signer: AllowedSigner) -> frozenset[str]:
    return next(person for person in people if person & signer.principals)


def _signer(line: str, namespace: str) -> AllowedSigner | None:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(
            'not `PRINCIPALS [namespaces="..."] KEYTYPE KEY`, as in ssh-keygen(1); cert-authority is not taken'
        )
    names = [name.casefold() for name in found["principals"].split(",")]
    if not all(names) or any(_PATTERN.search(name) for name in names):
        raise ValueError("principals are persons: names in full, without * ? !")
    options = dict(_OPTION.findall(found["options"] or ""))
    unknown = sorted(options.keys() - {"namespaces", "valid-after", "valid-before"})
    if unknown:
        raise ValueError(f"the option {unknown[0]} is not taken")
    spaces = options.get("namespaces", namespace)
    if _PATTERN.search(spaces):
        raise ValueError("namespaces are written in full, without * ? !")
    if namespace not in spaces.split(","):
        return None
    after, before = (_time(options[name]) if name in options else None for name in ("valid-after", "valid-before"))
    return AllowedSigner(frozenset(names), found["key"], after, before)


def _time(text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text!r} is not a time in UTC: write 20270612Z or 202706121000Z")
    return datetime.strptime(text, _DIGITS[len(text)]).replace(tzinfo=UTC)
