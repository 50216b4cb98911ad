"""SSH signatures on `cryptography`: Ed25519, ECDSA on the NIST curves, RSA with SHA-2.

Sources: RFC 8709 (Ed25519), RFC 5656 (ECDSA), RFC 8332 (RSA with SHA-2). DSA, RSA with SHA-1 and certificates are not
taken. A key with a passphrase, in an agent or on a token signs with `ssh-keygen -Y sign`, whose files are read alike.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from controlplane.adapters.ssh import wire
from controlplane.errors import BadInput
from controlplane.ports.signatures import BadSignature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

_HASH = b"sha512"
_LEAST_RSA_BITS = 2048


class SshSignatures:
    """`Signatures`; see the module."""

    def signed_by(self, message: bytes, signature: str, namespace: str) -> str:
        """See `Signatures.signed_by`."""
        blob = wire.decoded(signature)
        if blob.namespace != namespace.encode():
            raise BadSignature(f"it was made in the namespace {blob.namespace.decode('utf-8', 'replace')!r}")
        kind = wire.Reader(blob.public_key).string().decode("ascii", "replace")
        written = f"{kind} {base64.b64encode(blob.public_key).decode()}"
        _verify(written, blob.signature, blob.signed(message))
        return written

    def sign(self, message: bytes, key: Path, namespace: str) -> str:
        """See `Signatures.sign`."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

        try:
            private = load_ssh_private_key(key.read_bytes(), None)
        except OSError as why:
            raise BadInput(f"--key {key}: {why.strerror}") from why
        except Exception as why:  # the library's own errors have no common root
            raise BadInput(
                f"--key {key} is no private key of OpenSSH that can be read without a passphrase",
                next_step=f"a key with a passphrase, in an agent or on a token signs with `ssh-keygen -Y sign -n"
                f" {namespace} -f KEY TEXT`; give the file that it writes: --signature TEXT.sig",
            ) from why
        public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1]
        blob = wire.Blob(base64.b64decode(public), namespace.encode(), _HASH, b"")
        signed = wire.Blob(blob.public_key, blob.namespace, _HASH, _signed(private, blob.signed(message), key))
        return base64.b64encode(signed.encoded()).decode()


def _verify(public_key: str, signature: bytes, signed: bytes) -> None:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    reader = wire.Reader(signature)
    algorithm, value = reader.string().decode("ascii", "replace"), reader.string()
    reader.end()
    try:
        key = load_ssh_public_key(public_key.encode())
    except (ValueError, UnsupportedAlgorithm) as why:
        raise BadSignature(f"a key of the kind {public_key.split(maxsplit=1)[0]!r} cannot be read") from why
    try:
        if isinstance(key, Ed25519PublicKey) and algorithm == "ssh-ed25519":
            key.verify(value, signed)
        elif isinstance(key, EllipticCurvePublicKey) and algorithm == public_key.split(maxsplit=1)[0]:
            _verify_ecdsa(key, value, signed)
        elif isinstance(key, RSAPublicKey) and algorithm in ("rsa-sha2-256", "rsa-sha2-512"):
            _verify_rsa(key, algorithm, value, signed)
        else:
            raise BadSignature(f"{algorithm} with a key of the kind {public_key.split(maxsplit=1)[0]} is not taken")
    except InvalidSignature as why:
        raise BadSignature("it is not a signature of this text") from why


def _verify_ecdsa(key: EllipticCurvePublicKey, value: bytes, signed: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    reader = wire.Reader(value)
    r, s = reader.mpint(), reader.mpint()
    reader.end()
    key.verify(encode_dss_signature(r, s), signed, ECDSA(_curve_hash(key.key_size)))


def _curve_hash(bits: int) -> HashAlgorithm:
    """RFC 5656 section 6.2.1."""
    from cryptography.hazmat.primitives import hashes

    return hashes.SHA256() if bits <= 256 else hashes.SHA384() if bits <= 384 else hashes.SHA512()


def _verify_rsa(key: RSAPublicKey, algorithm: str, value: bytes, signed: bytes) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    if key.key_size < _LEAST_RSA_BITS:
        raise BadSignature(f"an RSA key of {key.key_size} bits is too short")
    key.verify(value, signed, PKCS1v15(), hashes.SHA512() if algorithm == "rsa-sha2-512" else hashes.SHA256())


def _signed(private: object, data: bytes, file: Path) -> bytes:
    """SSH's encoding of the key's signature of `data`."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    if isinstance(private, Ed25519PrivateKey):
        return wire.string(b"ssh-ed25519") + wire.string(private.sign(data))
    if isinstance(private, EllipticCurvePrivateKey):
        r, s = decode_dss_signature(private.sign(data, ECDSA(_curve_hash(private.key_size))))
        kind = f"ecdsa-sha2-nistp{private.key_size}".encode()
        return wire.string(kind) + wire.string(wire.mpint(r) + wire.mpint(s))
    if isinstance(private, RSAPrivateKey):
        return wire.string(b"rsa-sha2-512") + wire.string(private.sign(data, PKCS1v15(), hashes.SHA512()))
    raise BadInput(f"--key {file}: use a key of the kind Ed25519, ECDSA or RSA")
