"""`Spans` on the OpenTelemetry API: loads, reads of Redis and of the edge; a hit from memory makes no span.

Names of attributes: OpenTelemetry has conventions for databases (`db.system.name`) and none for caches, so the cache's
own are called `wedcache.*`. Without an SDK in the process the API does nothing, at about a microsecond a span.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode, TracerProvider

_LONGEST_PREFIX = 64
_KINDS = {"redis": SpanKind.CLIENT, "edge": SpanKind.CLIENT}


class OtelSpans:
    """Spans of the tracer `wedcache` of `provider` (the process's own unless given)."""

    def __init__(self, provider: TracerProvider | None = None, *, namespace: str = "main") -> None:
        self._tracer = trace.get_tracer("wedcache", tracer_provider=provider)
        self._namespace = namespace

    @contextmanager
    def within(self, name: str, key: str) -> Iterator[None]:
        """See `Spans.within`. What is raised within is recorded by its type alone: its text may hold a value."""
        attributes = {"wedcache.namespace": self._namespace, "wedcache.key.prefix": _prefix(key)}
        if name == "redis":
            attributes["db.system.name"] = "redis"
            attributes["db.operation.name"] = "GET"
        with self._tracer.start_as_current_span(
            f"wedcache {name}",
            kind=_KINDS.get(name, SpanKind.INTERNAL),
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(Status(StatusCode.ERROR))
                raise


def _prefix(key: str) -> str:
    """What a key is about, never whom: a key without a colon could be a name, so nothing of it is shown."""
    prefix, colon, _ = key.partition(":")
    return prefix[:_LONGEST_PREFIX] if colon else ""
