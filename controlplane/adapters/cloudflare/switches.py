"""Cloudflare's zone switches (Argo, tiered caching) behind `CacheSwitches`."""

from __future__ import annotations

from typing import Any

from controlplane.adapters.cloudflare.client import CloudflareApi
from controlplane.errors import Unavailable, VerificationFailed


class CloudflareSwitches:
    """The switches of one zone; each has its own path, and all speak `{"value": "on" | "off"}`."""

    def __init__(self, api: CloudflareApi, zone_id: str) -> None:
        self._api = api
        self._zone = zone_id

    def get(self, path: str) -> str:
        """See `CacheSwitches.get`."""
        return self._value(path, self._api.call(f"switch {path}", lambda client: client.get(self._path(path), **_ANY)))

    def set(self, path: str, value: str) -> None:
        """See `CacheSwitches.set`."""
        body = {"value": value}
        self._api.call(f"switch {path}", lambda client: client.patch(self._path(path), body=body, **_ANY))
        if self.get(path) != value:
            raise VerificationFailed(f"the switch {path} does not read back as {value}")

    def _path(self, path: str) -> str:
        return f"/zones/{self._zone}/{path}"

    def _value(self, path: str, answer: Any) -> str:
        result = answer.get("result") if isinstance(answer, dict) else None
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, str):
            raise Unavailable(f"Cloudflare switch {path}: an answer without a value")
        return value


_ANY: dict[str, Any] = {"cast_to": object}
