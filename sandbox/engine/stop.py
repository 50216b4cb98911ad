"""How the command ends when it cannot go on: a text for the reader and the CLI's exit code."""

from __future__ import annotations

FAILED = 1
NO_STACK = 6
CHANGES_SEEN = 7
NEEDS_CONSENT = 2


class Stop(Exception):
    """End the command with `text` on stderr (as `error: ...`) and `code`; an empty text was already shown."""

    def __init__(self, text: str, code: int = FAILED) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
