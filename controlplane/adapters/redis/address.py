"""Where a Redis or Valkey is and how to greet it: one URL for the read lane and for redis-py alike.

`redis://` is one server, `rediss://` the same over TLS, `redis+cluster://` and `rediss+cluster://` a Cluster (any of
its nodes, or several, joined by commas). `?ssl_ca_certs=FILE` names a CA of our own, as redis-py's URLs do.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from controlplane.errors import BadInput

_SCHEMES = ("redis", "rediss", "redis+cluster", "rediss+cluster")
_PORT = 6379
_QUOTE = "in a password, / is written %2F, ? %3F, # %23, @ %40, : %3A"


@dataclass(frozen=True, slots=True)
class Address:
    """Host, port, credentials, database; `tls` is the context of a `rediss` URL, else None.

    `seeds` are all hosts and ports of the URL, the first one included. The password is in no text that this makes.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: int
    tls: ssl.SSLContext | None = field(repr=False)
    ca: str = ""
    is_cluster: bool = False
    seeds: tuple[tuple[str, int], ...] = ()

    @property
    def shown(self) -> str:
        """The address for people: no user, no password."""
        scheme = ("rediss" if self.tls else "redis") + ("+cluster" if self.is_cluster else "")
        return f"{scheme}://{self.host}:{self.port}"

    def at(self, host: str, port: int) -> Address:
        """The same greeting for one node of a Cluster."""
        return replace(self, host=host, port=port, is_cluster=False, seeds=((host, port),))

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
    """Read `redis[s][+cluster]://[user:password@]host[:port][,host...][/database][?ssl_ca_certs=FILE]`.

    Raises BadInput, which shows no part of the URL beyond its scheme: where a password is not quoted, any part may be
    a piece of it.
    """
    parts = urlsplit(url)
    if parts.fragment:
        raise BadInput(f"a Redis URL has no part after #; {_QUOTE}")
    seeds = _seeds(parts)
    database = parts.path.strip("/") or "0"
    is_cluster = parts.scheme.endswith("+cluster")
    if not database.isdigit():
        raise BadInput(f"the database of a Redis URL is a number; {_QUOTE}")
    if is_cluster and int(database):
        raise BadInput("a Redis Cluster has database 0 only")
    if len(seeds) > 1 and not is_cluster:
        raise BadInput("several hosts are for redis+cluster://; redis:// and rediss:// name one server")
    ca = _ca(parts)
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    return Address(
        *seeds[0],
        unquote(user),
        unquote(password),
        int(database),
        _context(ca) if parts.scheme.startswith("rediss") else None,
        ca,
        is_cluster,
        seeds,
    )


def _seeds(parts: SplitResult) -> tuple[tuple[str, int], ...]:
    """Each host and port. Raises BadInput."""
    seeds = []
    for place in parts.netloc.rpartition("@")[2].split(","):
        try:
            one = urlsplit(f"//{place}")
            host, port = one.hostname, one.port
        except ValueError:
            host, port = None, None
        if parts.scheme not in _SCHEMES or not host:
            schemes = "://, ".join(_SCHEMES)
            raise BadInput(f"a Redis URL looks like redis://user:password@host:6379/0 ({schemes}://); {_QUOTE}")
        seeds.append((host, port or _PORT))
    return tuple(seeds)


def _ca(parts: SplitResult) -> str:
    """The CA file of the query, or "". Raises BadInput for an option that nobody reads."""
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    ca = options.pop("ssl_ca_certs", "")
    if options:
        raise BadInput(f"a Redis URL has the option ssl_ca_certs only; {_QUOTE}")
    if ca and not parts.scheme.startswith("rediss"):
        raise BadInput("ssl_ca_certs is for rediss:// and rediss+cluster://; without TLS it protects nothing")
    return ca


def _context(ca: str) -> ssl.SSLContext:
    """Certificates and host names are checked, always. Raises BadInput for a CA file that cannot be read."""
    try:
        return ssl.create_default_context(cafile=ca or None)
    except OSError as error:
        raise BadInput(f"the CA file {ca!r} of the Redis URL cannot be used: {error}") from error
