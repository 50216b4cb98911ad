"""Splits a rule expression into tokens."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_PATTERNS = (
    ("space", r"\s+"),
    ("string", r'"(?:[^"\\]|\\["\\]|\\x[0-9a-fA-F]{2}|\\[0-7]{3}|\\[nrt.*+?^$(){}|/\[\]dDwWsSbB-])*"'),
    ("raw", r'r(?P<hashes>#*)".*?"(?P=hashes)'),
    ("ip", r"\d+\.\d+\.\d+\.\d+(?:/\d+)?|[0-9a-fA-F]*:[0-9a-fA-F:.]*[0-9a-fA-F:](?:/\d+)?"),
    ("number", r"-?\d+"),
    ("list", r"\$[a-z0-9_]+(?:\.[a-z0-9_]+)*"),
    ("word", r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*"),
    ("sign", r"\.\.|&&|\|\||\^\^|==|!=|<=|>=|[<>!~()\[\]{},*]"),
)
_TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS), re.DOTALL)


class Nonsense(ValueError):
    """The expression is not one: where (1-based character) and why."""

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(f"(1:{at}): {reason}")
        self.at = at
        self.reason = reason


@dataclass(frozen=True)
class Token:
    """One token: its kind, its text and its 1-based place."""

    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """All tokens of `text`, ending with one of kind `end`. Raises Nonsense at the first character that fits nothing."""
    found, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise Nonsense(place + 1, f"unexpected input {text[place : place + 12]!r}")
        kind = str(match.lastgroup) if match.lastgroup != "hashes" else "raw"
        if kind == "ip":
            _check_ip(match.group(), place + 1)
        if kind != "space":
            found.append(Token("string" if kind == "raw" else kind, match.group(), place + 1))
        place = match.end()
    return [*found, Token("end", "", len(text) + 1)]


def unquoted(token: Token) -> str:
    """The content of a string token; escapes of quoted strings are left as written."""
    return token.text[token.text.index('"') + 1 : token.text.rindex('"')]


def _check_ip(text: str, at: int) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Nonsense(at, f"{text} is not an IP address or range") from None
