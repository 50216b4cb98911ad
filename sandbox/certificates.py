"""The certificate authority of one sandbox run, and the certificates that it signs.

`ca.pem` is what clients trust; its key stays in `ca.key` (mode 0600) beside it. Every function may be called by several
processes at once: the first one makes the file, the others find it.
"""

from __future__ import annotations

import fcntl
import os
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from sandbox.run import Run

# What a POP's certificate covers: the zone, a wedding's host in it, and CloudFront's own names.
EDGE_HOSTS = ("weddings.example", "*.weddings.example", "*.cloudfront.net", "localhost", "127.0.0.1")


def ensure_authority(run: Run) -> Path:
    """Make the run's authority if there is none; returns the path of its certificate."""
    with _locked(run):
        if not (run.ca.exists() and _authority_key(run).exists()):
            authority = trustme.CA(organization_name="wedcache sandbox")
            _write(_authority_key(run), authority.private_key_pem.bytes())
            _write(run.ca, authority.cert_pem.bytes())
    return run.ca


def ensure_certificate(run: Run, name: str, hosts: Iterable[str]) -> Path:
    """Sign `<name>.pem` (key and chain in one file) for `hosts` if it is absent; returns its path.

    `hosts` are DNS names (a leading `*.` allowed) or IP addresses. An existing file is left as it is.
    """
    ensure_authority(run)
    path = run.certificate(name)
    with _locked(run):
        if not path.exists():
            authority = trustme.CA.from_pem(run.ca.read_bytes(), _authority_key(run).read_bytes())
            leaf = authority.issue_cert(*hosts, common_name=name)
            _write(path, leaf.private_key_and_cert_chain_pem.bytes())
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    """TLS 1.2 and 1.3 with `certificate` (key and chain in one file) for a server of HTTP/1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["http/1.1"])
    return context


def client_context(run: Run) -> ssl.SSLContext:
    """TLS for a client that trusts this run's authority and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(run.ca)
    return context


def _authority_key(run: Run) -> Path:
    return run.ca.with_suffix(".key")


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    fresh.replace(path)


@contextmanager
def _locked(run: Run) -> Iterator[None]:
    run.folder.mkdir(parents=True, exist_ok=True)
    with (run.folder / "ca.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
