"""Where names lead, as the zone's owner says: records and load balancers."""

from __future__ import annotations

from typing import Protocol


class HostNames(Protocol):
    """One zone. Raises Unavailable."""

    def records(self, host: str) -> tuple[str, ...]:
        """The records of `host`, each as `TYPE content`."""
        ...

    def balanced(self, host: str) -> tuple[str, ...] | None:
        """The regions of the load balancer of `host`, in its order; None where it has none."""
        ...
