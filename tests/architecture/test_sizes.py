"""Sizes: what one sitting can read. The aims are told, the hard stops hold."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterable

import pytest

from tests.architecture.conftest import SIZES
from tests.architecture.source import PRODUCT, Place, modules, places

MODULE_LINES = 300
FUNCTION_LINES = 60
METHODS = 12
PORT_METHODS = 5
DEPTH = 2
MOCKS = re.compile(r"\b(?:mock\.patch|(?<!\.)patch\(|(?:Magic|Async|NonCallable)?Mock\(|mocker\b|unittest\.mock)")

MANY_METHODS: dict[str, str] = {
    "controlplane/cache/client.py Cache": "the one facade of the cache: each verb is a line or two over its part",
    "controlplane/bootstrap.py Plant": "the composition root: one lazy property for each thing that a command may need",
}
"""Classes that may have more methods, and why. What a protocol or framework imposes is not counted at all."""

FRAMEWORKS = ("Servicer", "NodeVisitor", "BaseHTTPRequestHandler", "asyncio.Protocol", "Protocol", "ResourceProvider")


def classes() -> list[Place]:
    """Every class of the product."""
    return [place for place in places(*PRODUCT) if isinstance(place.node, ast.ClassDef)]


def functions(*folders: str) -> list[Place]:
    """Every function and method under `folders`."""
    return [place for place in places(*folders) if not isinstance(place.node, ast.ClassDef)]


def bases(place: Place) -> list[str]:
    """The names of a class's bases, without their type arguments."""
    assert isinstance(place.node, ast.ClassDef)
    return [ast.unparse(base).partition("[")[0] for base in place.node.bases]


def methods(place: Place) -> list[str]:
    """What a class defines itself, without magic methods."""
    assert isinstance(place.node, ast.ClassDef)
    found = [one.name for one in place.node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    return sorted({name for name in found if not (name.startswith("__") and name.endswith("__"))})


def is_port(place: Place) -> bool:
    """A Protocol class: it says what somebody else must be able to do."""
    return any(base.rpartition(".")[2] == "Protocol" and base != "asyncio.Protocol" for base in bases(place))


def imposed(place: Place) -> set[str]:
    """Method names that a port of the project or a framework asks for."""
    named: set[str] = set()
    known = {one.name.rpartition(".")[2]: one for one in classes()}
    for base in bases(place):
        short = base.rpartition(".")[2]
        if short in known and is_port(known[short]):
            named |= set(methods(known[short]))
        if short.endswith(FRAMEWORKS):
            named |= {name for name in methods(place) if not name.startswith("_")}
    return named


def told(wrong: Iterable[str]) -> str:
    """One line each, for the reader of a failed test."""
    return "\n".join(["", *wrong])


def test_modules_fit_five_screens() -> None:
    """No module has more than 300 lines, tests included."""
    wrong = [f"{one.path}: {one.lines}" for one in modules(*PRODUCT, "tests", "benchmarks") if one.lines > MODULE_LINES]
    assert not wrong, told(wrong)


def test_functions_fit_one_screen() -> None:
    """No function has more than 60 lines, tests included."""
    wrong = [f"{one.where}: {one.lines}" for one in functions(*PRODUCT, "tests") if one.lines > FUNCTION_LINES]
    assert not wrong, told(wrong)


def test_most_are_smaller(request: pytest.FixtureRequest) -> None:
    """The median module has at most 100 lines, nine of ten functions at most 30."""
    lines = [one.lines for one in modules(*PRODUCT) if one.lines > 2]
    lengths = sorted(one.lines for one in functions(*PRODUCT))
    median, tenth = statistics.median(lines), lengths[int(len(lengths) * 0.9)]
    request.config.stash[SIZES] = (
        f"sizes: {len(lines)} modules, median {median:.0f} lines, longest {max(lines)}; "
        f"{len(lengths)} functions, nine of ten within {tenth} lines, longest {lengths[-1]}"
    )
    assert median <= 100, f"the median module has {median} lines"
    assert tenth <= 30, f"the 90th percentile of functions is {tenth} lines"


def test_classes_do_one_thing() -> None:
    """No class has more than 12 methods of its own making; each exemption has a reason and is still needed."""
    many = {
        f"{place.module.path} {place.name}": len(set(methods(place)) - imposed(place))
        for place in classes()
        if not is_port(place) and len(set(methods(place)) - imposed(place)) > METHODS
    }
    wrong = [f"{name}: {count} methods" for name, count in many.items() if name not in MANY_METHODS]
    assert not wrong, told(wrong)
    assert set(MANY_METHODS) <= set(many), "an exemption is no longer needed"


def test_ports_are_small() -> None:
    """No port asks for more than five methods."""
    wrong = [
        f"{one.where}: {len(methods(one))}" for one in classes() if is_port(one) and len(methods(one)) > PORT_METHODS
    ]
    assert not wrong, told(wrong)


def test_inheritance_is_shallow() -> None:
    """No class of the project stands on more than two others of the project, errors aside."""
    known = {place.name.rpartition(".")[2]: place for place in classes()}

    def depth(name: str, seen: frozenset[str] = frozenset()) -> int:
        if name not in known or name in seen:
            return 0
        above = [base.rpartition(".")[2] for base in bases(known[name])]
        return 1 + max((depth(base, seen | {name}) for base in above), default=0)

    def is_error(name: str) -> bool:
        above = [base.rpartition(".")[2] for base in bases(known[name])] if name in known else []
        return any(base.endswith(("Exception", "Error")) or is_error(base) for base in above if base != name)

    wrong = [
        f"{place.where}: {depth(name)}"
        for name, place in known.items()
        if depth(name) > DEPTH + 1 and not is_error(name)
    ]
    assert not wrong, told(wrong)


def test_what_is_public_says_what_it_promises() -> None:
    """Every public module, class, function and method of the product has a docstring."""
    wrong = [f"{one.path}: the module" for one in modules(*PRODUCT) if one.lines and not ast.get_docstring(one.tree)]
    nested = in_functions()
    for place in places(*PRODUCT):
        parts = place.name.split(".")
        if any(part.startswith("_") for part in parts) or id(place.node) in nested:
            continue
        if not ast.get_docstring(place.node) and not is_overload(place):
            wrong.append(place.where)
    assert not wrong, told(wrong)


def is_overload(place: Place) -> bool:
    """A further signature of a function that says what it does once."""
    return any(ast.unparse(one).endswith("overload") for one in place.node.decorator_list)


def in_functions() -> set[int]:
    """The ids of what is defined inside functions: nobody else can call it."""
    return {
        id(inner)
        for place in functions(*PRODUCT)
        for inner in ast.walk(place.node)
        if inner is not place.node and isinstance(inner, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_nothing_is_mocked() -> None:
    """Tests run the real thing or a fake that keeps the port's promises; mocks exist in Pulumi's own tests only."""
    wrong = [
        f"{one.path}: {match.group(0)}"
        for one in modules("tests")
        for match in MOCKS.finditer(one.text)
        if not one.path.startswith(("tests/infra/", "tests/architecture/"))
    ]
    assert not wrong, told(wrong)
