"""Who may break the glass in a run, and the roles of its account: made anew for each run, gone with its folder."""

from __future__ import annotations

from pathlib import Path

from sandbox.run import Run

PERSONS = {"lena": ("lena", "lena-second"), "boris": ("boris",)}
"""Person -> the keys that they have. Lena has two: a person with many keys is still one person."""
ROLES = ("ci", "operators")
"""The IAM roles that an account has before Pulumi comes: CI's, and the one that people assume."""

WRITERS = {
    "programs": [
        *("aws:pulumi-sandbox", "cloudflare:cloudflare-pulumi"),
        *("aws:rehearsal-knobs", "cloudflare:cloudflare-probes"),  # the rehearsal's scratch objects, declared by nobody
    ],
    "operators": ["aws:wedcache", "cloudflare:cloudflare-operator"],
}
"""Whose credentials are whose: the programs', and those of operators and agents."""


def key(run: Run, name: str) -> Path:
    """A private key in OpenSSH's format, without a passphrase."""
    return run.folder.resolve() / "keys" / name


def allowed_signers(run: Run) -> list[str]:
    """Make the keys of everybody; gives their lines for `wedcache:allowed_signers`."""
    return [f"{person}@weddings.example {_made(key(run, name))}" for person, names in PERSONS.items() for name in names]


def _made(path: Path) -> str:
    """Write a new Ed25519 key, mode 0600; gives its public half as `ssh-ed25519 AAAA...`."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    private = Ed25519PrivateKey.generate()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
