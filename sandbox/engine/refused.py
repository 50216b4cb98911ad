"""What the stand-in does not do: one table, one ending for all of its refusals."""

from __future__ import annotations

from typing import Any

from sandbox.engine.stop import Stop

ENDING = "install the Pulumi CLI (ENGINE=pulumi)"

# feature -> what it is called towards the person
TABLE = {
    # commands
    "about": "pulumi about",
    "ai": "pulumi ai",
    "console": "pulumi console",
    "convert": "pulumi convert",
    "deployment": "pulumi deployment",
    "env": "pulumi env",
    "import": "pulumi import",
    "install": "pulumi install",
    "login": "pulumi login",
    "logout": "pulumi logout",
    "logs": "pulumi logs",
    "new": "pulumi new",
    "org": "pulumi org",
    "package": "pulumi package",
    "plugin": "pulumi plugin",
    "policy": "pulumi policy",
    "refresh": "pulumi refresh",
    "schema": "pulumi schema",
    "state": "pulumi state",
    "watch": "pulumi watch",
    "whoami": "pulumi whoami",
    "config cp": "pulumi config cp",
    "config env": "pulumi config env",
    "config refresh": "pulumi config refresh",
    "config rm-all": "pulumi config rm-all",
    "config set-all": "pulumi config set-all",
    "stack change-secrets-provider": "pulumi stack change-secrets-provider",
    "stack graph": "pulumi stack graph",
    "stack history": "pulumi stack history",
    "stack rename": "pulumi stack rename",
    "stack tag": "pulumi stack tag",
    "stack unselect": "pulumi stack unselect",
    # flags
    "--attach-debugger": "a debugger attached to the program",
    "--config": "configuration on the command line of an update",
    "--config-path": "configuration by path",
    "--path": "configuration by path",
    "--continue-on-error": "going on after an error",
    "--copy-config-from": "copying another stack's configuration",
    "--diff": "the rich diff",
    "--event-log": "the event log",
    "--exclude": "leaving out resources",
    "--exclude-dependents": "leaving out dependents",
    "--exclude-protected": "leaving out protected resources",
    "--ignore-protect": "ignoring protection",
    "--import-file": "import files",
    "--json": "an update's events as JSON",
    "--no-select": "creating a stack without selecting it",
    "--override-env": "environments",
    "--policy-pack": "policy packs",
    "--policy-pack-config": "policy packs",
    "--refresh": "a refresh before the operation",
    "--replace": "replacing on demand",
    "--show-secrets": "secrets in what an update prints",
    "--strict": "strict plans",
    "--target": "targets",
    "--target-dependents": "targets",
    "--target-replace": "targets",
    "--version": "versions of a stack",
    # what programs ask for
    "accept-bytes": "byte strings",
    "call": "methods of components (Call)",
    "construct": "remote components (Construct)",
    "denied-defaults": "pulumi:disable-default-providers",
    "error-hooks": "error hooks",
    "import option": "the import_ option",
    "alias-specs": "aliases set by a transform",
    "invoke-transforms": "transforms of invokes",
    "no-provider": "a provider that is not attached by PULUMI_DEBUG_PROVIDERS",
    "parameterization": "parameterized providers",
    "package-references": "extension packages",
    "read": "reading a resource that is not managed (get)",
    "replace-with": "the replace_with option",
    "replacement-trigger": "the replacement_trigger option",
    "stack-reference": "StackReference",
    "state-migrations": "state migrations",
    "resource-transforms": "transforms on single resources and components",
    "toolchain": "a toolchain other than pip",
    "typechecker": "a type checker before the program",
}


def refuse(feature: str, detail: str = "") -> Stop:
    """The refusal of one feature of the table, to be raised."""
    what = TABLE[feature]
    return Stop(f"the stand-in pulumi does not support {what}{f' ({detail})' if detail else ''}: {ENDING}")


def registration(request: Any, options: Any) -> None:
    """Raise the refusal of whatever a registration asks for that we do not do."""
    asked = {
        "construct": request.remote,
        "import option": getattr(options, "import"),
        "replace-with": options.replace_with,
        "resource-transforms": request.transforms,
        "state-migrations": request.state_migrations,
        "package-references": request.packageRef,
        "alias-specs": any(not alias.urn for alias in options.aliases),
        "replacement-trigger": request.HasField("replacement_trigger") and not _is_null(request.replacement_trigger),
        "error-hooks": options.HasField("hooks") and options.hooks.on_error,
        "stack-reference": request.type == "pulumi:pulumi:StackReference",
    }
    for feature, is_asked in asked.items():
        if is_asked:
            raise refuse(feature, request.name)


def _is_null(value: Any) -> bool:
    return value.WhichOneof("kind") in (None, "null_value")
