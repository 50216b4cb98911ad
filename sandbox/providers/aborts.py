"""Every failure becomes one clear gRPC error; a half-made resource also tells the engine its id and properties."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import grpc
from google.protobuf import any_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2

from sandbox.providers import naming, operations
from sandbox.providers.refusals import NotReady, translated
from sandbox.providers.values import Route, encode
from sandbox.providers.vendors import NoAddress


@contextmanager
def told(context: grpc.ServicerContext, urn: str, verb: str, secret: frozenset[Route]) -> Iterator[None]:
    """Run a verb; what it raises ends the call with the vendor's code and message."""
    try:
        yield
    except operations.PartlyMade as partly:
        _abort_partly(context, urn, partly, secret)
    except Exception as error:
        context.abort(grpc.StatusCode.UNKNOWN, words(urn, verb, error))


def words(urn: str, verb: str, error: Exception) -> str:
    """`create of cache-critical: AWS CreateCachePolicy: CachePolicyAlreadyExists: …`; our own defects have a trace."""
    name = naming.resource_name(urn)
    said = translated(error)
    if said is not None or isinstance(error, (NotReady, NoAddress, ValueError)):
        return f"{verb} of {name}: {said or error}"
    return f"{verb} of {name} failed in the provider: {''.join(traceback.format_exception(error))}"


def _abort_partly(
    context: grpc.ServicerContext, urn: str, partly: operations.PartlyMade, secret: frozenset[Route]
) -> NoReturn:
    """The protocol's way to say `it exists but is not ready`: a status detail that carries id and properties."""
    reason = f"create of {naming.resource_name(urn)}: {partly}"
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=partly.live.identity,
            properties=encode(partly.live.outputs, secret),
            inputs=encode(partly.live.inputs, secret),
            reasons=[reason],
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=reason, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, reason)
