"""Markup in small: an element, its attributes and its text, each escaped where it enters."""

from __future__ import annotations

from html import escape


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def text(words: object) -> Markup:
    """Words, escaped."""
    return Markup(escape(str(words)))


def element(name: str, *inside: object, **attributes: object) -> Markup:
    """`<name attributes>inside</name>`. What is inside is escaped unless it is Markup; None attributes are left out.

    An underscore at the end of an attribute's name is dropped (`class_`), others are dashes (`stroke_width`).
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    body = "".join(one if isinstance(one, Markup) else escape(str(one)) for one in inside)
    return Markup(f"<{name}{said}>{body}</{name}>")


def joined(*parts: str) -> Markup:
    """Parts that are Markup, one after the other; a plain text among them is escaped."""
    return Markup("\n".join(part if isinstance(part, Markup) else escape(part) for part in parts if part))


def number(value: float) -> str:
    """A coordinate: at most one decimal."""
    return f"{round(value, 1):g}"
