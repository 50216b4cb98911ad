"""The official SDK, imported late (it costs more than a second) and with our own retry rule.

Cloudflare blocks a token for five minutes once it is over its rate; the SDK obeys `Retry-After` only up to 60 s, so it
must not retry by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from controlplane.errors import Unavailable

Answer = TypeVar("Answer")
TIMEOUT_SECONDS = 5.0


class CloudflareApi:
    """One token's client. `base_url` None means Cloudflare itself."""

    def __init__(self, token: str, base_url: str | None = None) -> None:
        self._token = token
        self._base_url = base_url
        self._client: Any = None

    def call(self, what: str, ask: Callable[[Any], Answer]) -> Answer:
        """Run `ask(client)`; every error of the SDK becomes `Unavailable` with the vendor's words."""
        import cloudflare

        if self._client is None:
            self._client = cloudflare.Cloudflare(
                api_token=self._token, base_url=self._base_url, max_retries=0, timeout=TIMEOUT_SECONDS
            )
        try:
            return ask(self._client)
        except cloudflare.RateLimitError as error:
            wait = error.response.headers.get("retry-after", "300")
            raise Unavailable(f"Cloudflare {what}: over the rate limit", next_step=f"wait {wait} s") from error
        except cloudflare.APIConnectionError as error:
            raise Unavailable(f"Cloudflare {what}: {error}", safe_to_retry=False) from error
        except cloudflare.APIStatusError as error:
            said = "; ".join(f"{one.code} {one.message}" for one in error.errors) or str(error)
            raise Unavailable(f"Cloudflare {what}: {error.status_code}: {said}") from error
