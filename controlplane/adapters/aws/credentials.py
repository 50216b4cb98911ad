"""How long this machine's AWS credentials last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from controlplane.adapters.aws.session import AwsSession
from controlplane.errors import BadInput

_RENEW_THEMSELVES = ("iam-role", "container-role")
"""Botocore's names of the sources that fetch fresh credentials as long as the machine runs."""


@dataclass(frozen=True)
class Lasting:
    """`until` is when they end; None with `is_known`: never. Without `is_known` nothing says when."""

    kind: str
    until: datetime | None
    is_known: bool


def lasting(session: AwsSession) -> Lasting:
    """How long the credentials of a session last. Raises BadInput where the machine has none, or expired ones."""
    if session.access_key is not None:
        return Lasting("the profile's key", None, is_known=True)
    import botocore.session
    from botocore.exceptions import BotoCoreError

    try:
        found: Any = botocore.session.get_session().get_credentials()
        if found is None:
            raise BadInput("this machine has no AWS credentials", next_step="log in, or set AWS_PROFILE")
        token = found.get_frozen_credentials().token
    except (BotoCoreError, RuntimeError) as error:  # botocore says with RuntimeError that they are expired
        raise BadInput(f"AWS credentials: {error}", next_step="log in again") from error
    if token is None:
        return Lasting(f"a key from {found.method}", None, is_known=True)
    if found.method in _RENEW_THEMSELVES:
        return Lasting(f"a role from {found.method}, which renews itself", None, is_known=True)
    # Botocore gives the time of expiry no public name; without the attribute it is unknown, and that is said.
    until = getattr(found, "_expiry_time", None)
    return Lasting(f"a session from {found.method}", until.astimezone(UTC) if until else None, is_known=bool(until))
