"""A zone's switches in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from controlplane.errors import Unavailable


@dataclass
class FakeSwitches:
    """`CacheSwitches` in a dict; off until somebody sets it. `after` follows every edit."""

    values: dict[str, str] = field(default_factory=dict)
    is_down: bool = False
    edits: list[tuple[str, str]] = field(default_factory=list)
    after: Callable[[], None] = lambda: None

    def get(self, path: str) -> str:
        self._reach()
        return self.values.get(path, "off")

    def set(self, path: str, value: str) -> None:
        self._reach()
        self.edits.append((path, value))
        self.values[path] = value
        self.after()

    def _reach(self) -> None:
        if self.is_down:
            raise Unavailable("Cloudflare does not answer")
