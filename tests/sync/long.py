"""`python -m tests.sync.long OPERATIONS [FIRST_SEED]`: the simulated world for as long as one likes.

Prints what was done and what went wrong on the way; ends with 1 at the first history that is not linearizable, and
names its seed. 10,000,000 operations take about an hour on one core.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from tests.sync.simulator import Rules
from tests.sync.trouble import played

EACH = 5000
TOLD_EVERY = 20


def main(operations: int, seed: int) -> int:
    """0 if every history is linearizable."""
    begun = time.monotonic()
    counts: Counter[str] = Counter()
    done = 0
    while done < operations:
        world, violations = played(Rules(regions=5 if seed % 3 == 2 else 3), seed, EACH)
        done += EACH
        counts += world.counts
        if violations:
            print(f"seed {seed}: {len(violations)} violations, the first: {violations[0]}")
            return 1
        seed += 1
        if not seed % TOLD_EVERY or done >= operations:
            told = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
            print(f"{done:,} operations, 0 violations, {time.monotonic() - begun:.0f} s; {told}", flush=True)
    return 0


if __name__ == "__main__":
    numbers = [int(word.replace(",", "").replace("_", "")) for word in sys.argv[1:]]
    sys.exit(main(numbers[0], numbers[1] if len(numbers) > 1 else 0))
