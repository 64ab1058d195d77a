"""Sizes of covering arrays beside those asked for, their coverage counted on its own, and the time they take.

Run: ``python scripts/benchmark_arrays.py``
"""

import argparse
import time
from collections.abc import Mapping, Sequence

from augment.design.grid.arrays import covering_array
from augment.design.grid.coverage import coverage_of
from augment.design.grid.factors import Factors
from augment.report.text import table

MODELS = {"3^13": [3] * 13, "4^10": [4] * 10, "5^1 4^2 3^5 2^3": [5, 4, 4, 3, 3, 3, 3, 3, 2, 2, 2]}
MOST = {
    ("3^13", 2): 18, ("4^10", 2): 29, ("5^1 4^2 3^5 2^3", 2): 22,
    ("3^13", 3): 75, ("4^10", 3): 158, ("5^1 4^2 3^5 2^3", 3): 104,
}  # fmt: skip
"""Rows that an array of a model and a strength may have at most."""
EXCLUDED: Sequence[Mapping[int, Sequence[int]]] = (
    {0: [0], 1: [1, 2]}, {2: [2], 3: [0], 4: [1]}, {5: [1], 0: [1]}, {1: [0], 5: [0, 2]},
)  # fmt: skip
"""Settings that must not meet, by factor; all of the models can have them."""


def model(levels: Sequence[int], excluded: Sequence[Mapping[int, Sequence[int]]] = ()) -> Factors:
    """Factors with so many settings each."""
    return Factors(
        tuple(f"f{f}" for f in range(len(levels))),
        tuple(tuple(f"s{s}" for s in range(count)) for count in levels),
        tuple({f: frozenset(f"s{s}" for s in some) for f, some in entry.items()} for entry in excluded),
    )


def main() -> None:
    """Print one line for each model, strength and set of exclusions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    rows = []
    for name, levels in MODELS.items():
        for strength in (2, 3):
            for excluded in ((), EXCLUDED):
                factors = model(levels, excluded)
                start = time.perf_counter()
                made = covering_array(factors, strength, _reference(factors))
                seconds = time.perf_counter() - start
                found = coverage_of(factors, made, strength)
                most = "-" if excluded else MOST[name, strength]
                counted = [found.full, found.feasible, found.covered]
                rows.append([name, strength, len(excluded), len(made), most, *counted, f"{seconds:.1f}"])
    header = ["model", "t", "exclusions", "size", "at most", "full factorial", "feasible tuples", "covered", "seconds"]
    print(table(header, rows))


def _reference(factors: Factors) -> tuple[str, ...]:
    found = factors.completed([None] * len(factors.names))
    assert found is not None, "the exclusions leave something"
    return found


if __name__ == "__main__":
    main()
