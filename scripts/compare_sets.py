"""Two finished test sets of one recipe, column by column: what another version, or another machine, made otherwise.

For every column of the manifest that differs: in how many rows, and the largest difference of its numbers. Hashes and
keys differ wherever a sample does; how far samples differ is in the last line.

Run: ``python scripts/compare_sets.py FIRST SECOND``
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile


def rows_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Rows of a manifest, by the place of their audio."""
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["audio_filepath"]: row for row in map(json.loads, lines)}


def largest_step(folders: tuple[Path, Path], names: list[str]) -> int:
    """Largest difference between samples of the same items, in steps of 16 bits."""
    largest = 0
    for name in names:
        first, second = (soundfile.read(folder / name, dtype="int16")[0].astype(np.int64) for folder in folders)
        largest = max(largest, int(np.max(np.abs(first - second), initial=0)) if first.shape == second.shape else 65536)
    return largest


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path, metavar="FIRST", help="folder of a finished test set")
    parser.add_argument("second", type=Path, metavar="SECOND", help="and of another")
    given = parser.parse_args()
    folders = (given.first, given.second)
    first, second = (rows_of(folder) for folder in folders)
    both = [name for name in first if name in second]
    print(f"{len(first):,} and {len(second):,} items, {len(both):,} in both")
    columns = dict.fromkeys(name for rows in (first, second) for row in rows.values() for name in row)
    for column in columns:
        pairs = [(first[name].get(column), second[name].get(column)) for name in both]
        other = [(one, two) for one, two in pairs if one != two]
        numbers = [
            abs(one - two) for one, two in other if isinstance(one, int | float) and isinstance(two, int | float)
        ]
        said = f", by {max(numbers):.6g} at most" if numbers else ""
        if len(other) > len(numbers):
            said += f"; {len(other) - len(numbers)} are no numbers, such as {other[0][0]!r} and {other[0][1]!r}"[:120]
        if other:
            print(f"{column:28}{len(other):7,} rows differ{said}")
    print(f"largest difference of a sample: {largest_step(folders, both)} of 65536 steps")


if __name__ == "__main__":
    main()
