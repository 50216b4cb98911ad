"""The run folder: every file that the processes of one sandbox run share."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_FOLDER = Path(".wedcache/sandbox")


@dataclass(frozen=True)
class Run:
    """One run's folder, made by `sandbox up`. Paths only; nothing is read until asked for."""

    folder: Path

    @property
    def registry(self) -> Path:
        """`run.json`: run id, seed, processes (name -> {pid, started}), endpoints (name -> "host:port" or URL)."""
        return self.folder / "run.json"

    @property
    def clock(self) -> Path:
        """`clock.json`: {"offset": seconds}."""
        return self.folder / "clock.json"

    @property
    def faults(self) -> Path:
        """`faults.json`: the active faults."""
        return self.folder / "faults.json"

    @property
    def hosts(self) -> Path:
        """`hosts.json`: the sandbox's DNS, host name -> "127.0.0.1:port"."""
        return self.folder / "hosts.json"

    @property
    def calls(self) -> Path:
        """`calls.jsonl`: every vendor API call received."""
        return self.folder / "calls.jsonl"

    @property
    def ca(self) -> Path:
        """`ca.pem`: the certificate authority of this run."""
        return self.folder / "ca.pem"

    def log(self, name: str) -> Path:
        """The access log `<name>.jsonl`, for example `pop-FRA56-P1` or `origin-eu-central-1`."""
        return self.folder / f"{name}.jsonl"

    def certificate(self, name: str) -> Path:
        """`<name>.pem`: private key and chain in one file."""
        return self.folder / f"{name}.pem"

    def read(self) -> dict[str, Any]:
        """The registry; {} where no run was ever started here."""
        return read_json(self.registry)

    def endpoint(self, name: str) -> str:
        """The endpoint registered under `name`. Raises KeyError naming the run folder."""
        endpoints = self.read().get("endpoints", {})
        if name not in endpoints:
            raise KeyError(f"no endpoint {name!r} in {self.registry}; is the sandbox up?")
        return str(endpoints[name])

    @contextmanager
    def edit(self) -> Iterator[dict[str, Any]]:
        """Change the registry under a file lock; written whole (temporary file, then rename)."""
        with edit_json(self.registry) as registry:
            yield registry


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; {} where the file does not exist."""
    try:
        loaded = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    if not isinstance(loaded, dict):
        raise TypeError(f"{path} does not hold a JSON object")
    return loaded


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace `path` in one step, so that readers see the old or the new file and never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_text(json.dumps(value, indent=1))
    fresh.replace(path)


@contextmanager
def edit_json(path: Path) -> Iterator[dict[str, Any]]:
    """Read, change and write one JSON object under an exclusive lock on `<path>.lock`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        value = read_json(path)
        yield value
        write_json(path, value)
