"""The SSHSIG format: the armour, the blob, and what is signed.

Source: openssh-portable, PROTOCOL.sshsig; strings and mpints are those of RFC 4251 section 5.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from controlplane.ports.signatures import BadSignature

MAGIC = b"SSHSIG"
VERSION = 1
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_WIDTH = 70
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}


@dataclass(frozen=True)
class Blob:
    """One signature with what it says of itself. `public_key` and `signature` are in SSH's own encodings."""

    public_key: bytes
    namespace: bytes
    hash_algorithm: bytes
    signature: bytes

    def encoded(self) -> bytes:
        """The binary form."""
        parts = (self.public_key, self.namespace, b"", self.hash_algorithm, self.signature)
        return MAGIC + VERSION.to_bytes(4, "big") + b"".join(string(part) for part in parts)

    def signed(self, message: bytes) -> bytes:
        """The bytes that the key signs for `message`. Raises BadSignature for a hash that is not taken."""
        if self.hash_algorithm not in _HASHES:
            raise BadSignature(f"the hash {self.hash_algorithm.decode('ascii', 'replace')!r} is not taken")
        digest = _HASHES[self.hash_algorithm](message).digest()
        return MAGIC + b"".join(string(part) for part in (self.namespace, b"", self.hash_algorithm, digest))


def decoded(text: str) -> Blob:
    """The blob in unarmoured base64. Raises BadSignature for anything but its one exact spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as why:
        raise BadSignature("it is no base64") from why
    header = MAGIC + VERSION.to_bytes(4, "big")
    reader = Reader(raw.removeprefix(header))
    public_key, namespace, reserved, hash_algorithm, signature = (reader.string() for _ in range(5))
    blob = Blob(public_key, namespace, hash_algorithm, signature)
    if reserved or blob.encoded() != raw or base64.b64encode(raw).decode() != text:
        raise BadSignature("it is no SSH signature of version 1")
    return blob


def unarmoured(text: str) -> str:
    """The base64 inside the armour of a `.sig` file. Raises BadSignature."""
    found = re.fullmatch(rf"\s*{_BEGIN}\s+([A-Za-z0-9+/=\s]+?)\s+{_END}\s*", text)
    if found is None:
        raise BadSignature(f"it does not begin with {_BEGIN} and end with {_END}")
    return "".join(found[1].split())


def armoured(text: str) -> str:
    """A `.sig` file as `ssh-keygen -Y verify -s` reads it."""
    lines = [text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)]
    return "\n".join([_BEGIN, *lines, _END, ""])


def string(value: bytes) -> bytes:
    """A length and the bytes."""
    return len(value).to_bytes(4, "big") + value


def mpint(value: int) -> bytes:
    """A whole number that is not negative, in as few bytes as it takes."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")


class Reader:
    """Takes strings and numbers off the front of a blob. Raises BadSignature at its end."""

    def __init__(self, left: bytes) -> None:
        self._left = left

    def string(self) -> bytes:
        """The next string."""
        length = int.from_bytes(self._left[:4], "big")
        if len(self._left) < 4 + length:
            raise BadSignature("it is cut off")
        value, self._left = self._left[4 : 4 + length], self._left[4 + length :]
        return value

    def mpint(self) -> int:
        """The next number, written in as few bytes as it takes."""
        value = self.string()
        number = int.from_bytes(value, "big")
        if string(value) != mpint(number):
            raise BadSignature("a number in it is not written as SSH writes numbers")
        return number

    def end(self) -> None:
        """Raise BadSignature unless everything was taken."""
        if self._left:
            raise BadSignature("there is more behind it")
