"""What a balanced selection costs, and how alike it makes groups: 2,400 utterances, four variables matched.

The lopsided corpus is that of ``make_large_corpus.py``, whose gender, age and device go with the accent.
Each selection is a process of its own.

Run: ``python scripts/benchmark_selection.py [--rows 100000] [--seed 1]``
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _shared import bytes_held
from make_large_corpus import ACCENTS, MANIFEST, USUAL

MATCH = ["gender", "age_band", "device", "duration"]
CASES: dict[str, dict[str, Any]] = {
    "3 groups, 800 each": {"groups": 3, "utterances": 800},
    "3 groups, 800 each, nothing matched": {"groups": 3, "utterances": 800, "match": []},
    "8 groups, the most there is": {"groups": 8, "utterances": "max"},
}
FEWEST_SPEAKERS, MOST_OF_ONE = 8, 0.1


def select_one(manifest: Path, case: dict[str, Any], seed: int) -> dict[str, Any]:
    """Select, and what it took: seconds of reading and of selecting, size, largest differences before and after."""
    from augment.corpus.spec import CorpusSpec
    from augment.corpus.table import read_corpus
    from augment.design.selection import select
    from augment.recipe.experiment import Balance, Speakers

    keep = {"accent": tuple(ACCENTS[: case["groups"]])}
    start = time.perf_counter()
    corpus = read_corpus(CorpusSpec(path=str(manifest), labels={"accent": USUAL}, keep=keep), Path())
    read = time.perf_counter()
    match = tuple(case.get("match", MATCH))
    speakers = Speakers(min=FEWEST_SPEAKERS, max_share=MOST_OF_ONE)
    balance = Balance(by=("accent",), utterances=case["utterances"], speakers=speakers, match=match)
    found = select(corpus, balance, seed)
    done = time.perf_counter()
    matched = [d for d in found.balance.differences if d.variable in MATCH]
    return {
        "rows": corpus.frame.height,
        "chosen": found.frame.height,
        "read_s": read - start,
        "select_s": done - read,
        "before": max(d.before or 0 for d in matched),
        "after": max(d.after or 0 for d in matched),
        "peak_mb": bytes_held() / 1e6,
    }


def main() -> None:
    """Measure every case and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--manifest", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        print(json.dumps(select_one(given.manifest, CASES[given.only], given.seed)))
        return
    from augment.report.text import table

    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        maker = Path(__file__).with_name("make_large_corpus.py")
        make = [sys.executable, str(maker), scratch, "--rows", str(given.rows), "--seed", str(given.seed)]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        for name in CASES:
            command = [sys.executable, __file__, "--only", name, "--manifest", str(Path(scratch) / MANIFEST)]
            environment = {**os.environ, "PYTHONHASHSEED": "random"}
            told = subprocess.run([*command, f"--seed={given.seed}"], check=True, capture_output=True, env=environment)
            found = json.loads(told.stdout)
            figures = [f"{found[key]:.1f}" for key in ("read_s", "select_s")]
            differences = [f"{found[key]:.3f}" for key in ("before", "after")]
            lines.append([name, found["rows"], found["chosen"], *figures, f"{found['peak_mb']:.0f}", *differences])
            print(f"{name}: done", file=sys.stderr, flush=True)
    print(table(["selection", "rows", "chosen", "read s", "select s", "peak MB", "largest before", "after"], lines))


if __name__ == "__main__":
    main()
