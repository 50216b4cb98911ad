"""From HTTP to an operation's parameters and back, by botocore's models of the services.

Routing, parsing and serialising are moto's (`moto.core`, which reads the same models); what AWS refuses before any
rule of the service is looked at (missing members, wrong types, unknown enum values, wrong quantities) is refused here.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import botocore.exceptions
from botocore.validate import ParamValidator
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import NotFound, get_service_router
from moto.core.serialize import XFormedAttributePicker, get_serializer_class
from moto.core.utils import get_service_model

from sandbox.aws.refusal import Answer, AwsRefusal

_INVALID = {
    "cloudfront": "InvalidArgument",
    "cloudfront-keyvaluestore": "ValidationException",
    "elasticache": "InvalidParameterValue",
}


@dataclass(frozen=True)
class Routed:
    """The operation that a request asks for; `model` is moto's view of botocore's OperationModel."""

    service: str
    operation: str
    protocol: str
    path_parameters: dict[str, Any]
    model: Any


@functools.cache
def protocol_of(service: str) -> str:
    """The wire protocol of a service; "json" where botocore does not know the service."""
    try:
        return str(get_service_model(service).protocol)
    except botocore.exceptions.UnknownServiceError:
        return "json"


@functools.cache
def namespace_of(service: str) -> str | None:
    """The XML namespace of a service's answers, if it has one."""
    if service == "cloudfront":
        return "http://cloudfront.amazonaws.com/doc/2020-05-31/"
    try:
        name = get_service_model(service).metadata.get("xmlNamespace")
    except botocore.exceptions.UnknownServiceError:
        return None
    return str(name) if name else None


def routed(service: str, request: Request) -> Routed | None:
    """Match a request to an operation; None where the service's model knows no such call."""
    try:
        model, path_parameters = get_service_router(service).match(request)
    except (NotFound, botocore.exceptions.UnknownServiceError, NotImplementedError):
        return None
    protocol = determine_request_protocol(model.service_model, request.content_type)
    return Routed(service, str(model.name), protocol, dict(path_parameters), model)


def parsed(route: Routed, request: Request, body: bytes) -> dict[str, Any]:
    """The operation's parameters, by the model's member names. Raises AwsRefusal for a misshapen body."""
    try:
        parameters: dict[str, Any] = PROTOCOL_PARSERS[route.protocol](route.model).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": body,
                "url_path": request.path,
                "url_params": route.path_parameters,
            }
        )
    except (RequestParserError, ValueError, AttributeError, TypeError) as error:
        code = "MalformedXML" if "xml" in route.protocol else "MalformedInput"
        raise AwsRefusal(code, f"The request body is not of the operation's shape: {error}") from error
    return {name: value for name, value in parameters.items() if value is not None}


def validated(route: Routed, parameters: dict[str, Any]) -> None:
    """Refuse what the model itself forbids: missing and ill-typed members, unknown enum values, wrong quantities."""
    shape = route.model.input_shape
    if shape is None:
        return
    invalid = _INVALID.get(route.service, "ValidationError")
    payload = shape.serialization.get("payload")
    if payload in shape.required_members and payload not in parameters:
        raise AwsRefusal("MissingBody", "This operation requires a body. Ensure that the body is present.")
    report = ParamValidator().validate(parameters, shape)
    if report.has_errors():
        raise AwsRefusal(invalid, report.generate_report())
    for path, value, allowed in _wrong_enums(shape, parameters, ""):
        message = (
            f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        )
        raise AwsRefusal("MalformedXML" if route.service == "cloudfront" else invalid, message)
    for path, quantity, items in _wrong_quantities(parameters, ""):
        message = f"The value of Quantity ({quantity}) and the size of Items ({items}) don't match: {path}"
        raise AwsRefusal("InconsistentQuantities", message)


def serialized(route: Routed, result: Mapping[str, Any]) -> Answer:
    """An operation's result as its answer on the wire."""
    serializer = get_serializer_class(route.service, route.protocol)(
        operation_model=route.model,
        # moto's own ElastiCache objects, which some lists hold, have attributes in snake case.
        value_picker=XFormedAttributePicker() if route.service == "elasticache" else None,
    )
    answer = serializer.serialize(dict(result))
    body = answer["body"]
    return Answer(
        int(answer["status_code"]),
        [*((name, str(value)) for name, value in answer["headers"].items()), ("x-amzn-RequestId", str(uuid.uuid4()))],
        body.encode() if isinstance(body, str) else bytes(body or b""),
    )


def status_of(service: str, code: str) -> int:
    """The HTTP status that the service's model gives to an error code; 400 where it does not say."""
    return _statuses(service).get(code, 400)


@functools.cache
def _statuses(service: str) -> dict[str, int]:
    try:
        shapes = get_service_model(service).error_shapes
    except botocore.exceptions.UnknownServiceError:
        return {}
    found: dict[str, int] = {}
    for shape in shapes:
        error = shape.metadata.get("error", {})
        status = int(error.get("httpStatusCode", 400))
        found[shape.name] = status
        if error.get("code"):
            found[error["code"]] = status
    return found


def _wrong_enums(shape: Any, value: Any, path: str) -> Iterator[tuple[str, str, list[str]]]:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for name, member in shape.members.items():
            if name in value:
                lower = name[:1].lower() + name[1:]
                yield from _wrong_enums(member, value[name], f"{path}.{lower}" if path else lower)
    elif shape.type_name == "list" and isinstance(value, list):
        for index, item in enumerate(value, start=1):
            yield from _wrong_enums(shape.member, item, f"{path}.{index}.member")
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield path, str(value), list(shape.enum)


def _wrong_quantities(value: Any, path: str) -> Iterator[tuple[str, int, int]]:
    if isinstance(value, Mapping):
        if "Quantity" in value:
            items = value.get("Items") or []
            if value["Quantity"] != len(items):
                yield path, value["Quantity"], len(items)
        for name, member in value.items():
            yield from _wrong_quantities(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value, start=1):
            yield from _wrong_quantities(item, f"{path}.{index}")
