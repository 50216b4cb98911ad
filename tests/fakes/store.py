"""A shared store in memory, whose calls can be made to fail before or after their effect."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from controlplane.errors import Unavailable


@dataclass
class FakeSharedStore:
    """`SharedStore` in two dicts. `is_down` makes every call fail; `calls` names each mutation, `after` follows it."""

    registers: dict[str, str | None] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    is_down: bool = False
    calls: list[tuple[str, str]] = field(default_factory=list)
    after: Callable[[], None] = lambda: None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def read(self, key: str) -> str | None:
        with self.lock:
            self._reach()
            return self.registers.get(key)

    def change(self, key: str, update: Callable[[str | None], str | None]) -> str | None:
        with self.lock:
            self._reach()
            value = update(self.registers.get(key))
            self.registers[key] = value
            self.calls.append(("change", key))
            self.after()
            return value

    def put(self, key: str, value: str) -> None:
        with self.lock:
            self._reach()
            self.objects[key] = value
            self.calls.append(("put", key))
            self.after()

    def get(self, key: str) -> str | None:
        with self.lock:
            self._reach()
            return self.objects.get(key)

    def names(self, prefix: str) -> Iterable[str]:
        with self.lock:
            self._reach()
            return sorted(key for key in {*self.registers, *self.objects} if key.startswith(prefix))

    def _reach(self) -> None:
        if self.is_down:
            raise Unavailable("0 of 3 buckets of the shared store answered, two are needed")
