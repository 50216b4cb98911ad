"""Fakes of the cache's ports, in memory, for one process: they pass the contract suites that the real adapters pass."""

from __future__ import annotations

from dataclasses import dataclass, field

from controlplane.cache.testing import START, FakeClock, FakePurgeLog, FakeTier
from controlplane.errors import Refused
from controlplane.ports.control_keys import Document

__all__ = ["START", "FakeClock", "FakeControlKeys", "FakePurgeLog", "FakeTier"]


@dataclass
class FakeControlKeys:
    """Control documents in a dict."""

    documents: dict[str, Document] = field(default_factory=dict)

    async def get(self, name: str) -> Document | None:
        return self.documents.get(name)

    async def put(self, name: str, document: Document) -> None:
        known = self.documents.get(name)
        if known and (document.epoch < known.epoch or (document.epoch == known.epoch and document != known)):
            raise Refused(f"{name} is at epoch {known.epoch}; epoch {document.epoch} is late")
        self.documents[name] = document
