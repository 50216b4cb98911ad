"""The vendor's envelope: `{success, errors, messages, result, result_info}`, and the refusals that fill it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a handler decided: a result and the HTTP status it travels with (204 carries no body)."""

    result: Any = None
    status: int = 200
    result_info: Json | None = None
    messages: tuple[Json, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)

    def envelope(self) -> Json:
        """The body as the vendor sends it."""
        body: Json = {"result": self.result, "success": True, "errors": [], "messages": list(self.messages)}
        if self.result_info is not None:
            body["result_info"] = self.result_info
        return body


class VendorRefusal(Exception):
    """A refusal in the vendor's words: HTTP status, numeric code, message, and where in the body it points."""

    def __init__(
        self, status: int, code: int, message: str, *, pointer: str | None = None, chain: tuple[Json, ...] = ()
    ) -> None:
        super().__init__(f"{message} ({code})")
        self.status = status
        self.code = code
        self.message = message
        self.pointer = pointer
        self.chain = chain
        self.headers: dict[str, str] = {}

    def envelope(self) -> Json:
        """The body as the vendor sends it."""
        error: Json = {"code": self.code, "message": self.message}
        if self.pointer is not None:
            error["source"] = {"pointer": self.pointer}
        if self.chain:
            error["error_chain"] = list(self.chain)
        return {"result": None, "success": False, "errors": [error], "messages": []}


def not_here(what: str) -> VendorRefusal:
    """501: the vendor has it, the sandbox does not. `what` names the call or the option."""
    return VendorRefusal(501, 501, f"{what} is not implemented in the sandbox; nothing was changed")
