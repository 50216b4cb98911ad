"""The regional caches of the sandbox: real servers, in sync when they say so, gone when they are stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox import valkey


def test_a_pair_is_in_sync_when_it_is_handed_over(tmp_path: Path) -> None:
    """What is written to the primary is on the replica, which refuses writes; both end when told."""
    primary, replica = valkey.start_pair(tmp_path, valkey.free_port(), valkey.free_port())
    try:
        valkey.ask(primary.port, "SET", "k", "v")
        assert valkey.ask(primary.port, "WAIT", "1", "2000", timeout=30).startswith(":1")
        assert "v" in valkey.ask(replica.port, "GET", "k")
        assert "READONLY" in valkey.ask(replica.port, "SET", "k", "w")
    finally:
        primary.stop()
        replica.stop()
    for server in (primary, replica):
        assert server.process.poll() is not None
        with pytest.raises(OSError, match="refused"):
            valkey.ask(server.port, "PING")


def test_a_paused_server_answers_again_when_woken(tmp_path: Path) -> None:
    """Under SIGSTOP it accepts connections and answers nothing; after SIGCONT it answers; it can be ended while
    paused.
    """
    server = valkey.start(valkey.free_port(), tmp_path)
    try:
        server.pause()
        with pytest.raises(TimeoutError):
            valkey.ask(server.port, "PING", timeout=0.1)
        server.wake()
        assert valkey.ask(server.port, "PING", timeout=30).startswith("+PONG")
        server.pause()
    finally:
        server.stop()
    assert server.process.poll() is not None


def test_a_port_in_use_is_told_with_the_servers_own_words(tmp_path: Path) -> None:
    """The error names the port and shows the end of the server's log; nothing is left running."""
    server = valkey.start(valkey.free_port(), tmp_path)
    try:
        with pytest.raises(RuntimeError, match=rf"port {server.port} ended(.|\n)*in use"):
            valkey.start(server.port, tmp_path / "second")
    finally:
        server.stop()
