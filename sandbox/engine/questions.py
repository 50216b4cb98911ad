"""What the planner asks and hears, and how it says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.engine.values import Value


@dataclass(frozen=True)
class Check:
    """Provider Check: may the resource have these inputs? `provider` is a reference, "" for a provider resource
    itself.
    """

    urn: str
    provider: str
    olds: Mapping[str, Value] | None
    news: Mapping[str, Value]
    seed: bytes


@dataclass(frozen=True)
class Diff:
    """Provider Diff between the recorded resource and new inputs."""

    urn: str
    provider: str
    id: str
    old_inputs: Mapping[str, Value]
    old_outputs: Mapping[str, Value]
    new_inputs: Mapping[str, Value]
    ignore_changes: tuple[str, ...] = ()
    unknowns: bool = True


@dataclass(frozen=True)
class Load:
    """Have the provider of this reference ready (an old one may not be declared any more)."""

    provider: str


Question = Check | Diff | Load


@dataclass(frozen=True)
class Answer:
    """An answer to any question; a Check fills `inputs` and `failures`, a Diff `difference`."""

    inputs: Mapping[str, Value] = field(default_factory=dict)
    failures: tuple[tuple[str, str], ...] = ()
    difference: Any = None


@dataclass(frozen=True)
class Diffed:
    """What a Diff found. `changed` None: the provider does not say, compare the inputs."""

    changed: bool | None
    replaces: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    delete_before_replace: bool = False
    paths: tuple[str, ...] = ()  # of a detailed difference


@dataclass(frozen=True)
class Complaint:
    """An error about one resource ("" for none in particular)."""

    urn: str
    text: str


class Invalid(Exception):
    """The resource cannot be planned; `texts` say why, one diagnostic each."""

    def __init__(self, urn: str, texts: list[str]) -> None:
        super().__init__("; ".join(texts))
        self.urn = urn
        self.texts = texts
