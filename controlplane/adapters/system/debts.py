"""`Debts` in a folder: one file for each process that owes, locked for as long as the process lives.

A line is `<crc32> <json>\\n`: `{"id", "kind", "tags"}` for a debt, `{"paid": id}` for its end. A torn or damaged line
is passed over: the debt was not acknowledged, or is delivered once more. The lock (flock(2)) is let go by the kernel
when its process ends, however it ends; whoever then gets it delivers the file's debts and removes it. The folder must
be on a local disk, since network file systems differ about locks.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import threading
import weakref
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controlplane.domain.purge_log import Kind
from controlplane.errors import Unavailable
from controlplane.ports.debts import Debt

_SUFFIX = ".owed"


@dataclass
class _File:
    """A locked file: its descriptor and the idents of its unpaid debts."""

    path: Path
    descriptor: int
    unpaid: set[str] = field(default_factory=set)


class DebtsFolder:
    """Debts under `folder` (mode 0700, files 0600), made at the first debt. For several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own: _File | None = None
        self._claimed: list[_File] = []
        self._guard = threading.Lock()
        _OPEN.add(self)

    def owe(self, kind: Kind, tags: Sequence[str]) -> Debt:
        """Append one line and fsync it."""
        debt = Debt(secrets.token_hex(8), kind, tuple(tags))
        with self._guard:
            try:
                file = self._own = self._own or self._create()
                _append(file.descriptor, {"id": debt.ident, "kind": kind.value, "tags": debt.tags})
            except OSError as error:
                raise Unavailable(
                    f"the purge of {', '.join(tags)[:200]} is not kept in {self._folder} ({error.strerror})",
                    next_step="Make the folder for owed purges writable, then purge again.",
                ) from error
            file.unpaid.add(debt.ident)
        return debt

    def claim(self) -> Sequence[Debt]:
        """Lock and read every file that nobody holds."""
        found: list[Debt] = []
        with self._guard, contextlib.suppress(OSError):
            for path in sorted(self._folder.glob(f"*{_SUFFIX}"), key=_changed):
                with contextlib.suppress(OSError):
                    found += self._take(path)
        return found

    def settle(self, debt: Debt) -> bool:
        """Append the end of the debt; a claimed file goes with its last debt, our own becomes empty."""
        with self._guard:
            for file in (self._own, *self._claimed):
                if file is None or debt.ident not in file.unpaid:
                    continue
                try:
                    if len(file.unpaid) > 1:
                        _append(file.descriptor, {"paid": debt.ident}, synced=False)
                    elif file is self._own:
                        os.ftruncate(file.descriptor, 0)
                    else:
                        self._remove(file)
                except OSError:
                    return False
                file.unpaid.discard(debt.ident)
        return True

    def close(self) -> None:
        """Unlock; a file of ours without debts goes."""
        with self._guard:
            for file in self._claimed:
                os.close(file.descriptor)
            if self._own is not None:
                if not self._own.unpaid:
                    self._own.path.unlink(missing_ok=True)
                os.close(self._own.descriptor)
            self._own, self._claimed = None, []

    def renewed(self) -> DebtsFolder:
        """Another one for the same folder; what this one still owed can be claimed again."""
        self.close()
        return DebtsFolder(self._folder)

    def disown(self) -> None:
        """In a forked child: what was open is the parent's. A copied descriptor would keep its lock alive."""
        self._guard = threading.Lock()
        for file in (self._own, *self._claimed):
            if file is not None:
                os.close(file.descriptor)
        self._own, self._claimed = None, []

    def _create(self) -> _File:
        """A locked file of our own, whose name is on the disk too.

        Between its creation and its lock somebody may claim and remove it as empty; then there is another one.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            path = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if os.fstat(descriptor).st_nlink:
                    _sync_folder(self._folder)
                    return _File(path, descriptor)
            except OSError:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def _take(self, path: Path) -> list[Debt]:
        """The unpaid debts of a file that nobody holds. Raises BlockingIOError if somebody does."""
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.fstat(descriptor).st_nlink:
                raise FileNotFoundError(path)
            debts = _read(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        file = _File(path, descriptor, {debt.ident for debt in debts})
        if debts:
            self._claimed.append(file)
        else:
            path.unlink(missing_ok=True)
            os.close(descriptor)
        return debts

    def _remove(self, file: _File) -> None:
        """A claimed file whose debts are all paid: remove it while it is ours, then let go."""
        file.path.unlink(missing_ok=True)
        os.close(file.descriptor)
        self._claimed.remove(file)


_OPEN: weakref.WeakSet[DebtsFolder] = weakref.WeakSet()


def _disown_all() -> None:
    for folder in list(_OPEN):
        folder.disown()


os.register_at_fork(after_in_child=_disown_all)


def _append(descriptor: int, record: dict[str, Any], *, synced: bool = True) -> None:
    """One checked line in one write; a line that went out only in part is cut off again."""
    body = json.dumps(record, separators=(",", ":")).encode()
    # It begins with an end of line, since what stands before it may be torn.
    line = b"\n%08x %b\n" % (zlib.crc32(body), body)
    before = os.fstat(descriptor).st_size
    try:
        if os.write(descriptor, line) != len(line):
            raise OSError(28, "no space left for the whole line")
        if synced:
            os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, before)
        raise


def _read(descriptor: int) -> list[Debt]:
    """The debts without an end, in order; what is torn, damaged or not ours is passed over."""
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        lines = file.read().split(b"\n")
    debts: dict[str, Debt] = {}
    for line in lines:
        check, _, body = line.partition(b" ")
        if check != b"%08x" % zlib.crc32(body):
            continue
        with contextlib.suppress(ValueError, KeyError, TypeError):
            record = json.loads(body)
            if "paid" in record:
                debts.pop(record["paid"], None)
            else:
                debts[record["id"]] = Debt(record["id"], Kind(record["kind"]), tuple(record["tags"]))
    return list(debts.values())


def _changed(path: Path) -> float:
    """When the file was last written; a file that is gone sorts anywhere."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _sync_folder(folder: Path) -> None:
    """Make a new name in it last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
