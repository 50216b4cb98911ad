"""`wedcache kit pack|open`: everything but secrets that a second laptop needs to be on call, as one signed file."""

from __future__ import annotations

import importlib.resources
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cyclopts

from controlplane.cli import session
from controlplane.errors import BadInput, Refused, Unavailable

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.break_glass_people import AllowedSigner
    from controlplane.domain.kit import Held, Kit
    from controlplane.operations.kit import Shelf

app = cyclopts.App(name="kit", help="The kit: inventory, calendar, runbooks and allowed signers in one signed file.")
Output = Literal["text", "json"]


@app.command
def pack(file: Path, /, *, key: Path | None = None, signature: Path | None = None, output: Output = "text") -> int:
    """Pack what the shared store holds now. Without a key the body is written beside it, for `ssh-keygen -Y sign`.

    Parameters
    ----------
    file
        The kit's file.
    key
        A private key of an allowed signer, without a passphrase.
    signature
        What `ssh-keygen -Y sign` made of FILE.unsigned: for keys with a passphrase, in an agent or on a token.
    output
        text or json (wedcache.kit-report/1).
    """
    from controlplane.adapters.ssh.signatures import SshSignatures
    from controlplane.adapters.ssh.wire import unarmoured
    from controlplane.domain.kit import NAMESPACE, Kit
    from controlplane.operations import kit as kits
    from controlplane.ports.signatures import BadSignature

    plant = session.plant()
    body = file.with_name(f"{file.name}.unsigned")
    if signature is not None:
        try:
            text = Kit.model_validate_json(_read(body)).signed(unarmoured(_read(signature)))
        except (BadSignature, ValueError) as error:
            raise BadInput(f"{signature} or {body}: {str(error).splitlines()[0]}") from error
    else:
        made = kits.pack(_files(plant), plant.clock.now(), plant.me, _secrets(plant))
        if key is None:
            _write(body, made.body)
            session.say(f"{body} is written, not signed yet")
            session.say(f"next: ssh-keygen -Y sign -n {NAMESPACE} -f KEY {body}")
            session.say(f"then: wedcache kit pack {file} --signature {body}.sig")
            return 0
        text = kits.sign(made, key, SshSignatures())
    # What would not open elsewhere is not handed out: the same checks, as on a machine that holds nothing.
    whole, note = kits.checked(text, _inventory_signers(plant), kits.Shelf(lambda _: None, _nowhere), SshSignatures())
    _write(file, text)
    _tell(whole, note, f"{file} is packed", output)
    return 0


@app.command(name="open")
def open_(file: Path, /, *, trust: Path | None = None, output: Output = "text") -> int:
    """Check a kit and keep what it holds on this machine. One that was changed, cut or is older is refused (1).

    Whose signature counts: the inventory's allowed signers, as the shared store or this machine has them; on a machine
    that has neither, the file that --trust names.

    Parameters
    ----------
    file
        The kit's file.
    trust
        A file of allowed signers (ssh-keygen(1)) that you have from somewhere else.
    output
        text or json (wedcache.kit-report/1).
    """
    from controlplane.adapters.ssh.signatures import SshSignatures
    from controlplane.operations import kit as kits

    plant = session.plant()
    shelf = _shelf(plant)
    signers = _inventory_signers(plant) if trust is None else _signers(_read(trust).splitlines(), str(trust))
    kit, note = kits.checked(_read(file), signers, shelf, SshSignatures())
    kits.put_away(kit, note, shelf)
    _tell(kit, note, f"{file} is opened into {plant.profile.state}", output)
    return 0


def _files(plant: Plant) -> dict[str, str]:
    """What a kit holds, as the shared store has it now. Raises Unavailable where it does not answer."""
    from controlplane.domain.inventory import PLATFORM_KEY, wedding_key
    from controlplane.domain.kit import CALENDAR, SIGNERS
    from controlplane.operations.admit import known_calendar

    if not plant.inventory_copy.fresh:
        raise Unavailable("the shared store does not answer: a kit of old copies would look like a new one")
    files = {PLATFORM_KEY: plant.inventory_copy.text}
    files |= {wedding_key(entry.wedding): entry.to_json() for entry in plant.weddings}
    _, calendar = known_calendar(plant.store, lambda: None)
    if calendar is not None:
        files[CALENDAR] = calendar
    if plant.inventory.allowed_signers:
        files[SIGNERS] = "\n".join(plant.inventory.allowed_signers) + "\n"
    folder = importlib.resources.files("controlplane") / "runbooks"
    books = sorted(folder.iterdir(), key=lambda one: one.name) if folder.is_dir() else []
    return files | {f"runbooks/{one.name}": one.read_text() for one in books if one.name.endswith(".md")}


def _secrets(plant: Plant) -> dict[str, str]:
    from controlplane.settings import reveal

    references = [plant.profile.cloudflare.token, plant.profile.aws.secret_key]
    return {reference: reveal(reference) for reference in references if reference}


def _inventory_signers(plant: Plant) -> tuple[AllowedSigner, ...]:
    try:
        lines = plant.inventory.allowed_signers
    except Unavailable as error:
        raise Refused(
            "nothing says whose signature counts: neither the shared store nor this machine has an inventory",
            next_step="wedcache kit open FILE --trust ALLOWED_SIGNERS, a file that you have from somewhere else",
        ) from error
    if not lines:
        raise Refused(
            "the inventory names no allowed signers",
            next_step="set wedcache:allowed_signers and `pulumi up`; or --trust ALLOWED_SIGNERS",
        )
    return _signers(lines, "the inventory")


def _signers(lines: list[str] | tuple[str, ...], where: str) -> tuple[AllowedSigner, ...]:
    from controlplane.domain.break_glass_people import SignersUnreadable, read_signers
    from controlplane.domain.kit import NAMESPACE

    try:
        return read_signers(lines, NAMESPACE)
    except SignersUnreadable as error:
        raise BadInput(f"{where}: {error}") from error


def _shelf(plant: Plant) -> Shelf:
    from controlplane.operations.kit import Shelf

    def read(name: str) -> str | None:
        copy = plant.copies.read(name)
        return None if copy is None else copy.text

    def keep(name: str, text: str) -> None:
        plant.copies.keep(name, text)
        if read(name) != text:
            raise Refused(f"{plant.profile.state / name} cannot be written", next_step="free the disk, then open again")

    return Shelf(read, keep)


def _nowhere(name: str, text: str) -> None:
    raise AssertionError(f"{name} of {len(text)} characters: checking writes nothing")


def _read(file: Path) -> str:
    from controlplane.domain.kit import MOST_BYTES

    try:
        if file.stat().st_size > MOST_BYTES:
            raise BadInput(f"{file} has more than {MOST_BYTES // 2**20} MiB: that is no kit")
        return file.read_bytes().decode()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Refused(f"{file} is not opened: it is no text") from error


def _write(file: Path, text: str) -> None:
    fresh = file.with_name(f"{file.name}.new")
    try:
        fresh.write_bytes(text.encode())
        fresh.replace(file)
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}") from error


def _tell(kit: Kit, note: Held, words: str, output: Output) -> None:
    weddings = [name for name in kit.files if re.match(r"inventory/weddings/", name)]
    if output == "json":
        session.show_json(
            {
                "schema": "wedcache.kit-report/1",
                "packed_at": kit.packed_at,
                "signed_by": note.signed_by,
                "calendar_epoch": kit.calendar_epoch,
                "files": sorted(kit.files),
                "digest": kit.digest,
            }
        )
        return
    session.show(
        [
            f"{words}: packed {kit.packed_at} by {kit.by}, signed by {note.signed_by}",
            f"  inventory, {len(weddings)} weddings, calendar epoch {kit.calendar_epoch or 'none'},"
            f" {sum(name.startswith('runbooks/') for name in kit.files)} runbooks",
        ]
    )
