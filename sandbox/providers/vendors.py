"""The vendors' SDK clients, made from provider configuration alone: one boto3 client per service and region.

A service whose address the stack does not name is refused: a sandbox must never reach a real cloud.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_REGION = "us-east-1"
GLOBAL_REGION = "us-east-1"
ANSWER_SECONDS = 20.0


class NoAddress(Exception):
    """The stack names no address for a service; this provider never falls back to the vendors' public ones."""

    def __str__(self) -> str:
        return f"{super().__str__()}; the sandbox's providers ask no address that the stack does not name"


@dataclass
class Vendors:
    """Clients of both vendors. `settings` are the provider's configuration values by name."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _account: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def region(self) -> str:
        """`aws:region`, otherwise us-east-1."""
        return str(self.settings.get("region") or DEFAULT_REGION)

    def aws(self, service: str, region: str = GLOBAL_REGION) -> Any:
        """The boto3 client of a service in a region; CloudFront and other global services live in us-east-1."""
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._aws_client(service, region)
            return self._clients[service, region]

    def _aws_client(self, service: str, region: str) -> Any:
        import boto3
        from botocore.config import Config

        address = self.endpoints().get(service)
        if address is None:
            raise NoAddress(f"aws:endpoints names no address for {service}")
        own_retries_only = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=3,
            read_timeout=ANSWER_SECONDS,
            s3={"addressing_style": "path" if self.settings.get("s3UsePathStyle") else "auto"},
        )
        session = boto3.session.Session(
            aws_access_key_id=self.settings.get("accessKey"),
            aws_secret_access_key=self.settings.get("secretKey"),
            aws_session_token=self.settings.get("token"),
            profile_name=self.settings.get("profile"),
        )
        return session.client(service, region_name=region, endpoint_url=address, config=own_retries_only)

    def endpoints(self) -> dict[str, str]:
        """`aws:endpoints`: service -> URL; given as one object or a list of objects, as pulumi-aws takes it."""
        given = as_json(self.settings.get("endpoints"))
        objects = given if isinstance(given, list) else [given or {}]
        return {service: url for one in objects for service, url in one.items()}

    @property
    def cloudflare(self) -> Any:
        """The official Cloudflare client with the configured token and base URL."""
        with self._lock:
            if ("cloudflare", "") not in self._clients:
                import cloudflare

                if not self.settings.get("baseUrl"):
                    raise NoAddress("cloudflare:baseUrl is not set")
                self._clients["cloudflare", ""] = cloudflare.Cloudflare(
                    api_token=self.settings.get("apiToken"),
                    base_url=self.settings.get("baseUrl"),
                    max_retries=0,
                    timeout=ANSWER_SECONDS,
                )
            return self._clients["cloudflare", ""]

    @property
    def account(self) -> str:
        """The AWS account id, asked of STS once; "" where STS is not among the endpoints."""
        if "sts" not in self.endpoints():
            return ""
        sts = self.aws("sts", self.region)
        with self._lock:
            if not self._account:
                self._account = str(sts.get_caller_identity()["Account"])
            return self._account

    def close(self) -> None:
        """Close every client's connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


def as_json(value: Any) -> Any:
    """Provider configuration arrives with nested values as JSON text; anything else is returned as it is."""
    if isinstance(value, str) and value[:1] in "[{":
        return json.loads(value)
    return value
