"""Calendar edits are a door: an edit extends a window in force, two signatures lift it."""

from __future__ import annotations

import shlex
from datetime import timedelta
from pathlib import Path

from tests.cli.saturday import IN, PURGE, RULE, Saturday, landscape, saturday

__all__ = ["landscape", "saturday"]
SAMPLE = (Path(__file__).parents[2] / "catalogue.yaml").read_text()


def pushed(saturday: Saturday, text: str) -> tuple[int, list[str]]:
    """What `freeze push` of this catalogue ends with, and the rules that it keeps against the edit."""
    catalogue = saturday.folder / "edited.yaml"
    catalogue.write_text(text)
    said = saturday("freeze", "push", "--catalogue", str(catalogue), "--yes", "--output", "json")
    return said.code, said.json["kept"]


def test_an_edit_in_the_window_only_extends_it(saturday: Saturday) -> None:
    """A longer lag is taken over (0); moved, shorter, gone or in another zone, the window is kept and named (13)."""
    assert pushed(saturday, SAMPLE.replace("    lag: 6h ", "    lag: 8h ")) == (0, [])
    edits = (("[2027-06-12]", "[2027-06-19]"), ("    lag: 8h ", "    lag: 1h "), ("Europe/Rome", "Asia/Tokyo"))
    longer = SAMPLE.replace("    lag: 6h ", "    lag: 8h ")
    for old, new in (*edits, (longer[longer.index("weddings:\n") :], "weddings: []\n")):
        assert old in longer
        assert pushed(saturday, longer.replace(old, new)) == (13, [RULE]), new
        saturday.clock.set(IN + timedelta(hours=20, minutes=-1))  # its old end is 2027-06-13T06:00Z
        assert saturday(*PURGE).code == 10
        saturday.clock.set(IN)


def test_lifting_a_window_is_break_glass(saturday: Saturday) -> None:
    """Refused (10) with the words to ask; two signatures end the window, once; an unchanged push brings it back."""
    before = len(saturday.cloud.mutations())
    refused = saturday("freeze", "lift", RULE, "--yes")
    assert refused.code == 10
    assert len(saturday.cloud.mutations()) == before
    command = refused.err.rsplit("next: ", 1)[1].rsplit("; or ", 1)[-1].strip()
    assert command.startswith(f"wedcache break-glass request --op calendar-edit --scope wedding:como --what {RULE}")
    text = saturday.signed(saturday.text(saturday(*shlex.split(command)[1:])), "lena", "boris")
    saturday.refused(("it is for calendar-edit, not for purge-hard", [*PURGE, "--break-glass", text]))
    lifted = saturday("freeze", "lift", RULE, "--break-glass", text, "--yes", "--output", "json")
    assert (lifted.code, lifted.json["verdict"], lifted.json["lifted"]) == (0, "ADMITTED_BY_BREAK_GLASS", [RULE])
    assert saturday(*PURGE, "--plan").code == 0
    assert saturday("freeze", "lift", RULE, "--yes").code == 2
    assert saturday("freeze", "push", "--yes").code == 0
    assert saturday(*PURGE, "--plan").code == 10
    saturday.refused(("it was used before", ["freeze", "lift", RULE, "--break-glass", text, "--yes"]))
