"""`EdgeProbe` on libcurl's multi interface.

A CloudFront POP is reached by connecting to `<prefix>.<POP>.cloudfront.net` with the guest's Host and SNI
(awslabs/aws-cloudfront-extensions, `prewarm`); Cloudflare's nearest POP by the host's own name.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from controlplane.domain.edge_keys import EDITION_HEADER
from controlplane.domain.warming import is_path
from controlplane.errors import Refused
from controlplane.ports.edge_probe import Answer, Ask

AGENT = "wedcache"
POP = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)?")
TIMEOUT_SECONDS = 5.0
CONNECT_SECONDS = 2.0


@dataclass
class _Transfer:
    """One request under way on one curl handle."""

    ask: Ask
    body: BytesIO = field(default_factory=BytesIO)
    headers: dict[str, str] = field(default_factory=dict)

    def header(self, line: bytes) -> None:
        if line.startswith(b"HTTP/"):
            self.headers.clear()  # an interim answer's headers are not the answer's
            return
        name, separator, value = line.decode("latin-1").partition(":")
        if separator:
            self.headers[name.strip().lower()] = value.strip()


class CurlEdgeProbe:
    """Requests only hosts in `hosts` (host -> distribution prefix; empty on Cloudflare)."""

    def __init__(self, hosts: Mapping[str, str], connect: Mapping[str, str], ca: str | None) -> None:
        self._hosts = dict(hosts)
        self._connect = dict(connect)
        self._ca = ca

    def fetch(self, ask: Ask, timeout: float = TIMEOUT_SECONDS) -> Answer:
        """See `EdgeProbe.fetch`."""
        import pycurl

        self._allowed(ask)
        handle = pycurl.Curl()
        transfer = self._prepare(handle, ask, timeout)
        try:
            handle.perform()
            return _answer(handle, transfer, "")
        except pycurl.error as error:
            return _answer(handle, transfer, str(error.args[-1]))
        finally:
            handle.close()

    def fetch_all(self, asks: Iterable[Ask], at_once: int, on_answer: Callable[[Answer], None]) -> None:
        """See `EdgeProbe.fetch_all`."""
        import pycurl

        listed = list(asks)
        for ask in listed:
            self._allowed(ask)
        waiting = iter(listed)
        multi = pycurl.CurlMulti()
        multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, at_once)
        idle = [pycurl.Curl() for _ in range(at_once)]
        busy: dict[Any, _Transfer] = {}
        try:
            self._feed(multi, idle, busy, waiting)
            while busy:
                multi.perform()
                for handle, error in _finished(multi):
                    transfer = busy.pop(handle)
                    multi.remove_handle(handle)
                    idle.append(handle)
                    on_answer(_answer(handle, transfer, error))
                self._feed(multi, idle, busy, waiting)
                if busy:
                    multi.select(0.2)
        finally:
            for handle in [*idle, *busy]:
                handle.close()
            multi.close()

    def _feed(self, multi: Any, idle: list[Any], busy: dict[Any, _Transfer], waiting: Iterator[Ask]) -> None:
        while idle:
            ask = next(waiting, None)
            if ask is None:
                return
            handle = idle.pop()
            busy[handle] = self._prepare(handle, ask, TIMEOUT_SECONDS)
            multi.add_handle(handle)

    def _allowed(self, ask: Ask) -> None:
        if ask.host not in self._hosts:
            raise Refused(f"{ask.host} is not a host of the inventory; nothing was requested")
        if not is_path(ask.path):
            raise Refused(f"{ask.path!r} is not a path: it could lead to another host; nothing was requested")
        if ask.pop is not None and not POP.fullmatch(ask.pop):
            raise Refused(f"{ask.pop!r} is not a POP's code; nothing was requested")

    def _prepare(self, handle: Any, ask: Ask, timeout: float) -> _Transfer:
        import pycurl

        transfer = _Transfer(ask)
        handle.reset()
        handle.setopt(pycurl.URL, f"https://{ask.host}{ask.path}")
        handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTPS)
        handle.setopt(pycurl.FOLLOWLOCATION, 0)
        handle.setopt(pycurl.PROXY, "")  # a proxy of the environment would stand between us and the POP
        handle.setopt(pycurl.NOSIGNAL, 1)
        handle.setopt(pycurl.USERAGENT, AGENT)
        handle.setopt(pycurl.CONNECTTIMEOUT_MS, int(1000 * min(CONNECT_SECONDS, timeout)))
        handle.setopt(pycurl.TIMEOUT_MS, int(1000 * timeout))
        handle.setopt(pycurl.WRITEFUNCTION, transfer.body.write)
        handle.setopt(pycurl.HEADERFUNCTION, transfer.header)
        if ask.edition:
            handle.setopt(pycurl.HTTPHEADER, [f"{EDITION_HEADER}: {ask.edition}"])
        if self._ca:
            handle.setopt(pycurl.CAINFO, self._ca)
        address = self._address(ask)
        if address:
            handle.setopt(pycurl.CONNECT_TO, [f"{ask.host}:443:{address}"])
        return transfer

    def _address(self, ask: Ask) -> str:
        """Where to connect: the POP's own name, replaced by an address where the profile gives one."""
        name = ask.host
        if ask.edge == "cloudfront" and ask.pop:
            name = f"{self._hosts[ask.host].split('.')[0]}.{ask.pop}.cloudfront.net"
        known = resolve(name, self._connect)
        if known:
            return known
        return f"{name}:443" if name != ask.host else ""


def resolve(name: str, connect: Mapping[str, str]) -> str | None:
    """The address that `connect` gives for `name`; a key may begin with `*.`."""
    if name in connect:
        return connect[name]
    for pattern, address in connect.items():
        if pattern.startswith("*.") and fnmatch.fnmatchcase(name, pattern):
            return address
    return None


def _finished(multi: Any) -> Iterator[tuple[Any, str]]:
    while True:
        left, good, bad = multi.info_read()
        yield from ((handle, "") for handle in good)
        yield from ((handle, message) for handle, _, message in bad)
        if not left:
            return


def _answer(handle: Any, transfer: _Transfer, error: str) -> Answer:
    import pycurl

    return Answer(
        ask=transfer.ask,
        status=0 if error else int(handle.getinfo(pycurl.RESPONSE_CODE)),
        headers=transfer.headers,
        body=transfer.body.getvalue(),
        seconds=float(handle.getinfo(pycurl.TOTAL_TIME)),
        error=error,
    )
