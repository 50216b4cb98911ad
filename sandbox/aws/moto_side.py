"""moto's server as one function: a WSGI environment in, an answer out."""

from __future__ import annotations

import functools
import importlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from moto.core.responses import BaseResponse
from moto.core.utils import camelcase_to_underscores
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from sandbox.aws import suspended
from sandbox.aws.refusal import Answer

Environ = dict[str, Any]

_PACKAGES = {"lambda": "awslambda", "service-quotas": "servicequotas"}


@functools.cache
def implements(service: str, operation: str) -> bool:
    """Whether moto has a handler for an operation. S3 has its own dispatch and says NotImplementedError by itself."""
    if service == "s3":
        return True
    package = _PACKAGES.get(service, service.replace("-", ""))
    try:
        module = importlib.import_module(f"moto.{package}.responses")
    except ModuleNotFoundError:
        return False
    name = camelcase_to_underscores(operation)
    classes = (value for value in vars(module).values() if isinstance(value, type))
    return any(issubclass(kind, BaseResponse) and hasattr(kind, name) for kind in classes)


def bucket_region(bucket: str, account: str) -> str | None:
    """The region in which moto keeps a bucket; None where there is no such bucket."""
    from moto.s3.models import s3_backends

    known = s3_backends[account]["aws"].buckets.get(bucket)
    return str(known.region_name) if known is not None else None


def assumed_role(access_key: str, account: str) -> str | None:
    """The ARN of the role behind temporary credentials that moto's STS has given out, or None."""
    from moto.sts.models import sts_backends

    known = sts_backends[account]["aws"].get_assumed_role_from_access_key(access_key)
    return str(known.arn) if known is not None else None


class MotoStores:
    """The stores of moto's backends that our calls look into (the `MotoState` of the world)."""

    def __init__(self, account: str) -> None:
        self._account = account

    def access_controls(self) -> frozenset[str]:
        """The ids of CloudFront's origin access controls."""
        from moto.cloudfront.models import cloudfront_backends

        return frozenset(cloudfront_backends[self._account]["aws"].origin_access_controls)

    def lone_clusters(self, region: str) -> list[Any]:
        """The cache clusters of a region outside replication groups."""
        from moto.elasticache.models import elasticache_backends

        return list(elasticache_backends[self._account][region].describe_cache_clusters())


def _stamp_by(now: Callable[[], datetime]) -> None:
    """Let Last-Modified follow the sandbox's calendar, as the Date of every answer does."""
    from moto.s3 import models

    models.utcnow = lambda: now().replace(tzinfo=None)


def _look_once() -> None:
    """Let moto list its own folder and learn a service's errors once: it does both for each request."""
    from moto import backends
    from moto.core import errors

    modules, lookups = frozenset(backends.list_of_moto_modules()), errors.ErrorLookupFactory()
    backends.list_of_moto_modules = lambda: modules
    errors.ErrorLookupFactory = lambda: lookups


class Moto:
    """moto's dispatcher behind locks: its stores are plain dictionaries, and S3's conditional writes must be atomic."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        suspended.keep_versions()
        _stamp_by(now)
        _look_once()
        self._app: Callable[..., Iterable[bytes]] = DomainDispatcherApplication(create_backend_app)
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._making = threading.Lock()

    def answer(self, environ: Environ, lane: str) -> Answer:
        """Run one request; requests of one lane (a bucket, a service) run one after the other.

        Raises NotImplementedError where moto lacks the call.
        """
        with self._making:
            lock = self._locks[lane]
        seen: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
            seen.append((status, headers))

        with lock:
            body = b"".join(self._app(environ, start))
        status, headers = seen[-1]
        return Answer(int(status.split()[0]), headers, body)
