"""What a provider's gRPC error says: its text, and whether the object exists although it did not become ready."""

from __future__ import annotations

from typing import Any


class ProviderError(Exception):
    """A provider said no. `partial` is its ErrorResourceInitFailed where the object was made all the same."""

    def __init__(self, text: str, partial: Any = None) -> None:
        super().__init__(text)
        self.text = text
        self.partial = partial


def detail_of(error: Any) -> ProviderError:
    """A gRPC error as ours; details travel in the trailing metadata (google.rpc.Status)."""
    partial = _partial(error)
    if partial is not None and partial.reasons:
        count = len(partial.reasons)
        text = f"{count} error{'s' if count > 1 else ''} occurred:\n" + "".join(f"\t* {r}\n" for r in partial.reasons)
        return ProviderError(text, partial)
    return ProviderError(error.details() or str(error.code()), partial)


def _partial(error: Any) -> Any:
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            from google.rpc import status_pb2
            from pulumi.runtime.proto import provider_pb2

            for detail in status_pb2.Status.FromString(value).details:
                failed = provider_pb2.ErrorResourceInitFailed()
                if detail.Unpack(failed):
                    return failed
    return None
