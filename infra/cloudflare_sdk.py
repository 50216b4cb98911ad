"""The Cloudflare SDK, one module at a time.

`import pulumi_cloudflare` executes every module of the package: 2.3 s of each preview, where the modules of the types
that we declare take 0.5 s (measured, with bytecode). So the package is entered without running its `__init__`; what
that adds, a registry for resource references in stack outputs, is not used here. Exit: when the package loads its
modules lazily, as pulumi_aws does, import it plainly.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from types import ModuleType
from typing import Any

PACKAGE = "pulumi_cloudflare"


def _entered() -> ModuleType:
    """The package, as it is if somebody imported it whole, otherwise with nothing in it yet."""
    if PACKAGE in sys.modules:
        return sys.modules[PACKAGE]
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed; install requirements.lock")
    package = ModuleType(PACKAGE)
    package.__path__ = list(spec.submodule_search_locations or ())
    package.__spec__ = spec
    package.__file__ = spec.origin
    sys.modules[PACKAGE] = package
    return package


_package = _entered()


def __getattr__(name: str) -> Any:
    """A resource class, from the module that defines it: `LoadBalancerPool` from `load_balancer_pool`.

    Raises AttributeError for a name that the SDK does not have.
    """
    if name.startswith("_"):
        raise AttributeError(name)
    known = getattr(_package, name, None)
    if known is None:
        module = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        try:
            known = getattr(importlib.import_module(f"{PACKAGE}.{module}"), name, None)
        except ModuleNotFoundError as error:
            raise AttributeError(f"{PACKAGE} has no module {module}: {name} is none of its types") from error
    if known is None:
        raise AttributeError(f"{PACKAGE} has no type {name}")
    return known
