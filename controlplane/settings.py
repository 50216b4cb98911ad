"""A profile: where the control plane finds what it works on. Parsed once, into frozen objects; unknown keys are errors.

Secrets are references (`env:NAME` or `file:PATH`), resolved when a client is made, never printed or stored.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from controlplane.domain.inventory import StoreBucket
from controlplane.errors import BadInput

PROFILES = Path(".wedcache/profiles")


def reveal(reference: str) -> str:
    """The secret behind `env:NAME` or `file:PATH`. Raises BadInput naming the reference, never a value."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = os.environ.get(name, "")
        if not value:
            raise BadInput(f"the environment variable {name} is not set", next_step=f"export {name}=...")
        return value
    try:
        value = Path(name).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"the secret in {name} cannot be read: {getattr(error, 'strerror', None) or 'no text'}"
        ) from error
    if not value:
        raise BadInput(f"the secret in {name} is empty", next_step=f"write it to {name}, mode 0600")
    return value


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


Url = Annotated[str, Field(pattern=r"^https?://[^\s/@]+(/\S*)?$")]


class AwsSettings(_Frozen):
    """How to reach AWS. Without an endpoint it is AWS itself; without a key, the machine's own credentials."""

    endpoint: Url | None = None
    proxy: Url | None = None
    access_key: str | None = None
    secret_key: Annotated[str, Field(pattern=r"^(env|file):.+$")] | None = None

    @model_validator(mode="after")
    def _a_whole_key_or_none(self) -> AwsSettings:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key go together")
        return self


class CloudflareSettings(_Frozen):
    """How to reach Cloudflare; `token` is a reference (`env:NAME` or `file:PATH`)."""

    token: Annotated[str, Field(pattern=r"^(env|file):.+$")]
    base_url: Url | None = None


class Profile(_Frozen):
    """`.wedcache/profiles/<name>.toml`, `wedcache.profile/1`."""

    schema_: Literal["wedcache.profile/1"] = Field("wedcache.profile/1", alias="schema")
    catalogue: Path
    store: Annotated[tuple[StoreBucket, ...], Field(min_length=3, max_length=3)]
    state: Path = Path(".wedcache/state")
    aws: AwsSettings = AwsSettings()
    cloudflare: CloudflareSettings
    connect: dict[str, Annotated[str, Field(pattern=r"^\S+:\d{1,5}$")]] = Field(default_factory=dict)
    """Host name (`*.` at the start matches any first labels) -> "address:port", for names that DNS does not know."""


def read_profile(name: str, folder: Path = PROFILES) -> Profile:
    """The profile called `name`. Raises BadInput with the file and what is right."""
    path = folder / f"{name}.toml"
    if not path.exists():
        known = sorted(one.stem for one in folder.glob("*.toml"))
        raise BadInput(
            f"no profile {name!r} at {path}; known: {', '.join(known) or 'none'}",
            next_step="`make sandbox` writes the profile `sandbox`; copy it for your own account",
        )
    try:
        return Profile.model_validate(tomllib.loads(path.read_text()))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error
    except ValidationError as error:
        # A key that is misspelt is also one that is missing: the misspelling says more.
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        place = ".".join(str(part) for part in first["loc"]) or "the profile"
        known_keys = {*Profile.model_fields, *AwsSettings.model_fields, *CloudflareSettings.model_fields}
        near = difflib.get_close_matches(str(first["loc"][-1]) if first["loc"] else "", known_keys, 1)
        hint = f"; did you mean {near[0]!r}?" if near and first["type"] == "extra_forbidden" else ""
        raise BadInput(f"{path}: {place}: {first['msg']}{hint}") from error
