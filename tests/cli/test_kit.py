"""The kit: a second laptop with an empty disk is on call; what is not a whole, signed, newer kit writes nothing."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from controlplane.adapters.ssh.signatures import SshSignatures
from controlplane.domain.inventory import PLATFORM_KEY
from controlplane.domain.kit import NAMESPACE, Kit, packed
from controlplane.operations.kit import sign
from tests.cli.conftest import Online
from tests.contracts.cloud import CANARY_AWS, Cloud, Platform, provisioned
from tests.fakes.inventory import HOME


def key(path: Path) -> str:
    """Write a private key; its public line."""
    private = Ed25519PrivateKey.generate()
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    return private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@pytest.fixture
def signed(cloud: Cloud, tmp_path: Path) -> Iterator[Platform]:
    """A platform whose inventory allows the key in `tmp_path`/key, for kits only."""
    made = provisioned(cloud)
    line = f'anna@weddings.example namespaces="{NAMESPACE}" {key(tmp_path / "key")}'
    made.write(PLATFORM_KEY, made.inventory.model_copy(update={"allowed_signers": (line,)}).to_json())
    made.profile(tmp_path)
    yield made
    cloud.faults.heal()
    made.retire()


@pytest.fixture
def second(signed: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A second laptop's folder: a profile and nothing else."""
    folder = tmp_path / "second"
    folder.mkdir()
    signed.profile(folder)
    return folder


def test_a_bare_laptop_is_on_call_with_its_profile_and_the_kit(
    online: Online, signed: Platform, second: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened, it knows inventory and calendar also without the shared store; with it, it resumes what was left open."""
    assert online("freeze", "push", "--yes").code == 0
    signed.cloud.faults.inject("api-503", "cloudflare")
    assert online("emergency", "on", "--yes").code == 13
    signed.cloud.faults.heal()
    said = online("kit", "pack", "duty.kit", "--key", "key", "--output", "json")
    assert said.code == 0, said.err
    assert (said.json["signed_by"], said.json["calendar_epoch"]) == ("anna@weddings.example", 1)
    assert {"inventory/platform.json", "inventory/weddings/como.json", "calendar.json", "allowed_signers"} <= set(
        said.json["files"]
    )
    assert CANARY_AWS not in (tmp_path / "duty.kit").read_text()
    monkeypatch.chdir(second)
    opened = online("kit", "open", "../duty.kit", "--output", "json")
    assert (opened.code, opened.json["digest"]) == (0, said.json["digest"]), opened.err
    assert json.loads((second / "state/inventory/platform.json").read_text())["home"] == HOME
    assert online("status").code == 0
    (row,) = online("ops", "list", "--output", "json").json["operations"]
    done = online("ops", "resume", row["id"], "--output", "json")
    assert (done.code, done.json["state"]) == (0, "done"), done.err
    assert online("kit", "open", "../duty.kit").code == 0, "opening it again changes nothing"
    signed.profile(second, endpoint="http://127.0.0.1:9")
    cut_off = online("status", "--output", "json")
    assert (cut_off.code, cut_off.json["calendar"]["epoch"]) == (18, 1)


def test_without_any_inventory_a_file_of_signers_says_whom_to_trust(
    online: Online, signed: Platform, second: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is away and the disk is empty: refused with the way, then opened with --trust."""
    assert online("kit", "pack", "duty.kit", "--key", "key").code == 0
    kit = tmp_path / "duty.kit"
    signed.profile(second, endpoint="http://127.0.0.1:9")
    monkeypatch.chdir(second)
    refused = online("kit", "open", str(kit))
    assert refused.code == 1
    assert "--trust" in refused.err
    assert not (second / "state").exists()
    (second / "trusted").write_text(json.loads(kit.read_text().splitlines()[0])["files"]["allowed_signers"])
    assert online("kit", "open", str(kit), "--trust", "trusted").code == 0
    other = key(second / "other")
    (second / "others").write_text(f"bob@weddings.example {other}\n")
    stranger = online("kit", "open", str(kit), "--trust", "others")
    assert stranger.code == 1
    assert "not among the allowed signers" in stranger.err


def test_what_is_no_whole_newer_kit_writes_nothing(online: Online, signed: Platform, tmp_path: Path) -> None:
    """Changed, cut, unsigned, older, escaping from its folder, with a file of no kit: 1, and the state is as it was."""
    for name in ("old.kit", "duty.kit"):
        assert online("freeze", "push", "--yes").code == 0
        assert online("kit", "pack", name, "--key", "key").code == 0
    text = (tmp_path / "duty.kit").read_text()
    assert online("kit", "open", "duty.kit").code == 0
    state = {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()}
    body, old = (Kit.model_validate_json(one.splitlines()[0]) for one in (text, (tmp_path / "old.kit").read_text()))

    def resigned(**changes: object) -> str:
        return sign(body.model_copy(update=changes), tmp_path / "key", SshSignatures())

    bad = {
        "changed": (text.replace("como", "komo", 1), "signature does not hold"),
        "cut": (text[: len(text) // 2], "not a whole kit"),
        "without its end": (text[:-1], "not a whole kit"),
        "unsigned": (text.splitlines()[0] + "\n", "not a whole kit"),
        "empty": ("", "not a whole kit"),
        "older": (resigned(files=old.files, calendar_epoch=1), "epoch 1, and this machine holds epoch 2"),
        "packed before": (resigned(packed_at="2020-01-01T00:00:00Z"), "this machine holds one of"),
        "escaping": (resigned(files={**body.files, "../../.ssh/authorized_keys": "x"}), "no file of a kit"),
        "absolute": (resigned(files={**body.files, "/etc/passwd": "x"}), "no file of a kit"),
        "profile": (resigned(files={**body.files, "kit.json": "x"}), "no file of a kit"),
        "no inventory": (resigned(files={}), "holds no inventory"),
        "unreadable": (resigned(files={**body.files, "calendar.json": "{}"}), "calendar.json cannot be read"),
        "another epoch": (resigned(calendar_epoch=9), "another calendar epoch"),
        "other spelling": (text.replace('":', '": ', 1), "not in the one form"),
    }
    for what, (changed, words) in bad.items():
        (tmp_path / "bad.kit").write_text(changed)
        said = online("kit", "open", "bad.kit")
        assert (said.code, words in said.err, said.out) == (1, True, ""), (what, said.err)
        assert {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()} == state, what
    (tmp_path / "bad.kit").write_bytes(b"\xff\xfe")
    assert online("kit", "open", "bad.kit").code == 1
    assert online("kit", "open", "nowhere.kit").code == 2


def test_a_secret_never_gets_into_a_kit(signed: Platform, online: Online, tmp_path: Path) -> None:
    """A runbook, an inventory or a calendar that holds one is named, the secret is not, and no file is written."""
    leaking = signed.inventory.model_copy(update={"zone": f"{CANARY_AWS}.example"})
    signed.write(PLATFORM_KEY, leaking.to_json())
    said = online("kit", "pack", "duty.kit", "--key", "key")
    assert said.code == 1
    assert "inventory/platform.json holds the secret behind file:" in said.err
    assert not (tmp_path / "duty.kit").exists()


def test_a_key_that_does_not_count_packs_nothing(signed: Platform, online: Online, tmp_path: Path) -> None:
    """What would not open elsewhere is not handed out; nor is anything signed with what is no key."""
    key(tmp_path / "strange")
    said = online("kit", "pack", "duty.kit", "--key", "strange")
    assert said.code == 1
    assert "not among the allowed signers" in said.err
    assert online("kit", "pack", "duty.kit", "--key", "cloudflare.token").code == 2
    assert not (tmp_path / "duty.kit").exists()


def test_ssh_keygen_signs_what_a_key_with_a_passphrase_has_to(signed: Platform, online: Online, tmp_path: Path) -> None:
    """The unsigned body is written, the system's own tool signs it, and the kit opens."""
    keygen = shutil.which("ssh-keygen")
    assert keygen is not None
    said = online("kit", "pack", "duty.kit")
    assert f"ssh-keygen -Y sign -n {NAMESPACE} -f KEY duty.kit.unsigned" in said.err
    subprocess.run(
        [keygen, "-Y", "sign", "-n", NAMESPACE, "-f", "key", "duty.kit.unsigned"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert online("kit", "pack", "duty.kit", "--signature", "duty.kit.unsigned.sig").code == 0
    assert online("kit", "open", "duty.kit").code == 0


def test_every_cut_and_every_flipped_byte_is_refused(signed: Platform, tmp_path: Path) -> None:
    """At every place of a small kit."""
    from controlplane.domain.break_glass_people import read_signers
    from controlplane.errors import Refused
    from controlplane.operations.kit import Shelf, checked

    kit = packed({PLATFORM_KEY: signed.inventory.to_json()}, "2027-06-12T10:00:00Z", "laptop")
    text = sign(kit, tmp_path / "key", SshSignatures())
    public = base64.b64decode(text.rpartition("sig ")[2])
    signers = read_signers([f"anna@weddings.example {_public(tmp_path / 'key')}"], NAMESPACE)
    shelf = Shelf(lambda _: None, lambda *_: pytest.fail("checking writes nothing"))
    assert public.startswith(b"SSHSIG")
    assert checked(text, signers, shelf, SshSignatures())[0] == kit
    for place in range(0, len(text), 7):
        for wrong in (text[:place], text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]):
            with pytest.raises(Refused, match="was not opened"):
                checked(wrong, signers, shelf, SshSignatures())


def _public(path: Path) -> str:
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    private = load_ssh_private_key(path.read_bytes(), None)
    return private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
