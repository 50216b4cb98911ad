"""The part of Cloudflare's rules language that cache rules are written in.

Source: Cloudflare docs, ruleset-engine/rules-language (fields, operators, functions, values). An expression that uses
anything else raises `Unreadable`; the rule that carries it then matches nothing, and the POP says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Facts = Mapping[str, Any]
Term = Callable[[Facts], Any]


class Unreadable(ValueError):
    """The expression is not in the part of the language that is emulated."""


TOKENS = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<raw>r"[^"]*")|(?P<number>\d+)|(?P<op>==|!=|<=|>=|&&|\|\||\^\^|~|!|<|>)
    |(?P<mark>[(){}\[\],])|(?P<range>\.\.)|(?P<name>[A-Za-z_](?:[A-Za-z0-9_]|\.(?!\.))*))""",
    re.VERBOSE,
)
FIELDS = frozenset(
    {
        "http.host", "http.cookie", "http.referer", "http.user_agent", "http.request.method", "http.request.uri",
        "http.request.uri.path", "http.request.uri.path.extension", "http.request.uri.query", "http.request.full_uri",
        "http.request.headers", "http.response.code", "http.response.headers", "ssl",
        "http.response.content_type.media_type",
    }
)  # fmt: skip


@lru_cache(maxsize=256)
def _wildcard(pattern: str, flags: re.RegexFlag) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), flags | re.DOTALL)


WORDS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "matches": "~"}
WORDS |= {"and": "&&", "or": "||", "xor": "^^"}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
    "contains": lambda left, right: right in left,
    "~": lambda left, right: re.search(right, left) is not None,
    "wildcard": lambda left, right: _wildcard(right, re.IGNORECASE).fullmatch(left) is not None,
    "strict wildcard": lambda left, right: _wildcard(right, re.NOFLAG).fullmatch(left) is not None,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "starts_with": lambda text, start: text.startswith(start),
    "ends_with": lambda text, end: text.endswith(end),
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "len": len,
    "concat": lambda *parts: "".join(str(part) for part in parts),
    "to_string": str,
    "split": lambda text, separator, *limit: text.split(separator, *(n - 1 for n in limit)),
}


@lru_cache(maxsize=1024)
def compiled(text: str) -> Term:
    """A function from facts to the expression's value. Raises Unreadable."""
    parser = _Parser(_tokens(text))
    term = parser.either()
    if parser.peek() is not None:
        raise Unreadable(f"{parser.peek()!r} is not expected here: {text}")
    return term


def matches(text: str, facts: Facts) -> bool:
    """Whether a rule with this expression matches. A field that the facts lack reads as an empty string.

    Raises Unreadable.
    """
    try:
        return bool(compiled(text)(facts))
    except (TypeError, AttributeError, re.error) as error:
        raise Unreadable(f"{error}: {text}") from error


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    stripped = text.rstrip()
    while at < len(stripped):
        found = TOKENS.match(stripped, at)
        if found is None:
            raise Unreadable(f"cannot read {stripped[at : at + 20]!r}")
        token = found.group(found.lastgroup or 0)
        tokens.append(WORDS.get(token, token))
        at = found.end()
    return tokens


class _Parser:
    """Recursive descent: or, xor, and, not, comparison, value (in the order of Cloudflare's precedence)."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        if token is None or (expected is not None and token != expected):
            raise Unreadable(f"expected {expected or 'more'}, found {token or 'the end'}")
        self._at += 1
        return token

    def either(self, level: int = 0) -> Term:
        if level == len(LOGIC):
            return self._negated()
        spelled, joined = LOGIC[level]
        left = self.either(level + 1)
        while self.peek() == spelled:
            self.take()
            left = joined(left, self.either(level + 1))
        return left

    def _negated(self) -> Term:
        if self.peek() in ("not", "!"):
            self.take()
            inner = self._negated()
            return lambda facts: not inner(facts)
        return self._comparison()

    def _comparison(self) -> Term:
        left = self._value()
        operator = self.peek()
        if operator == "in":
            self.take()
            allowed = self._set()
            return lambda facts: any(low <= left(facts) <= high for low, high in allowed)
        if operator == "strict":
            self.take()
            self.take("wildcard")
            return _comparing(COMPARE["strict wildcard"], left, self._value())
        if operator in COMPARE:
            self.take()
            return _comparing(COMPARE[operator], left, self._value())
        return left

    def _value(self) -> Term:
        token = self.take()
        if token == "(":
            inner = self.either()
            self.take(")")
            return inner
        if self.peek() == "(" and token in FUNCTIONS:
            return self._call(FUNCTIONS[token])
        if token in FIELDS:
            return self._field(token)
        literal = _literal(token)
        return lambda facts: literal

    def _call(self, function: Callable[..., Any]) -> Term:
        self.take("(")
        arguments = [self.either()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.either())
        self.take(")")
        return lambda facts: function(*(argument(facts) for argument in arguments))

    def _field(self, name: str) -> Term:
        if not name.endswith(".headers"):
            return lambda facts: facts.get(name, "")
        self.take("[")
        header = str(_literal(self.take())).lower()
        self.take("]")
        index = 0
        if self.peek() == "[":
            self.take()
            index = int(self.take())
            self.take("]")

        def read(facts: Facts) -> str:
            values = facts.get(name, {}).get(header, [])
            return str(values[index]) if index < len(values) else ""

        return read

    def _set(self) -> list[tuple[Any, Any]]:
        self.take("{")
        allowed = []
        while self.peek() != "}":
            low = high = _literal(self.take())
            if self.peek() == "..":
                self.take()
                high = _literal(self.take())
            allowed.append((low, high))
        self.take("}")
        return allowed


def _or(left: Term, right: Term) -> Term:
    return lambda facts: bool(left(facts)) or bool(right(facts))


def _and(left: Term, right: Term) -> Term:
    return lambda facts: bool(left(facts)) and bool(right(facts))


def _xor(left: Term, right: Term) -> Term:
    return lambda facts: bool(left(facts)) is not bool(right(facts))


# Weakest first.
LOGIC = (("||", _or), ("^^", _xor), ("&&", _and))


def _comparing(compare: Callable[[Any, Any], bool], left: Term, right: Term) -> Term:
    return lambda facts: compare(left(facts), right(facts))


def _literal(token: str) -> Any:
    if token.startswith('r"'):
        return token[2:-1]
    if token.startswith('"'):
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    if token.isdecimal():
        return int(token)
    if token in ("true", "false"):
        return token == "true"
    raise Unreadable(f"{token} is neither a field nor a function that is emulated")
