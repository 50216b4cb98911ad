"""Where a Redis is and how to greet it, from its URL."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from controlplane.errors import BadInput


@dataclass(frozen=True, slots=True)
class Address:
    """Host, port, credentials, database; `tls` is the context of a `rediss://` URL, else None."""

    host: str
    port: int
    user: str
    password: str
    database: int
    tls: ssl.SSLContext | None

    def greeting(self) -> list[tuple[bytes, ...]]:
        """The commands that a new connection sends before it is used, each answered by OK."""
        commands: list[tuple[bytes, ...]] = []
        if self.password:
            names = (self.user, self.password) if self.user else (self.password,)
            commands.append((b"AUTH", *[name.encode() for name in names]))
        if self.database:
            commands.append((b"SELECT", str(self.database).encode()))
        return commands


def parse(url: str) -> Address:
    """Read `redis[s]://[user:password@]host[:port][/database]`. Raises BadInput, never showing the password."""
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise BadInput(f"a Redis URL looks like redis://host:6379/0, not {parts.scheme}://{parts.hostname or ''}")
    database = parts.path.strip("/") or "0"
    if not database.isdigit():
        raise BadInput(f"the database of a Redis URL is a number, not {database!r}")
    return Address(
        parts.hostname,
        parts.port or 6379,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        int(database),
        ssl.create_default_context() if parts.scheme == "rediss" else None,
    )
