"""Keys: any text becomes a safe, bounded name, and two texts never become the same one."""

from __future__ import annotations

import functools
import hashlib
import re
from urllib.parse import unquote_to_bytes

from controlplane.errors import BadInput

MAX_ENCODED = 512
_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-/@+=")
# What `encode` leaves as it is, in one look: every read asks.
_PLAIN = re.compile(rf"[a-zA-Z0-9:._\-/@+=]{{0,{MAX_ENCODED}}}")


def encode(text: str) -> str:
    """`text` as ASCII of at most 512 characters: unsafe bytes of its UTF-8 as `%XX`, longer ones as `~` and a digest.

    Injective: `%` and `~` are never safe, composed and decomposed accents stay apart, lone surrogates are kept. Braces
    are escaped, so no part of a user's key can choose a Redis hash slot. The digest is BLAKE2b-256 of the whole text.
    """
    if _PLAIN.fullmatch(text):
        return text
    raw = text.encode("utf-8", "surrogatepass")
    encoded = "".join(chr(byte) if byte in _SAFE else f"%{byte:02X}" for byte in raw)
    if len(encoded) <= MAX_ENCODED:
        return encoded
    return "~" + hashlib.blake2b(raw, digest_size=32).hexdigest()


def decode(encoded: str) -> str | None:
    """What `encode` made `encoded` of; None for a digest, which does not say, and for what `encode` never makes."""
    try:
        text = unquote_to_bytes(encoded).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    return text if encode(text) == encoded else None


def in_namespace(namespace: str, key: str) -> str:
    """A key's full name: its namespace (colons escaped, so that it is injective), a colon, the key.

    Raises BadInput for a key that is no text.
    """
    if not isinstance(key, str):
        raise BadInput(
            f"the cache key {key!r} is of type {type(key).__name__}, not a text; nothing was read or stored",
            next_step='Make it a text, for example f"guests:{key}".',
        )
    return _prefix(namespace) + key


def join(*segments: str | int) -> str:
    """One key of several segments, joined by colons; a colon or percent sign inside a segment is escaped, so it is
    injective.

    Numbers and texts that look alike stay apart only if their place says which is which: `join("page", 7)` equals
    `join("page", "7")`.
    """
    return ":".join(str(segment).replace("%", "%25").replace(":", "%3A") for segment in segments)


@functools.lru_cache(maxsize=256)
def _prefix(namespace: str) -> str:
    """A namespace's part of a full name; a process has few, and every read asks."""
    return f"{join(namespace)}:"
