"""Names and words: a file is named for what it does, and the project speaks of the project alone."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest

from tests.architecture.source import PRODUCT, ROOT, files, imported, modules

NAMELESS = {"utils", "util", "helpers", "helper", "common", "core", "base", "manager", "service", "services", "misc"}
TEXTS = (
    ".py",
    ".md",
    ".toml",
    ".yaml",
    ".yml",
    ".txt",
    ".in",
    ".js",
    ".lua",
    ".html",
    ".css",
    ".sh",
    "Makefile",
    ".ci/run",
)

# Patterns of what is no part of the project. They are built from parts, so that this file does not hold them.
_HOSTS = ("py" + "pi", "files.python" + "hosted", "proxy.go" + "lang", "registry.npm" + "js", "index." + "crates")
_FOLDERS = ("wo" + "rk", "ho" + "me", "ro" + "ot", "Us" + "ers", "op" + "t/wheels", "tm" + "p")
_PEOPLE = ("assist" + "ant", "lang" + "uage mod" + "el", "chat" + "bot", "clau" + "de", "gp" + "t")
_PLACES = (
    "clos" + "ing note",
    "issu" + r"es? #?\d",
    "acceptance cri" + "teria",
    "your br" + "ief",
    "sub" + "-?agents?",
)
_NOW = ("sess" + "ion",)

EVERYWHERE = {
    "a package index's host": re.compile(rf"\b(?:{'|'.join(map(re.escape, _HOSTS))})\.", re.IGNORECASE),
    "a path of somebody's machine": re.compile(rf"(?<![\w.*~}}])/(?:{'|'.join(_FOLDERS)})/(?!\*)\w"),
    "who wrote it": re.compile(rf"\b(?:{'|'.join(_PEOPLE)})s?\b", re.IGNORECASE),
    "how it was ordered": re.compile(rf"\b(?:{'|'.join(_PLACES)})\b", re.IGNORECASE),
    "work that is not done": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b(?!1)"),
}
PROSE = {"when it was written": re.compile(rf"\b(?:{'|'.join(_NOW)})s?\b", re.IGNORECASE)}
"""Said in prose for readers only: in code it is a word of boto3, of terminals, of tests."""

ALLOWED = {
    ("requirements.lock", "a package index's host"): "checked by its own test: comments of the resolver only",
}
SAMPLES = [
    ("a package index's host", "see https://py" + "pi.org/simple"),
    ("a path of somebody's machine", 'open("/wo' + 'rk/main/x")'),
    ("a path of somebody's machine", "cd /ho" + "me/ann"),
    ("who wrote it", "written by Clau" + "de"),
    ("how it was ordered", "as issu" + "e #3 says"),
    ("how it was ordered", "see the clos" + "ing note"),
    ("work that is not done", "# TO" + "DO: later"),
]
"""One line for each kind, which its pattern must find."""
VENDORS = {
    "boto3": ("controlplane/adapters/aws/", "sandbox/", "tests/"),
    "botocore": ("controlplane/adapters/aws/", "sandbox/", "tests/"),
    "awscrt": ("controlplane/adapters/aws/", "sandbox/", "tests/"),
    "cloudflare": ("controlplane/adapters/cloudflare/", "sandbox/", "tests/"),
    "redis": ("controlplane/adapters/redis/", "sandbox/", "tests/", "benchmarks/"),
    "hiredis": ("controlplane/adapters/redis/", "sandbox/", "tests/", "benchmarks/"),
    "pycurl": ("controlplane/adapters/http/", "sandbox/", "tests/", "benchmarks/"),
    "pulumi": ("infra/", "weddings/", "sandbox/", "tests/"),
    "pulumi_aws": ("infra/", "weddings/", "sandbox/", "tests/"),
    "pulumi_cloudflare": ("infra/", "weddings/", "sandbox/", "tests/"),
    "ruamel": ("controlplane/adapters/system/", "infra/catalogue_reader.py", "sandbox/", "tests/"),
    "moto": ("sandbox/aws/", "tests/"),
}
"""A vendor's or a format's library -> the only places that may import it, at run time or for types."""


def test_no_file_is_named_for_what_it_is() -> None:
    """No folder or module is called utils, helpers, base or the like."""
    wrong = [
        name
        for name in files()
        if name.endswith(".py") and {part.removesuffix(".py") for part in PurePosixPath(name).parts} & NAMELESS
    ]
    assert not wrong, wrong


def test_nothing_under_infra_shadows_a_library() -> None:
    """Pulumi puts `infra/` first on the path, so no module there has the name of a library that we import."""
    libraries = {name.partition(".")[0] for module in modules(*PRODUCT, "tests") for name, _ in imported(module)}
    own = {PurePosixPath(one.path).stem for one in modules("infra") if one.path.count("/") == 1}
    assert not (own & (libraries - {"infra"})), own & libraries


def test_the_project_speaks_of_the_project() -> None:
    """No text names a machine's folders, a package index, an author, an order or unfinished work."""
    wrong = []
    for name in files():
        if not name.endswith(TEXTS):
            continue
        for number, line in enumerate((ROOT / name).read_text().splitlines(), 1):
            patterns = EVERYWHERE | (PROSE if name.endswith((".md", ".yml")) else {})
            wrong += [
                f"{name}:{number}: {what}: {found.group(0)!r}"
                for what, pattern in patterns.items()
                if (found := pattern.search(line)) and (name, what) not in ALLOWED
            ]
    assert not wrong, "\n".join(["", *wrong])


@pytest.mark.parametrize(("what", "line"), SAMPLES)
def test_the_patterns_find_what_they_are_for(what: str, line: str) -> None:
    """Each kind of foreign word is found where it stands, and in no neighbour's words."""
    assert {kind for kind, pattern in EVERYWHERE.items() if pattern.search(line)} == {what}
    assert set(EVERYWHERE) == {kind for kind, _ in SAMPLES}


def test_the_lock_names_no_index() -> None:
    """requirements.lock holds names, versions, markers and hashes: no address of any index."""
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(-i|--index-url|--extra-index-url|-f|--find-links)\b", text, re.MULTILINE)


def test_vendors_stay_in_their_adapters() -> None:
    """A vendor's SDK is imported in its adapter's folder (and by the sandbox and tests), nowhere else."""
    wrong = []
    for module in modules(*PRODUCT, "tests", "benchmarks"):
        for name, line in imported(module):
            allowed = VENDORS.get(name.partition(".")[0])
            if allowed is not None and not module.path.startswith(allowed):
                wrong.append(f"{module.path}:{line} imports {name}; only {', '.join(allowed)} may")
    assert not wrong, "\n".join(["", *wrong])


def test_each_vendor_rule_is_needed() -> None:
    """Every library of the table is really imported at the first place that the table allows."""
    idle = [
        library
        for library, (place, *_) in VENDORS.items()
        if not any(
            name.partition(".")[0] == library
            for module in modules(*PRODUCT)
            if module.path.startswith(place)
            for name, _ in imported(module)
        )
    ]
    assert set(idle) <= {"awscrt", "pulumi_cloudflare"}  # botocore imports the one, infra/cloudflare_sdk.py the other


def test_nobody_asks_where_the_code_runs() -> None:
    """The product never branches on the sandbox: `kind` is looked at by the inventory's model and the settings only."""
    allowed = {"controlplane/domain/inventory.py", "infra/stack_settings.py"}
    asks = re.compile(r"[\"']sandbox[\"']|\b(?:inventory|surroundings)\.kind\b|is_sandbox|\bin_sandbox\b")
    wrong = [
        f"{module.path}:{number}: {line.strip()}"
        for module in modules("controlplane", "infra", "weddings")
        if module.path not in allowed
        for number, line in enumerate(module.text.splitlines(), 1)
        if asks.search(line) and not re.fullmatch(r'\s*"kind": surroundings\.kind,', line)  # passed on unread
    ]
    assert not wrong, "\n".join(["", *wrong])
