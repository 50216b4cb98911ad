"""Records across regions: what a majority of them has agreed on is never lost and never read older than it is.

The levels, the errors and the promises S1-S4: `docs/sync.md`; each promise has a check in `tests/sync`.
"""

from controlplane.sync.mending import Mending
from controlplane.sync.records import LOCAL, STRONG, Level, Receipt, Records, Superseded
from controlplane.sync.voters import Voters

__all__ = ["LOCAL", "STRONG", "Level", "Mending", "Receipt", "Records", "Superseded", "Voters"]
