"""The project's source as syntax trees, parsed once; only files that git would track are looked at."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("controlplane", "infra", "sandbox", "weddings")


@dataclass(frozen=True, eq=False)
class Module:
    """One Python file: path from the root, text, syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """Physical lines."""
        return self.text.count("\n")


@dataclass(frozen=True, eq=False)
class Place:
    """A class or function and where it stands; `name` is dotted inside its module."""

    module: Module
    name: str
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def where(self) -> str:
        """For the reader of a failed test."""
        return f"{self.module.path}:{self.node.lineno} {self.name}"

    @property
    def lines(self) -> int:
        """From `def` or `class` to its last line."""
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1


@cache
def files() -> tuple[str, ...]:
    """Every file of the tree that git tracks or would track, that still exists; paths from the root."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(sorted(name for name in set(said.splitlines()) if (ROOT / name).is_file()))


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """The Python files under `folders`."""
    return tuple(_parsed(name) for name in files() if name.endswith(".py") and name.split("/")[0] in folders)


@cache
def _parsed(name: str) -> Module:
    text = (ROOT / name).read_text()
    return Module(name, text, ast.parse(text, name))


@cache
def places(*folders: str) -> tuple[Place, ...]:
    """Every class and function under `folders`, nested ones too."""
    return tuple(place for module in modules(*folders) for place in _inside(module, module.tree, ""))


def _inside(module: Module, node: ast.AST, prefix: str) -> list[Place]:
    found: list[Place] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}{child.name}"
            found += [Place(module, name, child), *_inside(module, child, f"{name}.")]
        elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):  # expressions define nothing
            found += _inside(module, child, prefix)
    return found


@cache
def imported(module: Module) -> tuple[tuple[str, int], ...]:
    """Every module name that is imported anywhere in the file, also inside functions and for types only."""
    return tuple(_imports(module.tree))


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
