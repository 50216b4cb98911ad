"""Where a command stands: project, backend, selected stack, its settings and secrets. Everything is looked up when
asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from sandbox.engine.arguments import Command
from sandbox.engine.backend import Backend, Selection, Stack, backend_url
from sandbox.engine.passphrase import Crypter
from sandbox.engine.project import Project, StackFile, find_project, values
from sandbox.engine.stop import Stop


class Workspace:
    """The surroundings of one command."""

    def __init__(self, command: Command, environ: Mapping[str, str], folder: Path) -> None:
        self.command = command
        self.environ = environ
        self._folder = (folder / command.get("--cwd")).resolve() if command.get("--cwd") else folder

    @cached_property
    def project(self) -> Project:
        """The project of the folder."""
        return find_project(self._folder)

    @cached_property
    def backend(self) -> Backend:
        """The backend in force."""
        return Backend(backend_url(self.environ, self.project.backend))

    @cached_property
    def selection(self) -> Selection:
        """Which stack is selected here."""
        return Selection(self.environ, self.project.name, self.project.file, self.backend.url)

    def named(self, name: str) -> Stack:
        """A stack by the name that a person gave. Raises Stop."""
        parts = name.split("/")
        if len(parts) > 1 and parts[0] != "organization":
            raise Stop("organization name must be 'organization'")
        project = parts[1] if len(parts) == 3 else self.project.name
        return self.backend.stack(project, parts[-1])

    @cached_property
    def stack(self) -> Stack:
        """The stack of the command: --stack or the selected one. Raises Stop (exit 6 where it is not
        there).
        """
        name = self.command.get("--stack") or self.selection.get()
        if not name:
            raise Stop("no stack selected; please use `pulumi stack select` or `pulumi stack init` to choose one")
        stack = self.named(name)
        stack.read()
        return stack

    def settings(self, stack: Stack) -> StackFile:
        """The stack's settings file."""
        given = self.command.get("--config-file")
        path = Path(given) if given else self.project.root / f"Pulumi.{stack.name}.yaml"
        return StackFile(path if path.is_absolute() else self._folder / path, self.project)

    @cached_property
    def crypter(self) -> Crypter:
        """The stack's secrets, by the salt of its settings or else of its state."""
        salt = self.settings(self.stack).salt
        if not salt:
            provider = (self.deployment.get("secrets_providers") or {}).get("state") or {}
            salt = provider.get("salt", "")
        return Crypter(self.environ, salt)

    @property
    def deployment(self) -> dict[str, Any]:
        """The stack's DeploymentV3; {} for an empty stack. Raises Stop for another secrets provider."""
        latest: dict[str, Any] = self.stack.read()["checkpoint"].get("latest") or {}
        kind = (latest.get("secrets_providers") or {}).get("type", "passphrase")
        if kind != "passphrase":
            raise Stop(f"the secrets provider {kind!r} of this state: install the Pulumi CLI (ENGINE=pulumi)")
        return latest

    def configuration(self) -> tuple[dict[str, str], set[str]]:
        """The configuration as the program gets it, checked against the project's schema, and its secret keys. Raises
        Stop.
        """
        entries = {**self._declared(), **self.settings(self.stack).entries()}
        return values(entries, self.crypter)

    def _declared(self) -> dict[str, Any]:
        """The project's own values and defaults. Raises Stop where a declared key has neither and the stack none."""
        present = self.settings(self.stack).entries()
        found: dict[str, Any] = {}
        for name, declared in self.project.schema.items():
            key = name if ":" in name else f"{self.project.name}:{name}"
            rules = declared if isinstance(declared, dict) else {"value": declared}
            for source in ("default", "value"):
                if source in rules:
                    found[key] = rules[source]
            if key not in found and key not in present:
                raise Stop(
                    f"Stack '{self.stack.name}' is missing configuration value '{name}'. Set the value with "
                    f"`pulumi config set {name} <value>`"
                )
            _require_kind(self.stack.name, name, str(rules.get("type") or ""), present.get(key))
        return found


def _require_kind(stack: str, name: str, kind: str, value: Any) -> None:
    if value is None or (isinstance(value, dict) and "secure" in value):
        return
    text = str(value)
    fits = {
        "integer": text.lstrip("-").isdigit(),
        "boolean": text.lower() in ("true", "false"),
        "array": isinstance(value, list),
        "object": isinstance(value, dict),
        "string": not isinstance(value, (list, dict)),
    }
    if not fits.get(kind, True):
        raise Stop(f"Stack '{stack}' with configuration key '{name}' must be of type '{kind}'")
