"""YAML as plain values with the line of each, so that an error can name its line.

Read with ruamel.yaml's rules (YAML 1.2): the country code NO stays a text, where PyYAML makes it False. Dates stay
texts too; the catalogue's model reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode, Node

Path = tuple[str | int, ...]
Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
_MOST_NODES = 5_000_000  # aliases can multiply without end


class NotYaml(ValueError):
    """The text cannot be read as YAML; `line` counts from 1."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


@dataclass(frozen=True)
class Lines:
    """A read document: its value, the line of each key and item by path, and keys that a mapping has twice."""

    value: Plain
    of: dict[Path, int]
    repeated: list[tuple[int, str]]

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest thing around it that is in the file."""
        while path and path not in self.of:
            path = path[:-1]
        return self.of.get(path, 1)


def read(text: str) -> Lines:
    """The one document in `text`. Raises NotYaml with the line."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as why:
        mark = why.problem_mark or why.context_mark
        said = ": ".join(part for part in (why.context, why.problem) if part)
        raise NotYaml(mark.line + 1 if mark else 1, said) from why
    except (YAMLError, ValueError) as why:
        raise NotYaml(1, str(why).split("\n", 1)[0]) from why
    except RecursionError as why:
        raise NotYaml(1, "nested too deeply") from why
    reader = _Reader()
    value = reader.plain(root, ()) if root is not None else None
    return Lines(value, reader.of, reader.repeated)


class _Reader:
    def __init__(self) -> None:
        self.of: dict[Path, int] = {}
        self.repeated: list[tuple[int, str]] = []
        self._open: set[int] = set()
        self._count = 0

    def plain(self, node: Node, path: Path) -> Plain:
        from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

        self._count += 1
        line = node.start_mark.line + 1
        self.of.setdefault(path, line)
        if self._count > _MOST_NODES or id(node) in self._open:
            raise NotYaml(line, "an alias holds itself or multiplies without end")
        if isinstance(node, ScalarNode):
            return _scalar(node)
        self._open.add(id(node))
        try:
            if isinstance(node, SequenceNode):
                return [self.plain(item, (*path, index)) for index, item in enumerate(node.value)]
            if isinstance(node, MappingNode):
                return dict(self._items(node, path))
        finally:
            self._open.discard(id(node))
        raise NotYaml(line, f"{node.tag} is not a value that a catalogue can hold")

    def _items(self, node: MappingNode, path: Path) -> Iterator[tuple[str, Plain]]:
        seen: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                self.repeated.append((line, f"key {name!r} is written twice; first in line {seen[name]}"))
                continue
            seen[name] = line
            self.of[(*path, name)] = line
            yield name, self.plain(value, (*path, name))


def _scalar(node: Node) -> Plain:
    text, kind = str(node.value), str(node.tag).rsplit(":", 1)[-1]
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    try:
        if kind == "int":
            return int(text.replace("_", ""), 0) if text.lstrip("+-")[:1] == "0" and len(text) > 1 else int(text)
        if kind == "float":
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return text
    return text
