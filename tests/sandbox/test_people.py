"""The people of a run: their keys are the run's own, and the product's programs and commands can use them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from controlplane.adapters.ssh.signatures import SshSignatures
from controlplane.domain.break_glass import NAMESPACE
from controlplane.domain.break_glass_people import read_signers, who_signed
from controlplane.domain.inventory import Writers
from sandbox import people
from sandbox.run import Run


def test_each_run_has_signers_of_its_own(tmp_path: Path) -> None:
    """Two persons with three keys, no key twice, none readable by others; a person's second key is the same person."""
    lines = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        lines.append(people.allowed_signers(Run(tmp_path / name)))
    assert not set(lines[0]) & set(lines[1])
    signers, run = read_signers(lines[0]), Run(tmp_path / "one")
    assert len({signer.key for signer in signers}) == 3
    signed = {}
    for name in ("lena", "lena-second", "boris"):
        path = people.key(run, name)
        assert path.stat().st_mode & 0o777 == 0o600
        made = SshSignatures().sign(b"text", path, NAMESPACE)
        signed[name] = SshSignatures().signed_by(b"text", made, NAMESPACE)
    at = datetime(2027, 6, 12, tzinfo=UTC)
    named = {name: who_signed(signers, [key], at) for name, key in signed.items()}
    assert named["lena"] == named["lena-second"] != named["boris"]


def test_every_credential_of_a_run_is_somebodys() -> None:
    """Whose credentials are whose is what the inventory takes, and nobody is both a program and an operator."""
    writers = Writers.model_validate(people.WRITERS)
    assert writers.programs
    assert writers.operators
    assert not set(writers.programs) & set(writers.operators)
