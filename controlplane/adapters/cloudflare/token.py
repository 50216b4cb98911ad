"""What Cloudflare says of the token that asks."""

from __future__ import annotations

from datetime import UTC, datetime

from controlplane.adapters.cloudflare.client import CHECK_ACCESS, CloudflareApi
from controlplane.errors import Unavailable


def lasts_until(api: CloudflareApi) -> datetime | None:
    """When the token ends (`expires_on`); None: never. Raises Unavailable, also for a token that is not active."""
    answer = api.call("token", lambda client: client.user.tokens.verify())
    if answer is None or answer.status != "active":
        said = "nothing" if answer is None else answer.status
        raise Unavailable(f"Cloudflare says of the token: {said}", next_step=CHECK_ACCESS)
    return answer.expires_on.astimezone(UTC) if answer.expires_on else None
