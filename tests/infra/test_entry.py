"""The ways in: both `__main__` files, and the side door into the Cloudflare SDK."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from infra import cloudflare_sdk
from tests.infra.landscape import ROOT

BESIDE = """
import sys
from infra import cloudflare_sdk
beside = {name: getattr(cloudflare_sdk, name) for name in sys.argv[1:]}
assert not hasattr(sys.modules["pulumi_cloudflare"], "AccessRule"), "the package was executed whole"
del sys.modules["pulumi_cloudflare"]
import pulumi_cloudflare
assert pulumi_cloudflare.AccessRule
for name, found in beside.items():
    assert found is getattr(pulumi_cloudflare, name), name
    assert found.__module__.startswith("pulumi_cloudflare."), name
print(len(beside))
"""


@pytest.mark.parametrize("main", ["infra/__main__.py", "weddings/__main__.py"])
def test_a_main_only_opens_the_way(main: str) -> None:
    """The path, a quiet end on an interrupt, and `main()`: everything else is imported from the project."""
    tree = ast.parse((ROOT / main).read_text())
    said = [
        ast.unparse(node) for node in tree.body if not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call)
    ]
    imports = {"import os", "import signal", "import sys", "from pathlib import Path"}
    assert [line for line in said if line not in imports] == [
        "sys.path.insert(0, str(Path(__file__).resolve().parents[1]))",
        "signal.signal(signal.SIGINT, lambda *_: os._exit(1))",
        "from infra.program import main",
        "main()",
    ]


def test_the_side_door_gives_the_packages_own_classes() -> None:
    """Every Cloudflare type of the programs is the very class that `import pulumi_cloudflare` would give."""
    used = {
        node.attr
        for file in (ROOT / "infra").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "cloudflare"
    }
    assert {"Zone", "Ruleset", "LoadBalancerPool", "DnsRecord"} <= used
    done = subprocess.run(
        [sys.executable, "-c", BESIDE, *sorted(used)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, str(len(used))), done.stderr


@pytest.mark.parametrize("name", ["LoadBalancerPoool", "NoSuchThing", "DNSRecord"])
def test_an_unknown_type_is_named(name: str) -> None:
    """A misspelt class is an AttributeError that says so, also where a module of that name exists."""
    with pytest.raises(AttributeError, match=f"pulumi_cloudflare has no .*{name}"):
        getattr(cloudflare_sdk, name)
    with pytest.raises(AttributeError):
        cloudflare_sdk.__wrapped__  # noqa: B018  # the access is what is tried
