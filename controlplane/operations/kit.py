"""Packs the kit from what is known, and opens one: everything is checked before the first file is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from controlplane.domain import kit as kits
from controlplane.domain.break_glass import NotValid
from controlplane.domain.break_glass_people import AllowedSigner, who_signed
from controlplane.domain.instant import parse_instant, zulu
from controlplane.domain.kit import Held, Kit, NotAKit
from controlplane.errors import Refused
from controlplane.ports.signatures import BadSignature, Signatures


@dataclass(frozen=True)
class Shelf:
    """This machine's state folder: `read` gives a file's text or None, `keep` replaces it whole."""

    read: Callable[[str], str | None]
    keep: Callable[[str, str], None]


def pack(files: Mapping[str, str], at: datetime, by: str, secrets: Mapping[str, str]) -> Kit:
    """The kit, unsigned. Raises Refused naming a file that is unreadable or holds a secret."""
    try:
        kits.check_no_secret(files, secrets)
        return kits.packed(files, zulu(at.replace(microsecond=0)), by)
    except NotAKit as error:
        raise Refused(f"no kit was written: {error}") from error


def sign(kit: Kit, key: Path, signatures: Signatures) -> str:
    """The file's text, signed with the private key in `key`. Raises BadInput for a key that cannot be used."""
    return kit.signed(signatures.sign(kit.body.encode(), key, kits.NAMESPACE))


def checked(text: str, signers: tuple[AllowedSigner, ...], shelf: Shelf, signatures: Signatures) -> tuple[Kit, Held]:
    """The kit in a file's text, when everything about it holds. Raises Refused; nothing is written.

    The signer's key must have counted when the kit was packed.
    """
    try:
        kit, signature = kits.read(text)
        key = signatures.signed_by(kit.body.encode(), signature, kits.NAMESPACE)
        who = who_signed(signers, [key], parse_instant(kit.packed_at))[0]
        kits.check(kit)
        kits.check_not_older(kit, held(shelf), shelf.read(kits.CALENDAR))
    except BadSignature as error:
        raise _refused(f"its signature does not hold: {error}") from error
    except NotValid as error:
        raise _refused(str(error)) from error
    except NotAKit as error:
        raise _refused(str(error)) from error
    return kit, Held(packed_at=kit.packed_at, by=kit.by, signed_by=who, digest=kit.digest)


def put_away(kit: Kit, note: Held, shelf: Shelf) -> None:
    """Write every file of a checked kit, its own note last: until then this machine holds the former one."""
    for name, text in sorted(kit.files.items()):
        shelf.keep(name, text)
    shelf.keep(kits.HELD, note.to_json())


def held(shelf: Shelf) -> Held | None:
    """Which kit this machine holds; None if none, or none that can be read."""
    text = shelf.read(kits.HELD)
    try:
        return Held.model_validate_json(text) if text else None
    except ValidationError:
        return None


def _refused(why: str) -> Refused:
    return Refused(
        f"the kit was not opened: {why}", next_step="ask for a fresh one: `wedcache kit pack FILE` on a machine on call"
    )
