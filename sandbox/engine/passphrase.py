"""The passphrase secrets provider: PBKDF2-HMAC-SHA256 with 1,000,000 rounds, AES-256-GCM, state
`v1:<salt>:v1:<nonce>:<text>`.

Deriving the key costs a good part of a second, so it happens when the first secret is read or written and not before.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from pathlib import Path

from sandbox.engine.stop import Stop

ROUNDS = 1_000_000


class Crypter:
    """Encrypts and decrypts one stack's secrets; `state` is the salt line of the stack ("" makes a new one)."""

    def __init__(self, environ: Mapping[str, str], state: str = "") -> None:
        self._environ = environ
        self.state = state
        self._key: bytes | None = None

    def encrypt(self, text: str) -> str:
        """`v1:<nonce>:<ciphertext and tag>`, both in base64."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(12)
        sealed = AESGCM(self._unlocked()).encrypt(nonce, text.encode(), None)
        return f"v1:{_text(nonce)}:{_text(sealed)}"

    def decrypt(self, sealed: str) -> str:
        """The text inside. Raises Stop where the passphrase is wrong."""
        return _opened(self._unlocked(), sealed)

    def renew(self) -> str:
        """Make a new salt for a new stack and return the state line that goes into its settings file."""
        salt = secrets.token_bytes(8)
        self._key = derive(phrase(self._environ), salt)
        self.state = f"v1:{_text(salt)}:{self.encrypt('pulumi')}"
        return self.state

    def _unlocked(self) -> bytes:
        if self._key is None:
            if not self.state:
                raise Stop("this stack has no encryption salt; run `pulumi stack init` first")
            _, salt, probe = self.state.split(":", 2)
            key = derive(phrase(self._environ), base64.b64decode(salt))
            if _opened(key, probe) != "pulumi":
                raise Stop("incorrect passphrase")
            self._key = key
        return self._key


def phrase(environ: Mapping[str, str]) -> str:
    """The passphrase: PULUMI_CONFIG_PASSPHRASE, or what is in the file PULUMI_CONFIG_PASSPHRASE_FILE. Raises Stop."""
    if "PULUMI_CONFIG_PASSPHRASE" in environ:
        return environ["PULUMI_CONFIG_PASSPHRASE"]
    if environ.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        path = Path(environ["PULUMI_CONFIG_PASSPHRASE_FILE"]).expanduser()
        try:
            return path.read_text().strip()
        except OSError as error:
            raise Stop(f"unable to read PULUMI_CONFIG_PASSPHRASE_FILE: {error}") from None
    raise Stop(
        "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables"
    )


def derive(passphrase: str, salt: bytes) -> bytes:
    """The 32-byte key of a passphrase and salt (RFC 8018)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    return PBKDF2HMAC(hashes.SHA256(), 32, salt, ROUNDS).derive(passphrase.encode())


def _opened(key: bytes, sealed: str) -> str:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    version, nonce, body = sealed.split(":", 2)
    if version != "v1":
        raise Stop(f"unknown version {version!r} of an encrypted value")
    try:
        return AESGCM(key).decrypt(base64.b64decode(nonce), base64.b64decode(body), None).decode()
    except InvalidTag:
        raise Stop("incorrect passphrase") from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
