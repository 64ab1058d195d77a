"""What rows cost whoever builds, checks and exports a large set: seconds of a processor, and memory of the parent.

    python scripts/benchmark_rows.py [--items 20000 100000] [--folder FOLDER] [--formats csv kaldi]

Nothing is rendered but one utterance under every condition: all other items are hard links to its files, and rows are
made up of its rows, so that the set is as a build would leave it. Planning, finishing, books, comparison and exports
are real; listening is left out, and items rendered again are not found in order. Every step is a process of its
own. Of each its peak memory is told, what was held once the plan was there, and by how many MB the peak grows with
100,000 items.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import soundfile

import augment
from augment.bundled import bundled
from augment.report.text import table
from augment.testset.folder import PARTS
from augment.testset.shard import Done, Shard, ShardWriter
from augment.verification.heard import Findings
from augment.verification.listening import Listened, Listening

CONDITIONS, GROUPS, SPEAKERS = 100, 4, 40
MOST_LINKS = 60_000
"""To one file: file systems have a limit, ext4 65,000."""
RECIPE = """\
name: rows
corpus: {path: corpus.jsonl, licence: CC0-1.0}
balance: {by: [accent]}
factors:
  noise:
    quiet: []
    pink: {steps: [{kind: coloured_noise, colour: pink}], sweep: {snr_db: [20, 15, 10, 5, 0, -5, 17, 13]}}
    white: {steps: [{kind: coloured_noise, colour: white}], sweep: {snr_db: [20, 15, 10, 5, 0, -5, 17, 13]}}
    fan: {steps: [{kind: equipment_noise, profile: ventilation_fan}], sweep: {snr_db: [20, 15, 10, 5, 0, -5, 17, 13]}}
  device:
    studio: []
    handset: [{kind: microphone, profile: itu_p48_handset}]
    laptop: [{kind: microphone, profile: laptop}]
    cheap: [{kind: microphone, profile: electret_cheap}]
"""
FORMATS = ("csv", "nemo", "kaldi", "lhotse", "speechbrain")
STEPS = ("plan", "build", "finish", "verify the files", "verify with sources")


def make_corpus(folder: Path, utterances: int) -> None:
    """Utterances of all groups, which are one recording of a second under many names."""
    folder.mkdir(parents=True, exist_ok=True)
    samples, rate_hz = soundfile.read(bundled("recipes") / "demo" / "audio" / "american_slt_1.flac", dtype="int16")
    soundfile.write(folder / "one.flac", samples[: 5 * rate_hz // 4], rate_hz)
    rows = (
        {
            "id": f"g{group}_{number:06d}", "audio_filepath": "one.flac", "accent": f"group {group}",
            "speaker": f"g{group}s{number % SPEAKERS}", "text": f"This is what was said as number {number}.",
        }
        for group in range(GROUPS)
        for number in range(utterances)
    )  # fmt: skip
    with (folder / "corpus.jsonl").open("w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    (folder / "recipe.yaml").write_text(RECIPE)


class Pretended:
    """Somebody who does shards without rendering, and hears nothing.

    Args:
        like: A finished set of the same recipe with one utterance.
    """

    workers = 1

    def __init__(self, like: Path) -> None:
        lines = (like / "manifest.jsonl").read_text().splitlines()
        self._rows: dict[str, dict[str, Any]] = {row["condition"]: row for row in map(json.loads, lines)}
        self._files: dict[str, Path] = {name: like / row["audio_filepath"] for name, row in self._rows.items()}
        self._made = 0

    def run(
        self, job: Callable[[Any], Any], tasks: Iterable[Any], limit_s: Callable[[Any], float] | None = None
    ) -> Iterator[Any]:
        """Pretend to do shards and portions; do all else."""
        del limit_s
        for task in tasks:
            if isinstance(job, ShardWriter):
                yield self._shard(job, task)
            elif isinstance(job, Listening):
                yield Listened(task.number, {}, Findings(), [])
            else:
                yield job(task)

    def _shard(self, job: ShardWriter, shard: Shard) -> Done:
        done, lines = Done(f"{PARTS}/{shard.name}.jsonl"), list[bytes]()
        for utterance in shard.utterances:
            for item in utterance.items:
                target = Path(str(job.folder.path)) / item.audio_filepath
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(self._file(item.condition), target)
                row = {**self._rows[item.condition], "audio_filepath": item.audio_filepath, "key": item.key}
                lines.append((json.dumps(row, sort_keys=True) + "\n").encode())
                done.add(item, lines[-1], 1.0)
        job.folder.replace(done.part, lines)
        return done

    def _file(self, condition: str) -> Path:
        """A file of this condition that has room for another link."""
        self._made += 1
        found = self._files[condition]
        if self._made % 1000 == 0:
            for name, path in self._files.items():
                if path.stat().st_nlink > MOST_LINKS:
                    fresh = path.with_name(f"again_{self._made}_{path.name}")
                    fresh.write_bytes(path.read_bytes())
                    self._files[name] = fresh
        return found


def memory_mb() -> tuple[float, float]:
    """What this process holds, and the most that it has held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = {line.split()[0]: int(line.split()[1]) / 1000 for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return found["VmRSS:"], found["VmHWM:"]


class Timed:
    """Progress that notes how long steps took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, total: int | None = None, unit: str = "", done: int = 0) -> Iterator["Timed"]:
        """A step."""
        del total, unit, done
        began = time.process_time()
        yield self
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - began

    def advance(self, count: int = 1, seconds: float = 0.0) -> None:
        """Nothing is shown."""


def run_step(step: str, folder: Path) -> None:
    """Do one step, and print what it took."""
    timed, like, out = Timed(), folder / "one" / "set", folder / "set"
    began = time.process_time()
    held_mb = 0.0
    if step in ("plan", "build", "finish"):
        planned = augment.plan(folder / "recipe.yaml")
        held_mb, began = memory_mb()[0], time.process_time()
        if step != "plan":
            augment.build(planned, out, workers=Pretended(like), progress=timed)
    elif step.startswith("verify"):
        base = None if step.endswith("sources") else folder / "nowhere"
        verdict = augment.verify(out, 5, base, timed, workers=Pretended(like))
        print(f"# {verdict}", *verdict.deviations[:3], sep="\n# ", file=sys.stderr)
    else:
        augment.write_formats(out, [step], timed)
    seconds = timed.seconds.get("finishing: manifest, data sheet, checksums", 0.0)
    print(json.dumps([time.process_time() - began, seconds, held_mb, memory_mb()[1]]))


def measured(step: str, folder: Path) -> list[float]:
    """Seconds, seconds of finishing, MB held with the plan, and most MB, of a step in a process of its own."""
    command = [sys.executable, __file__, "--only", step, "--folder", str(folder)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: list[float] = json.loads(said.splitlines()[-1])
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[20_000, 100_000], help="sizes of sets (%(default)s)")
    parser.add_argument("--folder", type=Path, help="where to make them; a temporary folder if not given")
    parser.add_argument("--formats", nargs="*", default=FORMATS, help="exports to measure (%(default)s)")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        run_step(given.only, given.folder)
        return
    with tempfile.TemporaryDirectory() as scratch:
        before: dict[str, tuple[int, float]] = {}
        for items in given.items:
            folder = (given.folder or Path(scratch)) / str(items)
            make_corpus(folder / "one", 1)
            augment.build(folder / "one" / "recipe.yaml", folder / "one" / "set")
            make_corpus(folder, items // (CONDITIONS * GROUPS))
            lines = []
            for step in (*STEPS, *given.formats):
                seconds, finishing, held_mb, peak_mb = measured(step, folder)
                slope = ""
                if step in before:
                    few, then_mb = before[step]
                    slope = f"{(peak_mb - then_mb) / (items - few) * 100_000:.1f}"
                before[step] = items, peak_mb
                per_item = f"{1e6 * seconds / items:.0f}"
                finish = f"{1e6 * finishing / items:.0f}" if finishing else ""
                held = f"{held_mb:.0f}" if held_mb else ""
                lines.append([step, f"{seconds:.1f}", per_item, finish, held, f"{peak_mb:.0f}", slope])
            header = ["step", "CPU s", "us an item", "finishing", "MB with plan", "peak MB", "MB per 100,000"]
            print(f"\n{items:,} items\n{table(header, lines)}", flush=True)


if __name__ == "__main__":
    main()
