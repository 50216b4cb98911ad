"""What a person reads of a run: steps as they happen, then diagnostics, outputs and a count."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox.engine import urns
from sandbox.engine.resources import Step
from sandbox.engine.values import UNKNOWN, Properties, Secret, freeze

_SYMBOLS = {
    "create": "+ ",
    "create-replacement": "++",
    "replace": "+-",
    "update": "~ ",
    "delete": "- ",
    "delete-replaced": "--",
}
_WORDS = {
    "create": ("create", "created"),
    "create-replacement": ("create replacement", "created replacement"),
    "replace": ("replace", "replaced"),
    "update": ("update", "updated"),
    "delete": ("delete", "deleted"),
    "delete-replaced": ("delete original", "deleted original"),
}
_ORDER = ("create", "update", "delete", "replace")
_TITLES = {
    ("up", True): "Previewing update",
    ("up", False): "Updating",
    ("destroy", True): "Previewing destroy",
    ("destroy", False): "Destroying",
}


class Report:
    """Follows one run of `kind` (up or destroy); `say` takes finished lines."""

    def __init__(self, kind: str, stack: str, project: str, preview: bool, say: Callable[[str], None]) -> None:
        self._preview = preview
        self._say = say
        self._root = f"urn:pulumi:{stack}::{project}::{urns.STACK_TYPE}::{project}-{stack}"
        self._diagnostics: dict[str, list[tuple[str, str]]] = {}
        self._errored: set[str] = set()
        self.counts: dict[str, int] = {}
        self.steps: list[Step] = []
        say(f"{_TITLES[kind, preview]} ({stack}):")

    def began(self, step: Step) -> None:
        """A step begins: shown at its end."""

    def ended(self, step: Step, error: str) -> None:
        """Show a step that changed something and count it."""
        self.steps.append(step)
        if error:
            self._errored.add(step.urn)
        if not error and not step.skipped and not is_default(step.urn) and step.op in (*_ORDER, "same"):
            self.counts[step.op] = self.counts.get(step.op, 0) + 1
        if step.op in _SYMBOLS and not is_default(step.urn):
            done = f"**{_WORDS[step.op][0]} failed**" if error else _WORDS[step.op][0 if self._preview else 1]
            changed = f" [diff: {','.join(step.diffs or step.keys)}]" if step.diffs or step.keys else ""
            self._say(f" {_SYMBOLS[step.op]} {short(step.urn)} {done}{changed}")

    def diagnose(self, urn: str, severity: str, text: str) -> None:
        """Keep a message for the end; an error is said at once too."""
        self._diagnostics.setdefault(urn or self._root, []).append((severity, text))
        if severity == "error":
            self._errored.add(urn or self._root)
            self._say(f"    {short(urn or self._root)} error: {text}")

    @property
    def errors(self) -> list[str]:
        """Every error so far, the first one first."""
        everything = [text for found in self._diagnostics.values() for severity, text in found if severity == "error"]
        return [text for text in everything if text not in ("update failed", "preview failed")]

    def close(self, outputs: Properties | None, former: Properties | None, seconds: float) -> None:
        """The diagnostics, the outputs and the count."""
        if self._diagnostics:
            self._say("Diagnostics:")
            for urn, found in self._diagnostics.items():
                self._say(f"  {display_type(urns.kind(urn))} ({urns.name(urn)}):")
                for severity, text in found:
                    prefix = "" if severity == "info" else f"{severity}: "
                    self._say("\n".join(f"    {line}" for line in f"{prefix}{text}".split("\n")))
                self._say("")
        if (outputs and outputs != former) or (outputs and not self._preview):
            self._say("Outputs:")
            for name, value in sorted(outputs.items()):
                self._say(f"    {name}: {shown(value)}")
            self._say("")
        self._say("Resources:")
        for line in self._summary():
            self._say(f"    {line}")
        if not self._preview:
            self._say(f"\nDuration: {max(1, round(seconds))}s")
        self._say("")

    def _summary(self) -> list[str]:
        kinds = [op for op in _ORDER if self.counts.get(op)]
        lines = []
        for op in kinds:
            verb = f"to {op}" if self._preview else _WORDS[op][1]
            lines.append(f"{_SYMBOLS[op]}{self.counts[op]} {verb}")
        unchanged = f"{self.counts['same']} unchanged" if self.counts.get("same") else ""
        if len(kinds) > 1:
            total = f"{sum(self.counts[op] for op in kinds)} changes."
            unchanged = f"{total} {unchanged}".strip()
        lines += [unchanged] if unchanged else []
        return lines + ([f"{len(self._errored)} errored"] if self._errored else [])

    @property
    def changed(self) -> bool:
        """Whether any step was not a same."""
        return any(self.counts.get(op) for op in _ORDER)


def is_default(urn: str) -> bool:
    """Whether the resource is a default provider, which no count shows."""
    return urns.is_provider(urns.kind(urn)) and urns.name(urn).startswith("default")


def display_type(kind: str) -> str:
    """`aws:s3/bucket:Bucket` as `aws:s3:Bucket`."""
    parts = kind.split(":")
    return ":".join([parts[0], parts[1].split("/")[0], *parts[2:]]) if len(parts) == 3 else kind


def short(urn: str) -> str:
    """A resource by type and name."""
    return f"{display_type(urns.kind(urn))} {urns.name(urn)}"


def shown(value: Any) -> str:
    """An output as it may be printed."""
    if isinstance(value, Secret):
        return "[secret]"
    if value is UNKNOWN:
        return "[unknown]"
    return json.dumps(freeze(value, lambda _: "[secret]"), ensure_ascii=False)


def plain_outputs(outputs: Properties, show_secrets: bool) -> dict[str, Any]:
    """Outputs for `stack output --json`."""
    plain = {}
    for name, value in sorted(outputs.items()):
        secret = isinstance(value, Secret)
        plain[name] = "[secret]" if secret and not show_secrets else freeze(value.value if secret else value, None)
    return plain
