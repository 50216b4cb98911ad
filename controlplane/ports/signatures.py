"""Signatures of texts: whose key signed this, and signing with one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Signatures(Protocol):
    """SSH signatures in the unarmoured base64 of `ssh-keygen -Y sign`. Nothing here reaches a network."""

    def signed_by(self, message: bytes, signature: str, namespace: str) -> str:
        """The public key (`ssh-ed25519 AAAA...`) whose valid signature of `message` this is.

        Raises BadSignature for anything that is not exactly one valid signature in that namespace.
        """
        ...

    def sign(self, message: bytes, key: Path, namespace: str) -> str:
        """Sign with the private key in the file `key`. Raises BadInput for a key that cannot be used."""
        ...


class BadSignature(Exception):
    """This is no valid signature; the message says why."""
