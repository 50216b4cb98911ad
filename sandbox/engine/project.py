"""Pulumi.yaml and Pulumi.<stack>.yaml: the project, its runtime, and a stack's configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.engine.checkpoint import VERSION
from sandbox.engine.passphrase import Crypter
from sandbox.engine.stop import Stop


@dataclass(frozen=True)
class Project:
    """The project as Pulumi.yaml declares it. `entry` is what runs: the folder or file of the program."""

    file: Path
    name: str
    options: Mapping[str, Any]
    main: str
    backend: str
    schema: Mapping[str, Any]

    @property
    def root(self) -> Path:
        """The folder of Pulumi.yaml."""
        return self.file.parent

    @property
    def program(self) -> tuple[Path, str]:
        """The folder to run in and the entry point inside it (`.` for the folder's `__main__.py`)."""
        target = (self.root / self.main).resolve()
        return (target.parent, target.name) if target.is_file() else (target, ".")


def find_project(folder: Path) -> Project:
    """The project of `folder` or of the nearest folder above it. Raises Stop."""
    for candidate in (folder, *folder.parents):
        for name in ("Pulumi.yaml", "Pulumi.yml"):
            if (candidate / name).exists():
                return _read(candidate / name)
    raise Stop(f"no Pulumi.yaml project file found (searching upwards from {folder}).")


def _read(file: Path) -> Project:
    data = load_yaml(file) or {}
    runtime = data.get("runtime") or {}
    runtime = {"name": runtime} if isinstance(runtime, str) else runtime
    if not data.get("name"):
        raise Stop(f"could not load {file}: project is missing a 'name' attribute")
    if runtime.get("name") != "python":
        raise Stop(f"the runtime {runtime.get('name')!r} of {file}: install the Pulumi CLI (ENGINE=pulumi)")
    _require(str(data.get("requiredPulumiVersion") or ""), file)
    backend = (data.get("backend") or {}).get("url") or ""
    options = runtime.get("options") or {}
    return Project(file, str(data["name"]), options, str(data.get("main") or "."), backend, data.get("config") or {})


def _require(wanted: str, file: Path) -> None:
    """Hold to `requiredPulumiVersion`, a range such as `>=3.250.0 <4.0.0`. Raises Stop."""
    ours = _numbers(VERSION)
    for part in wanted.split():
        match = re.fullmatch(r"(>=|<=|>|<|=)?v?(\d+(?:\.\d+){0,2})", part)
        if match is None:
            raise Stop(f"the version range {wanted!r} in {file}: install the Pulumi CLI (ENGINE=pulumi)")
        theirs = _numbers(match[2])
        holds = {">=": ours >= theirs, "<=": ours <= theirs, ">": ours > theirs, "<": ours < theirs}
        if not holds.get(match[1] or "=", ours == theirs):
            raise Stop(f'Pulumi CLI version {VERSION[1:]} does not satisfy the version range "{wanted}" in {file.name}')


def _numbers(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.lstrip("v").split(".")]
    return (*parts, 0, 0)[:3]


def load_yaml(file: Path) -> Any:
    """A YAML 1.2 file, comments kept for writing it back."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML().load(file.read_text())
    except YAMLError as error:
        raise Stop(f"could not read {file}: {error}") from None


@dataclass(frozen=True)
class StackFile:
    """`Pulumi.<stack>.yaml`, or the file that --config-file names."""

    path: Path
    project: Project

    def _data(self) -> Any:
        from ruamel.yaml.comments import CommentedMap

        data = load_yaml(self.path) if self.path.exists() else None
        return data if data is not None else CommentedMap()

    def _save(self, data: Any) -> None:
        from ruamel.yaml import YAML

        yaml = YAML()
        yaml.width = 4096
        with self.path.open("w") as file:
            yaml.dump(data, file)

    @property
    def salt(self) -> str:
        """The stack's encryption salt line; "" for none."""
        data = self._data()
        if data.get("secretsprovider") not in (None, "passphrase", "default", ""):
            raise Stop(f"the secrets provider of {self.path}: install the Pulumi CLI (ENGINE=pulumi)")
        return str(data.get("encryptionsalt") or "")

    def set_salt(self, salt: str) -> None:
        """Write the salt line."""
        data = self._data()
        data["encryptionsalt"] = salt
        self._save(data)

    def key(self, text: str) -> str:
        """A configuration key with its namespace: `region` -> `<project>:region`."""
        parts = text.split(":")
        if len(parts) == 3 and parts[1] == "config":
            return f"{parts[0]}:{parts[2]}"
        return text if len(parts) == 2 else f"{self.project.name}:{text}"

    def entries(self) -> dict[str, Any]:
        """Key -> raw value as the file holds it."""
        return {self.key(str(key)): value for key, value in (self._data().get("config") or {}).items()}

    def set(self, key: str, value: Any) -> None:
        """Write one value (or `{"secure": ciphertext}`)."""
        data = self._data()
        if not data.get("config"):
            data["config"] = {}
        data["config"][self.key(key)] = value
        self._save(data)

    def remove(self, key: str) -> None:
        """Forget one value."""
        data = self._data()
        if (data.get("config") or {}).pop(self.key(key), None) is not None:
            self._save(data)


def values(entries: Mapping[str, Any], crypter: Crypter) -> tuple[dict[str, str], set[str]]:
    """The configuration as the program gets it (text; structures as JSON), and the keys that are secret."""
    plain: dict[str, str] = {}
    secret: set[str] = set()
    for key, raw in entries.items():
        opened, is_secret = _open(raw, crypter)
        plain[key] = opened if isinstance(opened, str) else json.dumps(opened, separators=(",", ":"))
        if is_secret:
            secret.add(key)
    return plain, secret


def _open(raw: Any, crypter: Crypter) -> tuple[Any, bool]:
    if isinstance(raw, Mapping):
        if set(raw) == {"secure"}:
            return crypter.decrypt(str(raw["secure"])), True
        opened = {str(key): _open(value, crypter) for key, value in raw.items()}
        return {key: value for key, (value, _) in opened.items()}, any(secret for _, secret in opened.values())
    if isinstance(raw, list):
        items = [_open(value, crypter) for value in raw]
        return [value for value, _ in items], any(secret for _, secret in items)
    return (raw if isinstance(raw, (bool, int, float)) else str(raw)), False
