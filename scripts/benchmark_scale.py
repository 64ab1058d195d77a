"""What a corpus of a million rows costs: seconds and memory to read it, to audit it, to plan a large grid and write it.

Every step is a process of its own; its peak memory is that of the whole process, as the system counts it.

Run: ``python scripts/benchmark_scale.py [--rows 1000000] [--match] [--corpus FOLDER]``
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _shared import bytes_held
from make_large_corpus import ACCENTS, MANIFEST, USUAL

GROUPS = 12
RECIPE = """\
name: scale
corpus:
  path: {manifest}
  labels: {{accent: {spellings}}}
  keep: {{accent: {accents}}}
balance: {{by: [accent], utterances: {utterances}, speakers: {{min: 8, max_share: 0.1}}{match}}}
factors:
  noise:
    quiet: []
    pink: {{steps: [{{kind: coloured_noise, colour: pink}}], sweep: {{snr_db: [20, 10, 0]}}}}
    scanner: {{steps: [{{kind: equipment_noise, profile: mri_epi}}], sweep: {{snr_db: [20, 10, 0]}}}}
    fan: {{steps: [{{kind: equipment_noise, profile: ventilation_fan}}], sweep: {{snr_db: [20, 10, 0]}}}}
  device:
    studio: []
    handset: [{{kind: microphone, profile: itu_p48_handset}}]
    mobile: [{{kind: microphone, profile: mobile_msin}}]
    headset: [{{kind: microphone, profile: headset_wideband}}]
    laptop: [{{kind: microphone, profile: laptop}}]
    cheap: [{{kind: microphone, profile: electret_cheap}}]
"""
PARTS = ("usable_corpus", "usable", "schedule", "seated", "make_plan", "rehearse")
"""What the planner does, by the names of functions in ``augment.api.planning``."""


def recipe_text(manifest: Path, groups: int = GROUPS, utterances: int = 200, match: bool = False) -> str:
    """A recipe of 60 conditions for a corpus of ``make_large_corpus.py``; JSON is YAML."""
    return RECIPE.format(
        manifest=json.dumps(str(manifest)),
        spellings=json.dumps(USUAL),
        accents=json.dumps(ACCENTS[:groups]),
        utterances=utterances,
        match=", match: [gender, age_band, device, duration]" if match else "",
    )


def measured(command: list[str]) -> tuple[float, float, int]:
    """Run a process; returns its seconds, its peak memory in MB and its exit code."""
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - start, bytes_held(usage) / 1e6, child.returncode


def read(recipe: str) -> None:
    """Read the corpus of a recipe, and nothing else."""
    from augment.corpus.table import read_corpus
    from augment.recipe.loader import load_recipe

    loaded = load_recipe(recipe)
    read_corpus(loaded.recipe.corpus, loaded.base)


def parts(recipe: str) -> None:
    """Plan, and print how long each part takes."""
    import augment.api.planning as planning

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            found = function(*arguments, **named)
            print(f"  {name:12} {time.perf_counter() - start:6.1f} s", flush=True)
            return found

        return run

    for name in PARTS:
        setattr(planning, name, timed(name, getattr(planning, name)))
    planning.plan(recipe)


def steps(recipe: Path, plan: Path) -> dict[str, list[str]]:
    """What is measured, as arguments of Python."""
    return {
        "read the corpus": [__file__, "--only", "read", str(recipe)],
        "audit it without audio": ["-m", "augment.cli", "corpus", "audit", str(recipe), "--sample", "0"],
        "plan, and write the plan": ["-m", "augment.cli", "plan", str(recipe), "--out", str(plan)],
    }


def run(folder: Path, rows: int, seed: int, match: bool) -> bool:
    """Measure all steps and print them; whether all went well."""
    import polars

    from augment.report.text import table

    lines, sound = [], True
    if not (folder / MANIFEST).exists():
        maker = str(Path(__file__).with_name("make_large_corpus.py"))
        seconds, _, _ = measured([maker, str(folder), "--rows", str(rows), "--seed", str(seed)])
        print(f"the corpus was made in {seconds:.0f} s", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        recipe, plan = Path(scratch) / "scale.yaml", Path(scratch) / "plan.parquet"
        recipe.write_text(recipe_text((folder / MANIFEST).resolve(), match=match))
        for name, command in steps(recipe, plan).items():
            seconds, megabytes, code = measured(command)
            lines.append([name, f"{seconds:.1f}", f"{megabytes:.0f}", "" if code == 0 else f"exit code {code}"])
            sound &= code == 0
        print(table(["step", "seconds", "peak MB", "failed"], lines))
        if plan.exists():
            items = polars.scan_parquet(plan).select(polars.len()).collect().item()
            print(
                f"{items:,} items in a plan of {plan.stat().st_size / 1e6:.1f} MB; the parts of planning:", flush=True
            )
            subprocess.run([sys.executable, __file__, "--only", "parts", str(recipe)], check=True)
    return sound


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--match", action="store_true", help="match four variables")
    parser.add_argument("--corpus", type=Path, help="folder of a corpus; made there if there is none yet")
    parser.add_argument("--only", choices=["read", "parts"], help=argparse.SUPPRESS)
    parser.add_argument("recipe", nargs="?", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        {"read": read, "parts": parts}[given.only](given.recipe)
        return
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(not run(given.corpus or Path(scratch), given.rows, given.seed, given.match))


if __name__ == "__main__":
    main()
