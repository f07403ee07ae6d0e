"""Run the gate on a conforming backend again and again, each time with another seed; every failure is a false alarm.

    python spec_tests/meta/false_alarms.py [--runs 30] [--first-seed 1] [BACKEND …]

Exits 0 when every run conformed, 1 otherwise. Prints one line for each run that did not, and a summary.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backends", nargs="*", default=["sqlite"], metavar="BACKEND")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--first-seed", type=int, default=1)
    options = parser.parse_args()
    alarms, seconds = 0, []
    for seed in range(options.first_seed, options.first_seed + options.runs):
        arguments = ["run", *options.backends, "--seed", str(seed), "--", "-n", "2"]
        command = [sys.executable, "-m", "burndown_spec", *arguments]
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        seconds.append(time.perf_counter() - started)
        if done.returncode != 0:
            alarms += 1
            print(f"seed {seed}: exit {done.returncode}\n{done.stdout}{done.stderr}", flush=True)
    slowest = max(seconds, default=0.0)
    print(f"{options.runs} runs on {', '.join(options.backends)}: {alarms} did not conform; slowest {slowest:.1f} s")
    return 1 if alarms else 0


if __name__ == "__main__":
    sys.exit(main())
