"""The edge in memory: a key value store, two CDNs that purge, pools that steer, POPs that answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from controlplane.errors import Refused, Unavailable
from controlplane.ports.cdn import PurgeHandle
from controlplane.ports.edge_probe import Answer, Ask
from controlplane.ports.edge_store import MAX_KEYS_A_WRITE, MAX_VALUE_BYTES
from controlplane.ports.steering import PoolState


@dataclass
class FakeEdgeStore:
    """`EdgeStore` in a dict; `between` runs once between a change's read and its write, as another writer would."""

    keys: dict[str, str] = field(default_factory=dict)
    is_down: bool = False
    writes: list[dict[str, str | None]] = field(default_factory=list)
    between: Callable[[], None] | None = None
    version: int = 0
    after: Callable[[], None] = lambda: None

    def read(self) -> dict[str, str]:
        self._reach()
        return dict(self.keys)

    def change(self, update: Callable[[Mapping[str, str]], Mapping[str, str | None]]) -> dict[str, str | None]:
        self._reach()
        while True:
            version = self.version
            wanted = {key: value for key, value in update(dict(self.keys)).items() if self.keys.get(key) != value}
            if not wanted:
                return {}
            if len(wanted) > MAX_KEYS_A_WRITE:
                raise Refused(f"{len(wanted)} keys in one write")
            for key, value in wanted.items():
                if value is not None and len(value.encode()) > MAX_VALUE_BYTES:
                    raise Refused(f"the value of {key} is too long")
            if self.between is not None:
                between, self.between = self.between, None
                between()
            if version == self.version:
                self.write(wanted)
                return wanted

    def write(self, wanted: Mapping[str, str | None]) -> None:
        """Put and delete, as any writer."""
        self.version += 1
        self.writes.append(dict(wanted))
        for key, value in wanted.items():
            if value is None:
                self.keys.pop(key, None)
            else:
                self.keys[key] = value
        self.after()

    def _reach(self) -> None:
        if self.is_down:
            raise Unavailable("the key value store does not answer")


@dataclass
class FakeCdn:
    """`Cdn` that remembers purges and completes them after `looks` looks."""

    edge: str = "cloudfront"
    is_down: bool = False
    looks: int = 0
    purges: list[tuple[tuple[str, ...], bool, str]] = field(default_factory=list)

    def purge(self, tags: Sequence[str], *, soft: bool, reference: str) -> PurgeHandle:
        self._reach()
        if (tuple(tags), soft, reference) not in self.purges:
            self.purges.append((tuple(tags), soft, reference))
        return PurgeHandle(self.edge, (reference,))

    def is_complete(self, handle: PurgeHandle) -> bool:
        self._reach()
        self.looks -= 1
        return self.looks < 0

    def _reach(self) -> None:
        if self.is_down:
            raise Unavailable(f"{self.edge} does not answer")


@dataclass
class FakeSteering:
    """`Steering` in a dict: region -> [enabled, healthy]."""

    states: dict[str, tuple[bool, bool | None]] = field(default_factory=dict)
    is_down: bool = False
    edits: list[tuple[str, bool]] = field(default_factory=list)
    after: Callable[[], None] = lambda: None

    def pools(self) -> list[PoolState]:
        self._reach()
        return [PoolState(region, enabled, healthy) for region, (enabled, healthy) in self.states.items()]

    def set_enabled(self, region: str, *, enabled: bool) -> None:
        self._reach()
        if region not in self.states:
            raise Refused(f"no pool for {region}")
        self.edits.append((region, enabled))
        self.states[region] = (enabled, self.states[region][1])
        self.after()

    def _reach(self) -> None:
        if self.is_down:
            raise Unavailable("Cloudflare does not answer")


@dataclass
class FakeEdgeProbe:
    """`EdgeProbe` that asks a function; `asks` remembers the order."""

    hosts: frozenset[str]
    respond: Callable[[Ask], Answer]
    asks: list[Ask] = field(default_factory=list)

    def fetch(self, ask: Ask, timeout: float = 5.0) -> Answer:
        if ask.host not in self.hosts:
            raise Refused(f"{ask.host} is not a host of the inventory; nothing was requested")
        self.asks.append(ask)
        return self.respond(ask)

    def fetch_all(self, asks: Iterable[Ask], at_once: int, on_answer: Callable[[Answer], None]) -> None:
        for ask in asks:
            on_answer(self.fetch(ask))


@dataclass
class FakePathDenials:
    """`PathDenials` in a dict."""

    denied: dict[str, tuple[str, ...]] = field(default_factory=dict)
    is_down: bool = False
    edge: str = "cloudflare"
    after: Callable[[], None] = lambda: None

    def put(self, denied: Mapping[str, Sequence[str]]) -> bool:
        if self.is_down:
            raise Unavailable("Cloudflare does not answer")
        wanted = {host: tuple(patterns) for host, patterns in denied.items() if patterns}
        changed = wanted != self.denied
        self.denied = wanted
        if changed:
            self.after()
        return changed
