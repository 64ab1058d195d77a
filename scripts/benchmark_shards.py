"""What a plan of a million utterances under a hundred conditions costs: to write, to open, to build and resume shards.

A hundred million items would be 40,000 hours of audio: the plan is made whole, and of its shards a few are built. Every
step is a process of its own; its peak memory is that of the whole process, as the system counts it.

    python scripts/benchmark_shards.py [--utterances 1000000] [--shards 20000] [--keep FOLDER]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from benchmark_scale import measured
from make_large_corpus import make_pool

from augment.report.text import table

GROUPS, SPEAKERS, CONDITIONS = 10, 200, 100
SHORTEST_S, LONGEST_S = 1.0, 2.0
SEGMENTS = 20_000
RECIPE = """\
name: shards
corpus: {path: corpus.jsonl}
balance: {by: [accent], utterances: max}
factors:
  noise:
    quiet: []
    pink: {steps: [{kind: coloured_noise, colour: pink}], sweep: {snr_db: [30, 25, 20, 15, 10, 5, 0, -5]}}
    scanner: {steps: [{kind: equipment_noise, profile: mri_epi}], sweep: {snr_db: [30, 25, 20, 15, 10, 5, 0, -5]}}
    fan: {steps: [{kind: equipment_noise, profile: ventilation_fan}], sweep: {snr_db: [20, 10, 0]}}
  device:
    studio: []
    handset: [{kind: microphone, profile: itu_p48_handset}]
    mobile: [{kind: microphone, profile: mobile_msin}]
    headset: [{kind: microphone, profile: headset_wideband}]
    laptop: [{kind: microphone, profile: laptop}]
"""


def make_corpus(folder: Path, utterances: int) -> None:
    """Segments of long recordings, as many for each group; neither voices nor texts say anything about accents.

    There are ``SEGMENTS`` of them, again and again under other names: what is measured of speech is kept by what is
    heard, and to measure a million would take an hour.
    """
    rng = np.random.default_rng(1)
    pool = make_pool(folder, 20, rng)
    segments = []
    for number in range(min(utterances, SEGMENTS)):
        name, starts, _ = pool[number % len(pool)]
        start_s = float(starts[rng.integers(len(starts) - 1)]) + 0.001 * float(rng.integers(40))
        segments.append((name, round(start_s, 3), round(float(rng.uniform(SHORTEST_S, LONGEST_S)), 3)))
    with (folder / "corpus.jsonl").open("w") as file:
        for number in range(utterances):
            name, start_s, length_s = segments[number % len(segments)]
            group, speaker = number % GROUPS, number // GROUPS % SPEAKERS
            row = {
                "id": f"u{number:07d}", "audio_filepath": name, "text": f"word {number}",
                "speaker": f"s{group}_{speaker}", "accent": f"accent {group}", "offset": start_s, "duration": length_s,
            }  # fmt: skip
            file.write(json.dumps(row) + "\n")


def interrupted(command: list[str], seconds: float) -> None:
    """Begin a command, and kill it after a while."""
    child = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    child.kill()
    child.wait()


def run(folder: Path, utterances: int, shards: int, workers: int) -> bool:
    """Measure all steps and print them; whether all went well."""
    if not (folder / "corpus.jsonl").exists():
        make_corpus(folder, utterances)
        (folder / "recipe.yaml").write_text(RECIPE)
    out, main = str(folder / "set"), ["-m", "augment.cli"]
    planning = [*main, "plan", str(folder / "recipe.yaml"), "--into", out, "--workers", str(workers), "--quiet"]
    lines, sound = [], True

    def step(name: str, command: list[str]) -> None:
        nonlocal sound
        seconds, megabytes, code = measured(command)
        lines.append([name, f"{seconds:.1f}", f"{megabytes:.0f}", "" if code == 0 else f"exit code {code}"])
        print(table(["step", "seconds", "peak MB", "failed"], lines[-1:]), flush=True)
        sound &= code == 0

    step("plan and write it", planning)
    step("again, speech measured before", planning)
    for number in (1, shards // 2, shards):
        step(f"build shard {number}/{shards}", [*main, "build", "--out", out, "--shard", f"{number}/{shards}"])
    again = [*main, "build", "--out", out, "--shard", f"2/{shards}"]
    interrupted(again, 12.0)
    step(f"resume shard 2/{shards}, killed after 12 s", again)
    step("build it again, all being there", again)
    size = sum(path.stat().st_size for path in Path(out, ".acoustigrid/plan").iterdir()) / 1e6
    print(table(["step", "seconds", "peak MB", "failed"], lines))
    print(f"{utterances:,} utterances x {CONDITIONS} conditions: {size:.0f} MB of plan")
    return sound


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=1_000_000)
    parser.add_argument("--shards", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder for the corpus and the set, which stay there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        sys.exit(not run(folder, given.utterances, given.shards, given.workers))


if __name__ == "__main__":
    main()
