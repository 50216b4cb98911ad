"""boto3 clients with our own time-outs: the SDK's defaults wait 60 s and retry."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from controlplane.errors import BadInput

CONNECT_SECONDS = 1.0
READ_SECONDS = 3.0


@dataclass
class AwsSession:
    """Makes and keeps one client per (service, region). `endpoint` None means AWS itself.

    `proxy` carries the KeyValueStore data plane where its endpoint's host (account id in front) does not resolve.
    """

    endpoint: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    proxy: str | None = None
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str, region: str) -> Any:
        """The client of one service in one region. Raises BadInput where endpoint or credentials cannot be used."""
        from botocore.exceptions import BotoCoreError

        try:
            return self._made(service, region)
        except (BotoCoreError, ValueError) as error:
            raise BadInput(
                f"no AWS client for {service} in {region}: {error}",
                next_step="check [aws] of the profile, and AWS_PROFILE of the environment",
            ) from error

    def _made(self, service: str, region: str) -> Any:
        import boto3
        from botocore.config import Config

        key = (service, region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = boto3.client(
                    service,
                    region_name=region,
                    endpoint_url=self._endpoint(service),
                    aws_access_key_id=self.access_key,
                    aws_secret_access_key=self.secret_key,
                    config=Config(
                        connect_timeout=CONNECT_SECONDS,
                        read_timeout=READ_SECONDS,
                        retries={"total_max_attempts": 1},
                        max_pool_connections=16,
                        s3={"addressing_style": "path" if self.endpoint else "auto"},
                        proxies=self._proxies(service),
                    ),
                )
            return self._clients[key]

    def _proxies(self, service: str) -> dict[str, str | None] | None:
        if self._proxied(service):
            return {"http": self.proxy}
        return {} if self.endpoint else None  # an endpoint that was named is reached directly

    def _proxied(self, service: str) -> bool:
        return self.proxy is not None and service == "cloudfront-keyvaluestore"

    def _endpoint(self, service: str) -> str | None:
        return "http://kvs.sandbox" if self._proxied(service) else self.endpoint
