"""IAM's explicit denies, judged in front of moto at the sandbox's clock: the vendor's own lock on changes.

Only what denies is judged, by action and by dates; who is not denied may do everything, as everywhere in the sandbox.
Source: IAM User Guide, "Policy evaluation logic", "Date condition operators".
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sandbox.aws.caller import Caller
from sandbox.aws.moto_side import assumed_role
from sandbox.aws.refusal import AwsRefusal

_DATES = {
    "DateEquals": lambda now, at: now == at,
    "DateNotEquals": lambda now, at: now != at,
    "DateLessThan": lambda now, at: now < at,
    "DateLessThanEquals": lambda now, at: now <= at,
    "DateGreaterThan": lambda now, at: now > at,
    "DateGreaterThanEquals": lambda now, at: now >= at,
}
_CODES = {"cloudfront-keyvaluestore": "AccessDeniedException"}


def denied(caller: Caller, service: str, operation: str, account: str, now: datetime) -> AwsRefusal | None:
    """AWS's refusal where a policy of the caller denies the call at `now`, otherwise None."""
    found = _identity(caller.access_key, account)
    if found is None:
        return None
    arn, documents = found
    action = f"{service}:{operation}"
    for document in documents:
        statements = document.get("Statement", [])
        for statement in statements if isinstance(statements, list) else [statements]:
            if statement.get("Effect") == "Deny" and _fits(statement, action) and _holds(statement, now):
                words = f"User: {arn} is not authorized to perform: {action} with an explicit deny"
                return AwsRefusal(_CODES.get(service, "AccessDenied"), f"{words} in an identity-based policy", 403)
    return None


def _identity(access_key: str, account: str) -> tuple[str, Iterator[dict[str, Any]]] | None:
    """The ARN and the policy documents of a user's key or of a role's session; None for keys that IAM does not know."""
    from moto.iam.models import iam_backends

    iam = iam_backends[account]["aws"]
    role_arn = assumed_role(access_key, account) if access_key.startswith("ASIA") else None
    if role_arn is not None:
        # Sessions of roles that nobody created are given out too: nothing denies them anything.
        roles = [role for role in iam.get_roles() if role.name == role_arn.split("/")[1]]
        return role_arn, (document for role in roles for document in _documents(role))
    user = iam.get_user_from_access_key_id(access_key)
    if user is None:
        return None
    holders = [user, *iam.get_groups_for_user(user.name)]
    return str(user.arn), (document for holder in holders for document in _documents(holder))


def _documents(holder: Any) -> Iterator[dict[str, Any]]:
    """The inline policies of a user, group or role, and the default versions of its managed ones."""
    yield from map(json.loads, holder.policies.values())
    for policy in holder.managed_policies.values():
        yield from (json.loads(one.document) for one in policy.versions if one.version_id == policy.default_version_id)


def _fits(statement: dict[str, Any], action: str) -> bool:
    patterns = statement.get("Action", [])
    patterns = [patterns] if isinstance(patterns, str) else patterns
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def _holds(statement: dict[str, Any], now: datetime) -> bool:
    """Whether every date condition on aws:CurrentTime is met; another condition is none that is judged here."""
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            if operator not in _DATES or key.lower() != "aws:currenttime":
                return False
            instants = [datetime.fromisoformat(one) for one in ([values] if isinstance(values, str) else values)]
            if not any(_DATES[operator](now, at) for at in instants):
                return False
    return True
