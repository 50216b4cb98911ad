"""SSH signatures both ways with the machine's own `ssh-keygen`: what it signs we verify, what we sign it accepts."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controlplane.adapters.ssh import wire
from controlplane.adapters.ssh.signatures import SshSignatures
from controlplane.errors import BadInput
from controlplane.ports.signatures import BadSignature

SPACE = "wedcache-break-glass@1"
MESSAGE = b"one line\nand another\n"
OURS = SshSignatures()
KINDS = ("ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-3072")


def written(folder: Path, kind: str) -> Path:
    """A private key in OpenSSH's format, and its `.pub` beside it."""
    name, _, bits = kind.partition("-")
    curves = {"256": ec.SECP256R1(), "384": ec.SECP384R1(), "521": ec.SECP521R1()}
    private = (
        ed25519.Ed25519PrivateKey.generate()
        if name == "ed25519"
        else ec.generate_private_key(curves[bits])
        if name == "ecdsa"
        else rsa.generate_private_key(65537, int(bits))
    )
    path = folder / kind
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    path.with_suffix(".pub").write_bytes(public + b" lena\n")
    return path


def public(key: Path) -> str:
    """`ssh-ed25519 AAAA...`."""
    return " ".join(key.with_suffix(".pub").read_text().split()[:2])


@pytest.mark.parametrize("kind", KINDS)
def test_what_ssh_keygen_signs_we_verify(tmp_path: Path, kind: str) -> None:
    """Its `.sig` file names the key that made it; over another text, or in another namespace, it is nothing."""
    key = written(tmp_path, kind)
    text = tmp_path / "text"
    text.write_bytes(MESSAGE)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", SPACE, text], check=True, capture_output=True)
    signature = wire.unarmoured(text.with_suffix(".sig").read_text())
    assert OURS.signed_by(MESSAGE, signature, SPACE) == public(key)
    with pytest.raises(BadSignature, match="not a signature of this text"):
        OURS.signed_by(MESSAGE + b"!", signature, SPACE)
    with pytest.raises(BadSignature, match="made in the namespace"):
        OURS.signed_by(MESSAGE, signature, "git")


@pytest.mark.parametrize("kind", KINDS)
def test_what_we_sign_ssh_keygen_accepts(tmp_path: Path, kind: str) -> None:
    """`ssh-keygen -Y verify` says Good with the allowed signers, and refuses another text."""
    key = written(tmp_path, kind)
    armoured = tmp_path / "text.sig"
    armoured.write_text(wire.armoured(OURS.sign(MESSAGE, key, SPACE)))
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(f'lena namespaces="{SPACE}" {public(key)}\n')
    verify = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "lena", "-n", SPACE, "-s", str(armoured)]
    good = subprocess.run(verify, input=MESSAGE, capture_output=True, check=False)
    assert (good.returncode, b"Good" in good.stdout) == (0, True), good.stderr
    assert subprocess.run(verify, input=MESSAGE + b"!", capture_output=True, check=False).returncode != 0
    assert (
        wire.unarmoured(armoured.read_text())
        == base64.b64encode(wire.decoded(wire.unarmoured(armoured.read_text())).encoded()).decode()
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One good signature."""
    return OURS.sign(MESSAGE, written(tmp_path_factory.mktemp("key"), "ed25519"), SPACE)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_one_changed_byte_of_a_signature_is_refused(made: str, data: st.DataObject) -> None:
    """Of the text that travels, or of the blob inside it: the key that signed is then another one, or there is none."""
    whose = OURS.signed_by(MESSAGE, made, SPACE)
    raw = bytearray(made.encode() if data.draw(st.booleans()) else base64.b64decode(made))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    text = raw.decode("latin-1") if len(raw) == len(made) else base64.b64encode(raw).decode()
    with pytest.raises(BadSignature):
        assert OURS.signed_by(MESSAGE, text, SPACE) == whose


def test_signatures_that_are_not_taken(tmp_path: Path) -> None:
    """A short RSA key, RSA with SHA-1, a hash of another kind, more behind the end and a cut are refused by name."""
    short = OURS.sign(MESSAGE, written(tmp_path, "rsa-1024"), SPACE)
    with pytest.raises(BadSignature, match="1024 bits is too short"):
        OURS.signed_by(MESSAGE, short, SPACE)
    blob = wire.decoded(OURS.sign(MESSAGE, written(tmp_path, "rsa-2048"), SPACE))
    old = wire.string(b"ssh-rsa") + blob.signature[4 + len(b"rsa-sha2-512") :]
    changed = {
        "ssh-rsa with a key": wire.Blob(blob.public_key, blob.namespace, blob.hash_algorithm, old),
        "the hash 'md5'": wire.Blob(blob.public_key, blob.namespace, b"md5", blob.signature),
        "more behind": wire.Blob(blob.public_key, blob.namespace, blob.hash_algorithm, blob.signature + b"x"),
        "cut off": wire.Blob(blob.public_key, blob.namespace, blob.hash_algorithm, blob.signature[:-1]),
        "cannot be read": wire.Blob(wire.string(b"ssh-dss"), blob.namespace, blob.hash_algorithm, blob.signature),
    }
    for words, one in changed.items():
        with pytest.raises(BadSignature, match=words):
            OURS.signed_by(MESSAGE, base64.b64encode(one.encoded()).decode(), SPACE)
    for text in ("", "QUJD", "not base64!", "U1NIU0lHAAAAAQ=="):
        with pytest.raises(BadSignature):
            OURS.signed_by(MESSAGE, text, SPACE)
    with pytest.raises(BadSignature, match="does not begin with"):
        wire.unarmoured("-----BEGIN PGP SIGNATURE-----\nQUJD\n-----END PGP SIGNATURE-----")


def test_a_key_that_cannot_sign_is_named(tmp_path: Path) -> None:
    """No file, no key, a key with a passphrase: bad input, with the way for keys that open or live elsewhere."""
    locked = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "a passphrase", "-f", locked], check=True)
    (tmp_path / "garbage").write_text("garbage")
    for key, words in (
        (tmp_path / "nothing", "No such file"),
        (tmp_path / "garbage", "no private key of OpenSSH"),
        (locked, "without a passphrase"),
    ):
        with pytest.raises(BadInput, match=words) as told:
            OURS.sign(MESSAGE, key, SPACE)
        assert key.name == "nothing" or f"ssh-keygen -Y sign -n {SPACE}" in told.value.next_step
