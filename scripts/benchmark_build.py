"""How fast test sets are built, beside floors and another library, in one run on one machine.

Floors encode the very outputs of our build again, with as many processes and nothing made durable: M in memory, F with
libsndfile writing the files. Rounds alternate, so that a change of the machine's speed meets all; medians are printed,
and ratios to the floors of the same run (1.0: as fast as the floor).

Grids: ``a`` five SNRs of a recording x two microphones; ``b`` the same x four simulated rooms; ``c`` equipment alone;
``d`` codecs with losses; ``e`` utterances of ten minutes.

Run: ``python scripts/benchmark_build.py [--grids a,b] [--rounds 3] [--manifest FILE] [--workers 2]``
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from benchmark_jobs import Audiomentations, Floor, Ours, Timed

import augment
from augment.bundled import bundled
from augment.execute import Lost, processes
from augment.files.sealed import SealedFolder
from augment.profiles.library import Library
from augment.testset.folder import SCRATCH
from augment.testset.portions import Work, job_of, shards
from augment.testset.shard import ShardWriter

RATE_HZ = 16000
SNRS_DB = (20.0, 15.0, 10.0, 5.0, 0.0)
DEVICES = {"handset": "itu_p48_handset", "laptop": "laptop"}
NOISE = f"{{steps: [{{kind: background_noise, source: noise.wav}}], sweep: {{snr_db: {list(SNRS_DB)}}}}}"
CHAINS = {name: [{"kind": "microphone", "profile": profile}] for name, profile in DEVICES.items()}
PHONES = f"  device: {json.dumps(CHAINS)}\n"
ROOMS = "".join(
    f"    {name}: [{{kind: simulated_room, profile: {name}, distance_m: {distance}}}]\n"
    for name, distance in (("living_room", 1), ("classroom", 2), ("exam_room", 1), ("small_office", 1))
)
EQUIPMENT = "".join(
    f"    {name}: {{steps: [{{kind: equipment_noise, profile: {name}}}], sweep: {{snr_db: [10, 0]}}}}\n"
    for name in ("mri_epi", "ventilation_fan", "dental_drill", "patient_monitor")
)
CODECS = (
    "    pstn: [{kind: g711, law: a, loss_percent: 2}]\n    gsm: [{kind: gsm_fr, loss_percent: 2}]\n"
    "    amr: [{kind: amr_nb, kbps: 12.2, loss_percent: 2}]\n    opus: [{kind: opus, kbps: 24, loss_percent: 2}]\n"
)


@dataclass(frozen=True)
class Grid:
    """A grid that is measured.

    Attributes:
        about: In words.
        factors: YAML of its factors.
        long: Whether its utterances last ten minutes.
    """

    about: str
    factors: str
    long: bool = False


GRIDS = {
    "a": Grid("five SNRs x two microphones", f"  noise:\n    street: {NOISE}\n{PHONES}"),
    "b": Grid("the same x four simulated rooms", f"  room:\n{ROOMS}  noise:\n    street: {NOISE}\n{PHONES}"),
    "c": Grid("four machines at two SNRs", f"  noise:\n{EQUIPMENT}"),
    "d": Grid("four codecs that lose packets", f"  channel:\n{CODECS}"),
    "e": Grid("utterances of ten minutes", f"  noise:\n    street: {NOISE}\n{PHONES}", long=True),
}


@dataclass(frozen=True)
class Bench:
    """One grid, ready to be measured.

    Attributes:
        folder: Where its recipe is, and everything is written.
        plan: Its plan.
        workers: Processes.
        sources: For each utterance, its audio and its outputs in the finished set.
    """

    folder: Path
    plan: "augment.api.Plan"
    workers: int
    sources: tuple[tuple[str, tuple[str, ...]], ...]

    def floor(self, in_memory: bool) -> "Spent":
        """Floor M or F: the sum of what its tasks took, over the processes, as if none had ever waited."""
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            timed = list(_ran(Floor(Path(out), in_memory), self.sources, self.workers))
        return Spent(sum(one.spent_s for one in timed) / self.workers, max(one.peak_mb for one in timed))

    def peer(self) -> "Spent":
        """Audiomentations in a pool."""
        responses = tuple(str(self.folder / f"{device}.wav") for device in DEVICES)
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            job = Audiomentations(Path(out), str(self.folder / "noise.wav"), responses, SNRS_DB, RATE_HZ)
            return Spent.of(_ran(job, self.sources, self.workers))

    def rendering(self, workers: int) -> "Spent":
        """Shards of ours, from the beginning of the first to the end of the last."""
        with tempfile.TemporaryDirectory(dir=self.folder) as out, SealedFolder.made(Path(out), SCRATCH) as sealed:
            job = Ours(ShardWriter(sealed, job_of(self.plan.loaded, self.plan.conditions)))
            return Spent.of(_ran(job, shards(Work.of(self.plan), (), workers), workers))

    def command(self, *arguments: str) -> float:
        """Seconds of a command of ours in a process of its own."""
        began = time.monotonic()
        command = [sys.executable, "-m", "augment.cli", *arguments]
        subprocess.run(command, check=True, capture_output=True)
        return time.monotonic() - began

    def build(self) -> float:
        """Seconds of a whole build."""
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            recipe, where = str(self.folder / "recipe.yaml"), str(Path(out) / "set")
            return self.command("build", recipe, "--out", where, "--workers", str(self.workers))


def _ran(job: Callable[[Any], Timed], tasks: Iterable[Any], workers: int) -> Iterator[Timed]:
    """What every task took; a benchmark without one of its tasks would be too fast, and ends."""
    with processes.opened(workers) as way:
        for outcome in way.run(job, tasks):
            if isinstance(outcome, Lost):
                sys.exit(f"error: a worker {outcome.fate}")
            yield outcome


@dataclass(frozen=True)
class Spent:
    """What some work took.

    Attributes:
        seconds: Of wall time.
        peak_mb: Largest memory of a worker.
    """

    seconds: float
    peak_mb: float

    @classmethod
    def of(cls, outcomes: Iterable[Timed]) -> "Spent":
        """From the first beginning to the last end."""
        timed = list(outcomes)
        wall = max(one.ended_s for one in timed) - min(one.began_s for one in timed)
        return cls(wall, max(one.peak_mb for one in timed))


def made_bench(folder: Path, grid: Grid, manifest: Path | None, workers: int) -> Bench:
    """Write corpus, noise and recipe of a grid; build it once, and hold it ready."""
    rows = _long(folder) if grid.long else speech_rows(folder, manifest)
    (folder / "corpus.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    library, streams = Library(folder), np.random.default_rng
    noise, _ = library.noise("ventilation_fan", 60 * RATE_HZ, RATE_HZ, lambda decision: streams(len(decision)))
    soundfile.write(folder / "noise.wav", 0.2 * noise / np.max(np.abs(noise)), RATE_HZ)
    for device, profile in DEVICES.items():
        soundfile.write(folder / f"{device}.wav", _taps(library, profile), RATE_HZ, subtype="FLOAT")
    (folder / "recipe.yaml").write_text(
        f"name: bench\ncorpus: {{path: corpus.jsonl}}\nbalance: {{by: [accent]}}\nfactors:\n{grid.factors}"
    )
    plan = augment.plan(folder / "recipe.yaml")
    augment.build(plan, folder / "set", workers=workers)
    outputs: dict[str, list[str]] = {}
    for audio, path in plan.items.select("source_audio", "audio_filepath").rows():
        outputs.setdefault(audio, []).append(str(folder / "set" / path))
    root = plan.corpus.folder
    return Bench(folder, plan, workers, tuple((str(root / name), tuple(paths)) for name, paths in outputs.items()))


def speech_rows(folder: Path, manifest: Path | None) -> list[dict[str, object]]:
    """Utterances of a manifest, or those of the demo nine times; one group, so that all of them are built."""
    if manifest is None:
        manifest, copies = bundled("recipes") / "demo" / "corpus.jsonl", 9
    else:
        copies = 1
    rows = []
    for row in (json.loads(line) for line in manifest.read_text().splitlines()):
        source = manifest.parent / row.get("audio_filepath", row.get("audio", ""))
        for copy in range(copies):
            target = folder / "speech" / f"{row['id']}_{copy}{source.suffix}"
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(source.read_bytes())
            said = {"id": target.stem, "audio_filepath": f"speech/{target.name}", "text": row["text"]}
            rows.append({**said, "speaker": row["speaker"], "accent": "all"})
    return rows


def _long(folder: Path) -> list[dict[str, object]]:
    """Two utterances of ten minutes: the demo's voices one after another."""
    voices = [soundfile.read(path) for path in sorted((bundled("recipes") / "demo" / "audio").rglob("*.flac"))]
    rate = voices[0][1]
    whole = np.concatenate([samples for samples, _ in voices])
    rows: list[dict[str, object]] = []
    for name in ("one", "two"):
        samples = np.resize(np.roll(whole, len(rows) * rate), 600 * rate)
        soundfile.write(folder / f"{name}.flac", samples, rate)
        rows.append(
            {"id": name, "audio_filepath": f"{name}.flac", "text": "many words", "speaker": name, "accent": "all"}
        )
    return rows


def _taps(library: Library, profile: str) -> np.ndarray:
    from augment.acoustics.filters import minimum_phase_fir

    return minimum_phase_fir(*library.microphone(profile).table(), RATE_HZ)


def measure(letter: str, grid: Grid, manifest: Path | None, rounds: int, workers: int) -> None:
    """Measure a grid and print its rows."""
    with tempfile.TemporaryDirectory() as place:
        bench = made_bench(Path(place), grid, manifest, workers)
        found: dict[str, list[float]] = {}
        peaks: dict[str, float] = {}
        has_peer = letter == "a"
        for _ in range(rounds):
            spent = {
                "floor M": bench.floor(True),
                "floor F": bench.floor(False),
                "rendering": bench.rendering(workers),
                "rendering, 1 worker": bench.rendering(1),
            }
            if has_peer:
                spent["audiomentations"] = bench.peer()
            for name, one in spent.items():
                found.setdefault(name, []).append(one.seconds)
                peaks[name] = max(peaks.get(name, 0.0), one.peak_mb)
            found.setdefault("build, whole command", []).append(bench.build())
    middle = {name: statistics.median(times) for name, times in found.items()}
    audio_s = bench.plan.seconds
    print(f"\n({letter}) {grid.about}: {bench.plan.items.height:,} items, {audio_s:,.0f} s of audio, {workers} workers")
    print(f"{'':24}{'seconds':>9}{'x real time':>13}{'of floor M':>12}{'of floor F':>12}{'peak MB':>9}")
    for name, seconds in middle.items():
        ratios = [middle[floor] / seconds for floor in ("floor M", "floor F")]
        peak = f"{peaks[name]:9.0f}" if name in peaks else ""
        print(f"{name:24}{seconds:9.2f}{audio_s / seconds:13.0f}{ratios[0]:12.2f}{ratios[1]:12.2f}{peak}")
    gain = middle["rendering, 1 worker"] / middle["rendering"]
    print(f"{workers} workers are {gain:.2f} times as fast as 1", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grids", default="a,b,c,d,e", help="letters, with commas between them")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--manifest", type=Path, help="real speech: JSONL with id, audio_filepath or audio, text, speaker"
    )
    given = parser.parse_args()
    for letter in given.grids.split(","):
        measure(letter, GRIDS[letter], given.manifest, given.rounds, given.workers)


if __name__ == "__main__":
    main()
