"""How AWS says no: a code, a message and a status, in the envelope of each protocol."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from xml.sax.saxutils import escape


class AwsRefusal(Exception):
    """A refusal in AWS's words. `status` None: the one that the service's model gives to the code, else 400."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class NotOurs(Exception):
    """Raised by a handler for a resource that moto keeps: the call goes on to moto."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: status, headers, body."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def enveloped(refusal: AwsRefusal, *, protocol: str, service: str, namespace: str | None = None) -> Answer:
    """The refusal as the protocol wraps it (Smithy's AWS protocol definitions; S3's error page; EC2's error page)."""
    status = refusal.status or 400
    request_id = str(uuid.uuid4())
    code, message = escape(refusal.code), escape(refusal.message)
    if protocol not in ("query", "rest-xml", "ec2"):
        body = json.dumps({"__type": refusal.code, "message": refusal.message, "Message": refusal.message})
        kind = "application/json" if protocol == "rest-json" else "application/x-amz-json-1.1"
        headers = [("Content-Type", kind), ("x-amzn-ErrorType", refusal.code), ("x-amzn-RequestId", request_id)]
        return Answer(status, headers, body.encode())
    if service == "s3":
        body = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId></Error>"
    elif protocol == "ec2":
        error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        body = f"<Response><Errors>{error}</Errors><RequestID>{request_id}</RequestID></Response>"
    else:
        fault = "Sender" if status < 500 else "Receiver"
        xmlns = f' xmlns="{namespace}"' if namespace else ""
        error = f"<Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        body = f"<ErrorResponse{xmlns}>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'
    return Answer(status, [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)], text.encode())
