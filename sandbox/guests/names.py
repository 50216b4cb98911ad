"""Which POP a guest's host name leads to: the sandbox's DNS first, then the CDN that serves such hosts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.guests.habits import PORTAL_HOST
from sandbox.run import Run
from sandbox.watched import WatchedJson


@dataclass(frozen=True)
class Pop:
    """A POP as guests reach it."""

    code: str
    address: tuple[str, int]


def pops(registry: dict[str, Any]) -> tuple[Pop, ...]:
    """The POPs of the registry's endpoints `pop-<CODE>`, by code; `pop-<CODE>-http` is a POP's port without TLS."""
    found = {
        name.removeprefix("pop-"): str(at)
        for name, at in registry.get("endpoints", {}).items()
        if name.startswith("pop-") and not name.endswith("-http")
    }
    return tuple(Pop(code, address(at)) for code, at in sorted(found.items()))


def address(endpoint: str) -> tuple[str, int]:
    """(host, port) of "host:port" or a URL."""
    host, _, port = endpoint.rpartition("//")[2].partition("/")[0].rpartition(":")
    return host, int(port)


def choose(host: str, city: str, known: tuple[Pop, ...], dns: dict[str, Any]) -> Pop | None:
    """The POP of the guest's city, or the first one where that city has none, of the CDN that serves `host`.

    The CDN is that of the POP that DNS points at; without one that of such hosts. CloudFront's POP codes carry a dash
    (FRA56-P1), Cloudflare's do not (FRA).
    """
    on_cloudfront = host != PORTAL_HOST
    if host in dns:
        on_cloudfront = next(
            ("-" in pop.code for pop in known if pop.address == address(str(dns[host]))), on_cloudfront
        )
    fitting = [pop for pop in known if ("-" in pop.code) is on_cloudfront]
    return next((pop for pop in fitting if pop.code[:3] == city), fitting[0] if fitting else None)


class Names:
    """Resolves against the files of a run, as they are now."""

    def __init__(self, run: Run) -> None:
        self._registry = WatchedJson(run.registry)
        self._dns = WatchedJson(run.hosts)

    def resolve(self, host: str, city: str) -> Pop | None:
        """The POP that serves `host` to a guest in `city` now; None while there is none."""
        return choose(host, city, pops(self._registry.read()), self._dns.read())
