"""How fast test sets are built: audio seconds a second, and how much a second worker helps.

Builds the demo into temporary folders, planning excluded, and prints medians of several rounds and their ratio.

Run: ``python scripts/benchmark_build.py [--rounds 3]``
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import augment


def build_s(plan: "augment.api.Plan", workers: int) -> float:
    """Seconds that one build takes."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        augment.build(plan, Path(folder) / "set", workers=workers)
        return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    plan = augment.plan("demo")
    build_s(plan, 1)  # warm up
    times = {workers: [] for workers in (1, 2)}
    for _ in range(rounds):  # in turn, so that a change of the machine's speed meets both
        for workers, found in times.items():
            found.append(build_s(plan, workers))
    medians = {workers: statistics.median(found) for workers, found in times.items()}
    print(f"{plan.items.height} items, {plan.seconds:.0f} s of audio, {rounds} rounds")
    for workers, median in medians.items():
        print(f"{workers} worker(s): {median:.2f} s, {plan.seconds / median:.0f} s of audio per second")
    print(f"2 workers are {medians[1] / medians[2]:.2f} times as fast as 1")


if __name__ == "__main__":
    main()
