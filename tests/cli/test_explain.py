"""`wedcache explain`: every code that an error can give is told."""

from __future__ import annotations

import json

import pytest

from controlplane import errors
from controlplane.cli.main import run
from controlplane.cli.ops import HANDED_OVER
from controlplane.domain.exit_codes import TABLE


def every_code() -> set[int]:
    """The codes of the whole error tree, the unsafe retry's, and those that commands give by themselves."""

    def below(kind: type[errors.WedcacheError]) -> set[int]:
        return {kind.exit_code}.union(*(below(one) for one in kind.__subclasses__()))

    return below(errors.WedcacheError) | {errors.Unavailable("", safe_to_retry=False).exit_code, 0, 2, HANDED_OVER, 130}


def test_every_code_is_explained_and_no_other() -> None:
    """The table holds exactly the codes that the command can end with."""
    assert set(TABLE) == every_code()
    assert all(row.meaning and row.next_step for row in TABLE.values())


@pytest.mark.parametrize("code", sorted(TABLE))
def test_explain_tells_each_code(code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """As words and as one object, its schema first."""
    assert run(["explain", str(code)]) == 0
    assert TABLE[code].meaning in capsys.readouterr().out
    assert run(["explain", str(code), "--output", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert next(iter(told)) == "schema"
    assert told["next"] == TABLE[code].next_step


def test_an_unknown_code_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A code that wedcache never ends with is bad input, and the message lists those that it does."""
    assert run(["explain", "99"]) == 2
    assert "130" in capsys.readouterr().err
