"""The reception for Pulumi programs: one process of a run that has the vendors' SDKs imported, and forks.

The stand-in for the CLI sends its programs there; the real CLI starts them as it always does. It saves two seconds of
imports at each of a rehearsal's dozen calls of the engine.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from sandbox.engine.program import CHILD
from sandbox.providers.schema import FOLDER
from sandbox.run import Run

NAME = "programs"
"""Its name among the processes of a run."""


def socket_of(run: Run) -> Path:
    """Where it listens."""
    return run.folder.resolve() / "programs.sock"


def reception(run: Run) -> list[str]:
    """The command that starts it."""
    return [sys.executable, str(CHILD), json.dumps(sdk_modules()), str(socket_of(run))]


def sdk_modules() -> list[str]:
    """The SDK modules of every type that the sandbox's providers serve, in the order of their import.

    `aws.cloudfront.CachePolicy` is in `pulumi_aws.cloudfront`, whose package loads lazily; `cloudflare.index.DnsRecord`
    in `pulumi_cloudflare.dns_record`, whose package does not.
    """
    found = {"pulumi_aws"}
    for file in FOLDER.glob("*.*.*.json"):
        package, module, name, _ = file.name.split(".")
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        found.add(f"pulumi_{package}.{snake if module == 'index' else module}")
    return sorted(found)
