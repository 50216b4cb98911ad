"""The kit: what a second laptop needs to be on call, as one signed file. Pure.

Two lines: the body (canonical JSON: what it holds, when it was packed) and `sig`, an SSH signature over exactly the
body's bytes. It never holds a secret: credentials come from the profile of whoever opens it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from controlplane.domain.calendar_json import CalendarUnreadable
from controlplane.domain.calendar_json import from_json as calendar_from_json
from controlplane.domain.instant import NotAnInstant, parse_instant
from controlplane.domain.inventory import PLATFORM_KEY, Inventory, WeddingEntry, wedding_key

NAMESPACE = "wedcache-kit@1"
CALENDAR, SIGNERS, HELD = "calendar.json", "allowed_signers", "kit.json"
MOST_BYTES = 64 * 1024 * 1024
_NAMES = re.compile(
    r"calendar\.json|allowed_signers|inventory/platform\.json"
    r"|inventory/weddings/[a-z][a-z0-9-]{1,39}\.json|runbooks/[a-z0-9][a-z0-9-]{0,60}\.md"
)
_SECRET = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_SIG = "sig "


class NotAKit(ValueError):
    """The file is no kit, or no longer a whole one; the message says why."""


class Kit(BaseModel):
    """`wedcache.kit/1`: names of files below the state folder -> their texts."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["wedcache.kit/1"] = Field("wedcache.kit/1", alias="schema")
    packed_at: str
    by: str
    calendar_epoch: int
    files: dict[str, str]

    @property
    def body(self) -> str:
        """The canonical form: what is signed."""
        value = self.model_dump(mode="json", by_alias=True)
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @property
    def digest(self) -> str:
        """The body's SHA-256."""
        return hashlib.sha256(self.body.encode()).hexdigest()

    def signed(self, signature: str) -> str:
        """The file's text."""
        return f"{self.body}\n{_SIG}{signature}\n"


class Held(BaseModel):
    """`wedcache.kit-held/1`: which kit this machine opened last."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["wedcache.kit-held/1"] = Field("wedcache.kit-held/1", alias="schema")
    packed_at: str
    by: str
    signed_by: str
    digest: str

    def to_json(self) -> str:
        """The stored form."""
        return self.model_dump_json(by_alias=True)


def packed(files: Mapping[str, str], packed_at: str, by: str) -> Kit:
    """A kit of these files. Raises NotAKit where one of them may not be in a kit or cannot be read."""
    epoch = _checked(files)
    return Kit(packed_at=packed_at, by=by, calendar_epoch=epoch, files=dict(files))


def read(text: str) -> tuple[Kit, str]:
    """The kit in a file and its signature, which is not verified here. Raises NotAKit for anything but a whole one."""
    body, newline, rest = text.partition("\n")
    if not newline or not rest.startswith(_SIG) or not rest.endswith("\n") or rest.count("\n") != 1:
        raise NotAKit("it is not a whole kit: a body and a signature, each on its line")
    try:
        kit = Kit.model_validate_json(body)
        parse_instant(kit.packed_at)
    except (ValidationError, NotAnInstant) as error:
        raise NotAKit(f"its body is not wedcache.kit/1: {str(error).splitlines()[0]}") from error
    if kit.body != body:
        raise NotAKit("its body is not in the one form that is signed")
    return kit, rest.removeprefix(_SIG).rstrip("\n")


def check(kit: Kit) -> None:
    """Look into every file before anything is written. Raises NotAKit."""
    if _checked(kit.files) != kit.calendar_epoch:
        raise NotAKit("it names another calendar epoch than it holds")


def check_not_older(kit: Kit, held: Held | None, calendar: str | None) -> None:
    """Compare with what this machine holds: its last kit and its calendar's text. Raises NotAKit."""
    if held is not None and parse_instant(kit.packed_at) < parse_instant(held.packed_at):
        raise NotAKit(f"it was packed {kit.packed_at}, and this machine holds one of {held.packed_at}")
    try:
        mine = 0 if calendar is None else calendar_from_json(calendar).made.epoch
    except CalendarUnreadable:
        return
    if kit.calendar_epoch < mine:
        raise NotAKit(f"its calendar is of epoch {kit.calendar_epoch}, and this machine holds epoch {mine}")


def check_no_secret(files: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    """Refuse a file that holds a secret. `secrets` maps a reference, which is named, to a value, which is not."""
    for name, text in files.items():
        if _SECRET.search(text):
            raise NotAKit(f"{name} holds a private key")
        for reference, value in secrets.items():
            if value and value in text:
                raise NotAKit(f"{name} holds the secret behind {reference}")


def _checked(files: Mapping[str, str]) -> int:
    """The calendar's epoch, 0 without one."""
    if PLATFORM_KEY not in files:
        raise NotAKit("it holds no inventory")
    epoch = 0
    for name, text in files.items():
        if not _NAMES.fullmatch(name):
            raise NotAKit(f"it holds {name!r}, which is no file of a kit")
        try:
            if name == CALENDAR:
                epoch = calendar_from_json(text).made.epoch
            elif name == PLATFORM_KEY:
                Inventory.from_json(text)
            elif name.startswith("inventory/") and wedding_key(WeddingEntry.from_json(text).wedding) != name:
                raise NotAKit(f"{name} is the entry of another wedding")
        except (ValidationError, CalendarUnreadable) as error:
            raise NotAKit(f"{name} cannot be read: {str(error).splitlines()[0]}") from error
    return epoch
