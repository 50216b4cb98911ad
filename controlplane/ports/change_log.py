"""A vendor's own record of who changed what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from controlplane.domain.outside import VendorChange


class ChangeLog(Protocol):
    """What a vendor wrote down of the changes made with anybody's credentials."""

    def changes(self, since: datetime, until: datetime) -> Sequence[VendorChange]:
        """Every change that succeeded in [since, until], in any order. Reads only; some seconds, 3 s a request.

        The newest may be missing: a vendor writes some of them minutes later. Raises Unavailable.
        """
        ...
