"""How well `plan --cost` foretells what a build takes: seconds of one core, and bytes, foretold and found.

    python scripts/benchmark_cost.py [RECIPE ...]

Target: within 25 % for every recipe. Both figures are of one process, one after the other: on a machine whose speed
varies from minute to minute, so do they.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from augment import cost_of, plan
from augment.files.sealed import SealedFolder
from augment.report.text import table
from augment.testset.folder import SCRATCH
from augment.testset.portions import Work, job_of, shards
from augment.testset.shard import ShardWriter

RECIPES = ("demo", "snr_ladder", "hospital_imaging", "call_centre", "accent_experiment", "microphone_survey")
MOST = 0.25


def found(recipe: str) -> tuple[float, float, float, float]:
    """Seconds of one core foretold and found, bytes foretold and found."""
    planned = plan(recipe)
    cost = cost_of(planned)
    with tempfile.TemporaryDirectory() as folder, SealedFolder.made(Path(folder), SCRATCH) as sealed:
        writer = ShardWriter(sealed, job_of(planned.loaded, planned.conditions))
        began_s = time.process_time()
        for shard in shards(Work.of(planned)):
            writer(shard)
        spent_s = time.process_time() - began_s
        size = sum(path.stat().st_size for path in Path(folder, "audio").rglob("*.*"))
    return cost.core_s, spent_s, float(cost.size_bytes), float(size)


def main() -> None:
    """Print both, and exit with 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=list(RECIPES), metavar="RECIPE", help="files or bundled names")
    rows, worst = [], 0.0
    for recipe in parser.parse_args().recipes:
        foretold_s, spent_s, foretold, size = found(recipe)
        off = [foretold_s / spent_s - 1, foretold / size - 1]
        worst = max(worst, *map(abs, off))
        seconds = [f"{foretold_s:.1f}", f"{spent_s:.1f}", f"{off[0]:+.0%}"]
        rows.append([Path(recipe).name, *seconds, f"{foretold / 1e6:.1f}", f"{size / 1e6:.1f}", f"{off[1]:+.0%}"])
    print(table(["recipe", "core s foretold", "found", "off by", "MB foretold", "found", "off by"], rows))
    sys.exit(0 if worst <= MOST else 1)


if __name__ == "__main__":
    main()
