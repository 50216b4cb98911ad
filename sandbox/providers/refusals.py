"""What the vendors answer when they say no, in one shape, and when asking again is right."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
PAUSES = (0.1, 0.3, 0.6, 1.2)
BUSY = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "SlowDown",
        "ServiceUnavailable",
        "RequestLimitExceeded",
        "503",
        "429",
    }
)
GONE = ("NoSuch", "NotFound", "EntityNotFound")


class VendorSaidNo(Exception):
    """A vendor's refusal. `busy`: 429 or 503, nothing was done; `lost`: no answer came, it may have been done."""

    def __init__(
        self, message: str, *, code: str = "", status: int = 0, busy: bool = False, lost: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.busy = busy
        self.lost = lost

    @property
    def gone(self) -> bool:
        """Whether the vendor says that the thing does not exist."""
        return self.status == 404 or any(mark in self.code for mark in GONE)


class NotReady(Exception):
    """The resource exists but did not become ready in time."""


def translated(error: Exception) -> VendorSaidNo | None:
    """A vendor SDK's exception in our shape; None for anything that is not a vendor's answer."""
    if isinstance(error, VendorSaidNo):
        return error
    module = type(error).__module__
    if module.startswith("botocore"):
        return _of_botocore(error)
    if module.startswith("cloudflare"):
        return _of_cloudflare(error)
    return None


def _of_botocore(error: Any) -> VendorSaidNo | None:
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        code = str(response["Error"].get("Code", ""))
        status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        told = response["Error"].get("Message") or "no message"
        message = f"AWS {error.operation_name}: {code}: {told} (HTTP {status})"
        return VendorSaidNo(message, code=code, status=status, busy=status in (429, 503) or code in BUSY)
    if type(error).__name__ in ("ParamValidationError", "NoCredentialsError", "MissingDependencyException"):
        return VendorSaidNo(f"AWS: {error}", code=type(error).__name__)
    return VendorSaidNo(f"AWS did not answer: {error}", lost=True)


def _of_cloudflare(error: Any) -> VendorSaidNo:
    status = int(getattr(error, "status_code", 0) or 0)
    if not status:
        return VendorSaidNo(f"Cloudflare did not answer: {error}", lost=True)
    body = getattr(error, "body", None)
    listed = body.get("errors", []) if isinstance(body, dict) else []
    told = "; ".join(f"{one.get('message')} ({one.get('code')})" for one in listed if isinstance(one, dict))
    code = str(listed[0].get("code", "")) if listed and isinstance(listed[0], dict) else ""
    message = f"Cloudflare: {told or error} (HTTP {status})"
    return VendorSaidNo(message, code=code, status=status, busy=status in (429, 503))


def patiently(call: Callable[[], T], *, pause: Callable[[float], None] = time.sleep) -> T:
    """Run an idempotent call, again after 429, 503 and lost answers: four times, 2.2 s of pauses in all."""
    for seconds in PAUSES:
        try:
            return call()
        except Exception as error:
            said = translated(error)
            if said is None or not (said.busy or said.lost):
                raise
            pause(seconds)
    return call()


def made_once(
    create: Callable[[], str], find: Callable[[], str | None], *, pause: Callable[[float], None] = time.sleep
) -> str:
    """Create exactly one.

    After a lost answer it is looked for before asking again; 429 and 503 mean that nothing was made.
    """
    lost = False
    for seconds in (*PAUSES, None):
        try:
            return create()
        except Exception as error:
            said = translated(error)
            lost = lost or (said is not None and said.lost)
            if lost and (found := _found(find, pause)):
                return found
            if said is None or seconds is None or not (said.busy or said.lost):
                raise
            pause(seconds)
    raise AssertionError("unreachable: the last round returns or raises")


def _found(find: Callable[[], str | None], pause: Callable[[float], None]) -> str | None:
    """What `find` finds; the vendor's `no such thing` is None."""
    try:
        return patiently(find, pause=pause)
    except Exception as error:
        said = translated(error)
        if said is not None and said.gone:
            return None
        raise
