"""Spans: what takes time is shown to whoever traces the service."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Spans(Protocol):
    """Opens spans. Never raises, and never swallows what is raised within one."""

    def within(self, name: str, key: str) -> AbstractContextManager[None]:
        """A span called `name` (`load`, `redis`, `edge`) around what is done for `key`.

        Only what stands before the first colon of the key is shown: the rest may name a person.
        """
        ...
