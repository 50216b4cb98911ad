"""Tests about tests: all are collected, none hides, and none waits without an end."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.source import ROOT, modules

NEEDS_MORE = {
    "tests/engine/test_differential.py": "compares with the real CLI: make test ENGINE=pulumi where there is one"
}
"""Files that are collected only where the machine has what they need, and what that is."""


def test_every_test_file_is_collected(request: pytest.FixtureRequest) -> None:
    """pytest collects every test_*.py when the whole suite is run, and no file of another name holds tests."""
    config = request.config
    assert config.getini("python_files") == ["test_*.py", "*_test.py"]
    assert config.getini("testpaths") == ["tests"]
    assert not list(config.getini("norecursedirs")) or "tests" not in config.getini("norecursedirs")
    holding = {module.path for module in modules("tests") if _tests(module.tree)}
    named = {one.path for one in modules("tests") if one.path.split("/")[-1].startswith("test_")}
    assert holding == named
    assert not [one.path for one in modules("controlplane", "infra", "sandbox", "benchmarks") if _tests(one.tree)]
    if config.args == ["tests"] and not config.option.keyword and not config.option.markexpr:
        collected = {item.path.relative_to(ROOT).as_posix() for item in request.session.items}
        assert collected | set(NEEDS_MORE) == named


def _tests(tree: ast.Module) -> list[str]:
    inside = [one for node in tree.body if isinstance(node, ast.ClassDef) for one in node.body]
    return [
        node.name
        for node in [*tree.body, *inside]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ] + [ast.unparse(node) for node in tree.body if _is_machine(node)]


def _is_machine(node: ast.stmt) -> bool:
    """Hypothesis' state machines are tests by assignment: `TestX = Machine.TestCase`."""
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "TestCase"
    )


def test_every_test_says_its_promise() -> None:
    """Every test has a docstring."""
    wrong = [
        f"{module.path}:{node.lineno} {node.name}"
        for module in modules("tests")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert not wrong, "\n".join(["", *wrong])


def test_a_bare_ignore_is_refused() -> None:
    """Every `type: ignore` names its code and gives a reason."""
    mark = "# type:" + " ignore"
    wrong = [
        f"{module.path}:{number}: {line.strip()}"
        for module in modules("controlplane", "infra", "sandbox", "tests", "weddings", "benchmarks")
        for number, line in enumerate(module.text.splitlines(), 1)
        if mark in line and not (line.partition(mark)[2].startswith("[") and line.partition("]")[2].strip(" #"))
    ]
    assert not wrong, "\n".join(["", *wrong])
