"""The official SDK, imported late (it costs more than a second) and with our own retry rule.

Cloudflare blocks a token for five minutes once it is over its rate; the SDK obeys `Retry-After` only up to 60 s, so it
must not retry by itself.
"""

from __future__ import annotations

import functools
import ssl
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from controlplane.errors import Unavailable

Answer = TypeVar("Answer")
TIMEOUT_SECONDS = 3.0
CHECK_ACCESS = "check the token behind the profile's cloudflare.token: is it right, active, and allowed to do this?"


@functools.cache
def _trust() -> ssl.SSLContext:
    """The certificate authorities that a named address is checked against; reading them costs a tenth of a second."""
    import httpx

    return httpx.create_ssl_context()


class CloudflareApi:
    """One token's client, and no other credential of the environment. `base_url` None means Cloudflare itself."""

    def __init__(self, token: str, base_url: str | None = None) -> None:
        self._token = token
        self._base_url = base_url
        self._client: Any = None
        self._lock = threading.Lock()

    def call(self, what: str, ask: Callable[[Any], Answer]) -> Answer:
        """Run `ask(client)`; every error of the SDK becomes `Unavailable` with the vendor's words.

        All that we ask of Cloudflare may be asked twice, so a retry is always safe.
        """
        import cloudflare

        try:
            return ask(self._made())
        except cloudflare.RateLimitError as error:
            wait = error.response.headers.get("retry-after", "300")
            raise Unavailable(f"Cloudflare {what}: over the rate limit", next_step=f"wait {wait} s") from error
        except cloudflare.APIConnectionError as error:
            why = type(error.__cause__ or error).__name__
            raise Unavailable(f"Cloudflare {what}: no answer ({why}) from {self._base_url or 'Cloudflare'}") from error
        except cloudflare.APIStatusError as error:
            said = "; ".join(f"{one.code} {one.message}" for one in error.errors or ()) or "no reason given"
            hint = CHECK_ACCESS if error.status_code in (400, 401, 403) else ""
            raise Unavailable(f"Cloudflare {what}: {error.status_code}: {said}", next_step=hint) from error
        except cloudflare.CloudflareError as error:
            raise Unavailable(f"Cloudflare {what}: an answer that is none ({type(error).__name__})") from error

    def open(self) -> None:
        """Load the SDK, before somebody waits for an answer. Asks nothing."""
        self._made()

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _made(self) -> Any:
        import cloudflare

        with self._lock:
            if self._client is None:
                own = self._base_url is not None
                self._client = cloudflare.Cloudflare(
                    api_token=self._token,
                    base_url=self._base_url or "https://api.cloudflare.com/client/v4",
                    max_retries=0,
                    timeout=TIMEOUT_SECONDS,
                    http_client=cloudflare.DefaultHttpxClient(trust_env=False, verify=_trust()) if own else None,
                )
                self._client.api_key = self._client.api_email = self._client.user_service_key = None
            return self._client
