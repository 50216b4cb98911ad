"""What may stand in `aws:` and `cloudflare:` configuration: the names of the SDKs' ProviderArgs. Pure."""

from __future__ import annotations

from typing import Any

from sandbox.providers.check import Failure, unknown_name
from sandbox.providers.schema import load
from sandbox.providers.values import UNKNOWN
from sandbox.providers.vendors import as_json

# Written by the engine itself beside the provider's own settings.
ENGINES = frozenset({"version", "pluginDownloadURL", "pluginChecksums", "parameterization"})


def failures(package: str, settings: dict[str, Any]) -> list[Failure]:
    """Unknown names, at the top and among the endpoints; nested values arrive as JSON text."""
    fields = load(f"pulumi:providers:{package}").inputs
    wrong = [
        Failure(name, unknown_name(name, fields, f"{package} configuration"))
        for name in settings
        if name not in fields and name not in ENGINES and not name.startswith("__")
    ]
    given = settings.get("endpoints")
    if package == "aws" and given is not None and given is not UNKNOWN:
        parsed = as_json(given)
        services = fields["endpoints"]["items"]["fields"]
        for one in parsed if isinstance(parsed, list) else [parsed]:
            wrong.extend(
                Failure("endpoints", unknown_name(service, services, "aws:endpoints"))
                for service in one
                if service not in services
            )
    return wrong
