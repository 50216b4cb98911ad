"""The CLI's file backend: where stacks, locks and the selected stack are, and how they are read and written."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import shutil
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sandbox.engine.checkpoint import checkpoint_text
from sandbox.engine.stop import NO_STACK, Stop


def home(environ: Mapping[str, str]) -> Path:
    """The CLI's own folder: PULUMI_HOME or ~/.pulumi."""
    return Path(environ.get("PULUMI_HOME") or Path("~/.pulumi").expanduser())


def backend_url(environ: Mapping[str, str], project_url: str) -> str:
    """The backend in force: PULUMI_BACKEND_URL, the project's, the one logged in to, else ~."""
    credentials = home(environ) / "credentials.json"
    current = json.loads(credentials.read_text()).get("current", "") if credentials.exists() else ""
    return environ.get("PULUMI_BACKEND_URL") or project_url or current or "file://~"


@dataclass(frozen=True)
class Backend:
    """One file backend; `url` as the person wrote it."""

    url: str

    @property
    def folder(self) -> Path:
        """The `.pulumi` folder. Raises Stop for a backend that is not a folder."""
        if not self.url.startswith("file://"):
            raise Stop(f"the backend {self.url} is not a folder (file://...): install the Pulumi CLI (ENGINE=pulumi)")
        path = unquote(self.url.removeprefix("file://").split("?", 1)[0])
        return Path(path).expanduser().absolute() / ".pulumi"

    def stacks(self) -> list[tuple[str, str]]:
        """Every (project, stack), sorted."""
        found = (self.folder / "stacks").glob("*/*.json")
        return sorted((path.parent.name, path.stem) for path in found)

    def stack(self, project: str, name: str) -> Stack:
        """The stack, which need not exist."""
        return Stack(self, project, name)

    def prepare(self) -> None:
        """Write the layout's version where the backend is new."""
        meta = self.folder / "meta.yaml"
        if not meta.exists():
            meta.parent.mkdir(parents=True, exist_ok=True)
            meta.write_text("version: 1\n")


@dataclass(frozen=True)
class Stack:
    """One stack of a backend."""

    backend: Backend
    project: str
    name: str

    @property
    def full_name(self) -> str:
        """`organization/<project>/<stack>`."""
        return f"organization/{self.project}/{self.name}"

    @property
    def path(self) -> Path:
        """The checkpoint file."""
        return self.backend.folder / "stacks" / self.project / f"{self.name}.json"

    @property
    def _locks(self) -> Path:
        return self.backend.folder / "locks" / self.full_name

    def exists(self) -> bool:
        """Whether there is a checkpoint."""
        return self.path.exists()

    def read(self) -> dict[str, Any]:
        """The checkpoint file. Raises Stop (no stack named ...)."""
        if not self.exists():
            raise Stop(f"no stack named '{self.name}' found", NO_STACK)
        data: dict[str, Any] = json.loads(self.path.read_text())
        return data

    def write(self, text: str) -> None:
        """Replace the checkpoint whole; the former one stays beside it as `.bak`."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.exists():
            shutil.copyfile(self.path, self.path.with_name(self.path.name + ".bak"))
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        fresh.write_text(text)
        fresh.replace(self.path)

    def create(self, now: datetime) -> None:
        """An empty stack. Raises Stop where it exists."""
        if self.exists():
            raise Stop(f"stack '{self.full_name}' already exists")
        self.backend.prepare()
        self.write(f'{{"version":3,"checkpoint":{{"stack":{json.dumps(self.full_name)}}}}}' if now else "")

    def remove(self) -> None:
        """Forget the stack, its backups and history."""
        self.path.unlink(missing_ok=True)
        self.path.with_name(self.path.name + ".bak").unlink(missing_ok=True)
        for kind in ("backups", "history"):
            shutil.rmtree(self.backend.folder / kind / self.project / self.name, ignore_errors=True)

    @contextmanager
    def locked(self, now: datetime) -> Iterator[None]:
        """Hold the stack's lock, in the CLI's form. Raises Stop naming whoever holds it; killed, the lock stays."""
        self._refuse_locked(None)
        self._locks.mkdir(parents=True, exist_ok=True)
        mine = self._locks / f"{uuid.uuid4()}.json"
        content = {"pid": os.getpid(), "username": getpass.getuser(), "hostname": socket.gethostname()}
        mine.write_text(json.dumps({**content, "timestamp": now.astimezone().isoformat()}))
        try:
            self._refuse_locked(mine)
            yield
        finally:
            mine.unlink(missing_ok=True)

    def unlock(self) -> None:
        """Delete every lock of the stack, whoever holds it."""
        for path in self._locks.glob("*.json"):
            path.unlink(missing_ok=True)

    def _refuse_locked(self, mine: Path | None) -> None:
        others = [path for path in sorted(self._locks.glob("*.json")) if path != mine]
        if not others:
            return
        lines = [
            f"the stack is currently locked by {len(others)} lock(s). Either wait for the other process(es) to end or "
            "delete the lock file with `pulumi cancel`."
        ]
        for path in others:
            held = json.loads(path.read_text())
            by = f"{held['username']}@{held['hostname']} (pid {held['pid']}) at {held['timestamp']}"
            lines.append(f"  file://{path}: created by {by}")
        raise Stop("\n".join(lines))


def empty_checkpoint(stack: Stack, state: str, now: datetime) -> str:
    """A checkpoint without resources."""
    return checkpoint_text(stack.full_name, [], [], state, False, now)


class Selection:
    """The selected stack of one project folder, kept where the CLI keeps it."""

    def __init__(self, environ: Mapping[str, str], project: str, file: Path, url: str) -> None:
        digest = hashlib.sha1(str(file).encode(), usedforsecurity=False).hexdigest()
        self._path = home(environ) / "workspaces" / f"{project}-{digest}-workspace.json"
        self._url = url

    def get(self) -> str:
        """The selected stack's name; "" for none."""
        if not self._path.exists():
            return ""
        stacks = json.loads(self._path.read_text()).get("stacks") or {}
        return str(stacks.get(self._url, "")).rsplit("/", 1)[-1]

    def beside(self, what: str) -> Path:
        """A file of ours beside the selection, for what may be forgotten at any time."""
        return self._path.with_name(self._path.name.replace("-workspace.json", f"-standin-{what}.json"))

    def set(self, full_name: str) -> None:
        """Select a stack ("" selects none)."""
        data = json.loads(self._path.read_text()) if self._path.exists() else {}
        stacks = {**(data.get("stacks") or {}), self._url: full_name}
        data["stacks"] = {url: name for url, name in stacks.items() if name}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(data, indent=4))


def is_file_url(text: str) -> bool:
    """Whether a backend address is a folder."""
    return urlsplit(text).scheme == "file"
