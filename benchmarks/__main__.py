"""`python -m benchmarks [--only NAME]`: every row beside its floor; writes out/bench/report.json."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks import (
    avoided_reads,
    bulk_import,
    decorated,
    entry_bytes,
    freeze_slots,
    freeze_verdict,
    hit_ratio,
    isolated_values,
    memory_hit,
    redis_reads,
    redis_reads_open,
    redis_reads_stopped,
    stampede,
    strong_writes,
    tag_purge,
    warm_plan,
)
from benchmarks.row import Row

OUT = Path("out/bench/report.json")
REGISTRY = (
    freeze_verdict.BENCHMARK,
    freeze_slots.BENCHMARK,
    warm_plan.BENCHMARK,
    memory_hit.BENCHMARK,
    hit_ratio.BENCHMARK,
    avoided_reads.BENCHMARK,
    entry_bytes.BENCHMARK,
    bulk_import.BENCHMARK,
    decorated.BENCHMARK,
    isolated_values.BENCHMARK,
    redis_reads.BENCHMARK,
    redis_reads_open.BENCHMARK,
    redis_reads_stopped.BENCHMARK,
    stampede.BENCHMARK,
    strong_writes.BENCHMARK,
    tag_purge.BENCHMARK,
)
ALL = {one.name: one for one in REGISTRY}


def main(arguments: list[str]) -> int:
    """Measure; 0 only if every bar holds (one that was not run does not)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=sorted(ALL))
    only = parser.parse_args(arguments).only
    begun = time.monotonic()
    rows: list[Row] = []
    for one in (ALL[only],) if only else REGISTRY:
        for row in one.measure():
            print(row, flush=True)
            rows.append(row)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "schema": "wedcache.bench/1",
        "machine": {"cores": os.cpu_count(), "system": platform.platform(terse=True)},
        "seconds": round(time.monotonic() - begun, 1),
        "rows": [asdict(row) for row in rows],
    }
    OUT.write_text(json.dumps(report, indent=1))
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
