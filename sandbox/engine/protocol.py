"""Pulumi's generated protocol modules without the SDK around them: the engine needs nothing else of it.

`import pulumi.runtime.proto.x` runs `pulumi/__init__.py`, a third of a second of CPU that every command would
pay. Called once at the start of a command, and only where the SDK is not loaded already, this puts bare packages in
their place.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType


def without_sdk() -> None:
    """Make `pulumi` and `pulumi.runtime` bare packages in this process."""
    if "pulumi" in sys.modules:
        return
    found = importlib.util.find_spec("pulumi")
    if found is None or not found.submodule_search_locations:
        return
    folder = found.submodule_search_locations[0]
    for name, path in (("pulumi", folder), ("pulumi.runtime", f"{folder}/runtime")):
        bare = ModuleType(name)
        bare.__path__ = [path]
        sys.modules[name] = bare
