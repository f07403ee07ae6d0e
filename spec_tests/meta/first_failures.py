"""How long a user waits for the first failure: `burndown-spec run SABOTEUR -- -x`, timed until it stands on the screen.

    python spec_tests/meta/first_failures.py [--sample 40] [--seed 0] [--limit 10]

Runs a sample of the saboteurs, drawn with the seed, one after another. Exits 0 when nine of ten are told of within the
limit, in seconds, 1 otherwise. Prints the slowest, and a summary.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from saboteurs import all_saboteurs

META = Path(__file__).parent
SHARE = 0.9


def seconds_to_first_failure(name: str) -> float:
    """Seconds from the start of the command to the line that names the clause; infinite where none does."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "burndown_spec", "run", name, "--", "-x"]
    environment = {**os.environ, "PYTHONPATH": str(META), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        told = float("inf")
        for line in process.stdout:
            if line.rstrip().endswith(f" on {name} fails") and told == float("inf"):
                told = time.perf_counter() - started
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=10.0)
    options = parser.parse_args(arguments)
    names = sorted(each.name for each in all_saboteurs())
    drawn = random.Random(options.seed).sample(names, min(options.sample, len(names)))
    waits = sorted((seconds_to_first_failure(name), name) for name in drawn)
    for seconds, name in waits[-5:]:
        print(f"{seconds:6.1f} s  {name}")
    within = sum(seconds <= options.limit for seconds, _ in waits)
    middle = waits[len(waits) // 2][0]
    print(f"{within} of {len(waits)} within {options.limit:g} s; median {middle:.1f} s, slowest {waits[-1][0]:.1f} s")
    return 0 if within >= SHARE * len(waits) else 1


if __name__ == "__main__":
    sys.exit(main())
