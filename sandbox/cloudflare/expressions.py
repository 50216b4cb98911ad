"""A small type checker for Cloudflare's rule language: it accepts what the vendor would run and refuses nonsense.

Grammar: `or` < `xor` < `and` < `not`; a comparison is a value, an operator and a literal, a set or a list; a bare value
must be Boolean. Nothing is evaluated here: POPs do that.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.cloudflare.limits import EXPRESSION_CHARACTERS
from sandbox.cloudflare.rule_tokens import Nonsense, Token, tokens, unquoted
from sandbox.cloudflare.rule_words import (
    BOOLEAN,
    FUNCTIONS,
    IP,
    NUMBER,
    REQUEST_FIELDS,
    RESPONSE_FIELDS,
    STRING,
    STRINGS,
    Signature,
)

DEEPEST = 48
_LOGIC = (("or", "||"), ("xor", "^^"), ("and", "&&"))
_ORDER = {"eq", "==", "ne", "!=", "lt", "<", "le", "<=", "gt", ">", "ge", ">="}
_TEXT = {"contains", "matches", "~", "wildcard"}
_EACH = re.compile(r"Each<(.*)>")


@dataclass
class Reading:
    """What an expression turned out to be: its type, and the fields and operators that it uses."""

    type: str = ""
    fields: set[str] = field(default_factory=set)
    operators: set[str] = field(default_factory=set)


def read_filter(text: str, *, response: bool) -> Reading:
    """Check a rule's expression, which must be Boolean. Raises Nonsense."""
    return _read(text, BOOLEAN, response=response)


def read_value(text: str, *, response: bool) -> Reading:
    """Check an expression that yields a string (a header's value, a redirect's target). Raises Nonsense."""
    return _read(text, STRING, response=response)


def read_list(text: str, *, response: bool) -> Reading:
    """Check an expression that yields an array of strings (cache tags). Raises Nonsense."""
    return _read(text, STRINGS, response=response)


def _read(text: str, wanted: str, *, response: bool) -> Reading:
    if len(text) > EXPRESSION_CHARACTERS:
        raise Nonsense(EXPRESSION_CHARACTERS + 1, f"longer than {EXPRESSION_CHARACTERS} characters")
    known = REQUEST_FIELDS | RESPONSE_FIELDS if response else REQUEST_FIELDS
    parser = _Parser(tokens(text), known)
    reading = parser.reading
    reading.type = parser.logic(0, 0) if wanted == BOOLEAN else parser.value(0)
    parser.finish()
    if reading.type != wanted:
        raise Nonsense(1, f"the expression yields {reading.type}, {wanted} is needed")
    return reading


class _Cursor:
    """A place in the tokens of one expression."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._place = 0

    @property
    def next(self) -> Token:
        """The token that comes next; the last one is of kind `end`."""
        return self._tokens[self._place]

    def accept(self, *texts: str) -> Token | None:
        """The next token, taken, if it is one of these words or signs."""
        if self.next.text in texts and self.next.kind in ("word", "sign"):
            return self.take()
        return None

    def take(self) -> Token:
        """The next token, whatever it is."""
        self._place += 1
        return self._tokens[self._place - 1]

    def expect(self, kind: str, text: str = "") -> Token:
        """The next token, which must be of `kind` and, where `text` is given, read so."""
        token = self.next
        if token.kind != kind or (text and token.text != text):
            raise Nonsense(token.at, f"expected {text or kind}, found {token.text or 'the end'}")
        return self.take() if kind != "end" else token

    def literal(self, kind: str) -> Token:
        """The next token, which must be a literal of the type `kind`."""
        token = self.next
        if token.kind != {STRING: "string", NUMBER: "number", IP: "ip"}[kind]:
            raise Nonsense(token.at, f"a {kind} literal is needed, found {token.text or 'the end'}")
        return self.take()


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, found: list[Token], known: Mapping[str, str]) -> None:
        self._at = _Cursor(found)
        self._known = known
        self.reading = Reading()

    def finish(self) -> None:
        """Raise Nonsense where anything is left over."""
        self._at.expect("end")

    def logic(self, level: int, depth: int) -> str:
        """A chain of `or`, `xor` or `and` (by `level`) of Boolean parts."""
        if level == len(_LOGIC):
            return self._negation(depth)
        start = self._at.next.at
        kind = self.logic(level + 1, depth)
        while word := self._at.accept(*_LOGIC[level]):
            other = self.logic(level + 1, depth)
            if kind != other or kind not in (BOOLEAN, "Each<Boolean>"):
                raise Nonsense(start, f"{word.text} joins Boolean parts, found {kind} and {other}")
        return kind

    def _negation(self, depth: int) -> str:
        if depth > DEEPEST:
            raise Nonsense(self._at.next.at, f"nested deeper than {DEEPEST}")
        if word := self._at.accept("not", "!"):
            kind = self._negation(depth + 1)
            if kind not in (BOOLEAN, "Each<Boolean>"):
                raise Nonsense(word.at, f"{word.text} needs a Boolean, found {kind}")
            return kind
        if self._at.accept("("):
            kind = self.logic(0, depth + 1)
            self._at.expect("sign", ")")
            return kind
        return self._comparison(depth)

    def _comparison(self, depth: int) -> str:
        at = self._at.next.at
        if word := self._at.accept("true", "false"):
            self.reading.operators.add(word.text)
            return BOOLEAN
        kind = self.value(depth)
        each = _EACH.fullmatch(kind)
        plain = each.group(1) if each else kind
        operator = self._at.accept(*_ORDER, *_TEXT, "strict", "in")
        if operator is None:
            if plain != BOOLEAN:
                raise Nonsense(at, f"a bare value must be Boolean, found {kind}")
            return kind
        self._right_side(operator, plain)
        return "Each<Boolean>" if each else BOOLEAN

    def _right_side(self, operator: Token, kind: str) -> None:
        if operator.text == "strict":
            operator = self._at.expect("word", "wildcard")
        self.reading.operators.add(operator.text)
        if kind not in (STRING, NUMBER, IP):
            raise Nonsense(operator.at, f"{operator.text} cannot compare {kind}")
        if operator.text == "in":
            self._set_of(kind)
            return
        if operator.text in _TEXT and kind != STRING:
            raise Nonsense(operator.at, f"{operator.text} needs a String, found {kind}")
        if kind == IP and operator.text not in ("eq", "==", "ne", "!="):
            raise Nonsense(operator.at, f"{operator.text} cannot compare IP")
        literal = self._at.literal(kind)
        if operator.text in ("matches", "~"):
            _check_pattern(literal)
        if operator.text == "wildcard" and "**" in literal.text:
            raise Nonsense(literal.at, "two adjacent * in a wildcard pattern")

    def _set_of(self, kind: str) -> None:
        if self._at.next.kind == "list":
            self._at.expect("list")
            return
        self._at.expect("sign", "{")
        self._at.literal(kind)
        while not self._at.accept("}"):
            if self._at.accept("..") and kind == STRING:
                raise Nonsense(self._at.next.at, "a range of strings")
            self._at.literal(kind)

    def value(self, depth: int) -> str:
        """A literal, a field with its indexes, or a function call; returns its type."""
        if depth > DEEPEST:
            raise Nonsense(self._at.next.at, f"nested deeper than {DEEPEST}")
        token = self._at.next
        literal = {"string": STRING, "number": NUMBER, "ip": IP}.get(token.kind)
        if literal:
            self._at.take()
            return literal
        self._at.expect("word")
        if token.text in FUNCTIONS and self._at.next.text == "(":
            return self._call(token, FUNCTIONS[token.text], depth)
        if token.text not in self._known:
            raise Nonsense(token.at, f"unknown identifier {token.text}")
        self.reading.fields.add(token.text)
        return self._indexed(self._known[token.text])

    def _indexed(self, kind: str) -> str:
        each = False
        while opened := self._at.accept("["):
            outer, _, inner = kind.partition("<")
            key = self._at.next
            if self._at.accept("*"):
                each = True
            elif key.kind != {"Map": "string", "Array": "number"}.get(outer):
                raise Nonsense(key.at, f"{kind} has no index {key.text}")
            else:
                self._at.take()
            if not inner:
                raise Nonsense(opened.at, f"{kind} has no index")
            kind = inner[:-1]
            self._at.expect("sign", "]")
        return f"Each<{kind}>" if each else kind

    def _call(self, name: Token, signature: Signature, depth: int) -> str:
        self._at.expect("sign", "(")
        given: list[str] = []
        while not self._at.accept(")"):
            if given:
                self._at.expect("sign", ",")
            boolean = name.text in ("any", "all")
            given.append(self.logic(0, depth + 1) if boolean else self.value(depth + 1))
        return _applied(name, signature, given)


def _applied(name: Token, signature: Signature, given: list[str]) -> str:
    most = len(signature.arguments)
    if len(given) < most - signature.optional or (len(given) > most and not signature.repeats):
        raise Nonsense(name.at, f"{name.text} takes {most} arguments, found {len(given)}")
    spread = False
    for place, kind in enumerate(given):
        allowed = signature.arguments[min(place, most - 1)]
        each = _EACH.fullmatch(kind)
        if kind not in allowed and not (each and each.group(1) in allowed):
            raise Nonsense(
                name.at, f"argument {place + 1} of {name.text} is {kind}, not {' or '.join(sorted(allowed))}"
            )
        spread = spread or bool(each and kind not in allowed)
    return f"Each<{signature.returns}>" if spread else signature.returns


def _check_pattern(literal: Token) -> None:
    pattern = unquoted(literal)
    if re.search(r"\(\?(=|!|<=|<!)|\\[1-9]", pattern):
        raise Nonsense(literal.at, "look-around and back-references are not part of the vendor's regular expressions")
    try:
        with warnings.catch_warnings(action="ignore"):
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as problem:
        raise Nonsense(literal.at, f"not a regular expression: {problem}") from None
