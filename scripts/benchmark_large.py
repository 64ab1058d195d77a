"""A large set of real speech on this machine: items a second, the command's own memory over time, files that it holds.

    python scripts/benchmark_large.py [--manifest FILE] [--items 100000] [--workers 2]

Utterances of a manifest (JSONL with id, audio_filepath or audio, text, speaker; those of the demo if none is given)
under as many conditions as make that many items. The set is built by the command in a process of its own, which is
looked at every half second, and checked by another.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmark_build import speech_rows

from augment.report.text import table

NOISES = {
    "pink": "{kind: coloured_noise, colour: pink}",
    "scanner": "{kind: equipment_noise, profile: mri_epi}",
    "fan": "{kind: equipment_noise, profile: ventilation_fan}",
    "fridge": "{kind: equipment_noise, profile: refrigerator_compressor}",
}
DEVICES = ("itu_p48_handset", "mobile_msin", "headset_wideband", "laptop")
LOUDEST_DB, LEAST_DB = 40, -10
TICK_S = 0.5


def recipe_text(conditions: int) -> str:
    """A recipe of about so many conditions: noises x SNRs x devices."""
    each = max(1, round(conditions / (len(NOISES) * (len(DEVICES) + 1))))
    step = (LOUDEST_DB - LEAST_DB) / max(1, each - 1)
    snrs = ", ".join(f"{LOUDEST_DB - step * number:.4g}" for number in range(each))
    noises = "".join(f"    {name}: {{steps: [{step}], sweep: {{snr_db: [{snrs}]}}}}\n" for name, step in NOISES.items())
    devices = "".join(f"    {name}: [{{kind: microphone, profile: {name}}}]\n" for name in DEVICES)
    head = "name: large\ncorpus: {path: corpus.jsonl}\nbalance: {by: [accent]}\n"
    return f"{head}factors:\n  noise:\n{noises}  device:\n    studio: []\n{devices}"


@dataclass
class Watched:
    """What a command held while it ran.

    Attributes:
        seconds: How long it took.
        memory_mb: Its own, without its workers, at each look.
        files: The most files that it held open.
    """

    seconds: float = 0.0
    memory_mb: list[float] = field(default_factory=list)
    files: int = 0

    def at(self, share: float) -> float:
        """Memory at a share of its time, in MB."""
        return self.memory_mb[round(share * (len(self.memory_mb) - 1))]


def watched(arguments: list[str]) -> Watched:
    """Run a command of ours and look at it."""
    found, began_s = Watched(), time.monotonic()
    child = subprocess.Popen([sys.executable, "-m", "augment.cli", *arguments], stdout=subprocess.DEVNULL)
    place = Path("/proc") / str(child.pid)
    while child.poll() is None:
        try:
            (held,) = (line for line in (place / "status").read_text().splitlines() if line.startswith("VmRSS"))
            found.memory_mb.append(int(held.split()[1]) / 1024)
            found.files = max(found.files, len(list((place / "fd").iterdir())))
        except (OSError, ValueError):
            continue  # it has just ended
        time.sleep(TICK_S)
    found.seconds = time.monotonic() - began_s
    if child.returncode:
        sys.exit(f"acoustigrid {arguments[0]} ended with {child.returncode}")
    return found


def main() -> None:
    """Build, verify, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=Path, help="real speech")
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, lines = Path(scratch), []
        rows = speech_rows(folder, given.manifest)
        (folder / "corpus.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        (folder / "recipe.yaml").write_text(recipe_text(max(1, given.items // len(rows))))
        out, workers = str(folder / "set"), ["--workers", str(given.workers)]
        building = ["build", str(folder / "recipe.yaml"), "--out", out, "--quiet", *workers]
        steps = {
            "build": building,
            "verify": ["verify", out, *workers],
            "the same build, all being there": building,
        }
        for name, arguments in steps.items():
            one = watched(arguments)
            items = sum(1 for _ in (Path(out) / "manifest.jsonl").open("rb"))
            shares = [f"{one.at(share):.0f}" for share in (0.1, 0.5, 0.9)]
            peak = f"{max(one.memory_mb):.0f}"
            lines.append([name, items, f"{one.seconds:.1f}", f"{items / one.seconds:.0f}", *shares, peak, one.files])
            header = ["step", "items", "seconds", "items/s", "MB at 10 %", "50 %", "90 %", "peak", "files open"]
            print(table(header, lines[-1:]), flush=True)
        print(table(header, lines))


if __name__ == "__main__":
    main()
