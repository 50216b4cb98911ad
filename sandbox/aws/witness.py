"""What is written down of a call: its operation and parameters, without secrets and without bodies."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from sandbox.aws.refusal import Answer

_SECRET = re.compile(r"password|secret|token$|privatekey|credential", re.IGNORECASE)
_NOT_SECRET = {"NextToken", "ContinuationToken", "ClientToken", "ClientRequestToken", "NextContinuationToken"}
_CODE = re.compile(rb'<Code>([^<]+)</Code>|"__type":\s*"([^"]+)"')


def shown(value: Any, name: str = "") -> Any:
    """A parameter as it may be recorded: secrets replaced, bytes as their length and digest."""
    if _SECRET.search(name) and name not in _NOT_SECRET:
        return "(removed)"
    if isinstance(value, Mapping):
        return {str(key): shown(member, str(key)) for key, member in value.items()}
    if isinstance(value, list):
        return [shown(item, name) for item in value]
    if isinstance(value, bytes):
        return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    return value


def error_code(answer: Answer) -> dict[str, Any]:
    """{"code": ...} of a refusal; {} of a success."""
    if answer.status < 400:
        return {}
    match = _CODE.search(answer.body)
    code = (match.group(1) or match.group(2)).decode() if match else str(answer.status)
    return {"code": code}
