#!/usr/bin/env python3
"""Make the demo corpus: 48 short utterances of synthetic speech under four accent labels.

What: four sentences, each spoken by twelve text-to-speech voices (three for each accent label), as
16 kHz mono 16-bit FLAC files, with ``corpus.jsonl`` beside them in the form acoustigrid reads.

Why: a corpus anyone may copy, small enough to live in the repository, to try the tool with and to
test it. It is made by machines and says nothing about real accents or real speakers.

How: install the two speech programs (Debian: ``apt-get install flite espeak-ng``), then::

    python scripts/make_demo_corpus.py [--out recipes/demo]

On one version of the two programs the result is the same at every run. Other versions may speak a
little differently and so alter bytes and durations: the committed audio is the truth, and this
script is the record of how it was made. ``README.md`` in the output folder is written by hand and
is not touched; its table is the one this script prints.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
LICENSE = "CC0-1.0"

EDGE_SILENCE_S = 0.1  # silence left before the first and after the last sound
EDGE_FADE_S = 0.005  # so that a cut in a voice's faint background does not click
FRAME_S = 0.01  # the step in which sound is told from silence
SILENCE_BELOW_LOUDEST_DB = 40.0  # flite voices have a faint noise some 46 dB down

PEAK_LIMIT_DBFS = -3.0
RMS_RANGE_DBFS = (-30.0, -18.0)
SIZE_LIMIT_BYTES = 3_000_000

# At its usual amplitude of 100 espeak-ng clips some variants, so the speech is asked for softer
# rather than turned down afterwards.
ESPEAK_AMPLITUDE = 60

DEBIAN_PACKAGES = {"flite": "flite", "espeak-ng": "espeak-ng"}

SENTENCES = (
    "The patient slept well and has no fever this morning.",
    "Please call me when the blood results are back.",
    "Does your chest still hurt when you take a deep breath?",
    "Increase the dose to fifty milligrams twice a day.",
)

Audio = NDArray[np.float64]


class DemoCorpusError(Exception):
    """Something the person running the script can put right."""


@dataclass(frozen=True)
class Voice:
    """One text-to-speech voice.

    Attributes:
        accent: The accent label, as written in the corpus.
        name: The voice's part of the utterance id.
        engine: The program that speaks, "flite" or "espeak-ng".
        voice: The voice's name in that program; for espeak-ng "language+variant".
        gender: "female" or "male", as the voice sounds.
        gain_db: A fixed gain for the voice, the same for all its utterances.
    """

    accent: str
    name: str
    engine: str
    voice: str
    gender: str
    gain_db: float = 0.0

    @property
    def speaker(self) -> str:
        """The speaker's name in the corpus, such as "flite_slt" or "espeak_en_029_f5"."""
        prefix = self.engine.split("-")[0]
        return f"{prefix}_{re.sub('[^a-z0-9]+', '_', self.voice.lower())}"

    def utterance_id(self, number: int) -> str:
        """Name the utterance of sentence ``number``, counted from one.

        Args:
            number: Which sentence.

        Returns:
            An id of lower-case letters, digits and underscores.
        """
        return f"{self.accent.lower()}_{self.name}_{number}"


VOICES = (
    Voice("American", "rms", "flite", "rms", "male"),
    Voice("American", "slt", "flite", "slt", "female", gain_db=-5.0),
    Voice("American", "kal16", "flite", "kal16", "male"),
    Voice("Scottish", "awb", "flite", "awb", "male", gain_db=-2.0),
    Voice("Scottish", "m3", "espeak-ng", "en-gb-scotland+m3", "male"),
    Voice("Scottish", "f3", "espeak-ng", "en-gb-scotland+f3", "female"),
    Voice("English", "m7", "espeak-ng", "en-gb-x-rp+m7", "male"),
    Voice("English", "f2", "espeak-ng", "en-gb-x-rp+f2", "female"),
    Voice("English", "f4", "espeak-ng", "en-gb-x-rp+f4", "female"),
    Voice("Caribbean", "m2", "espeak-ng", "en-029+m2", "male"),
    Voice("Caribbean", "f1", "espeak-ng", "en-029+f1", "female"),
    Voice("Caribbean", "f5", "espeak-ng", "en-029+f5", "female"),
)


def run_program(command: list[str]) -> str:
    """Run a speech program and return what it printed.

    Args:
        command: The program and its arguments.

    Returns:
        Its standard output.

    Raises:
        DemoCorpusError: If it ends with an error.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DemoCorpusError(f"{command[0]} ended with code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def check_programs() -> None:
    """Make sure both speech programs and all voices are there.

    Both programs speak in their default voice, without a word, when asked for one they lack. An
    accent label over the wrong voice would be worse than no corpus, so the voices are looked up.

    Raises:
        DemoCorpusError: If a program or a voice is missing.
    """
    missing = [program for program in DEBIAN_PACKAGES if shutil.which(program) is None]
    if missing:
        packages = " ".join(DEBIAN_PACKAGES[program] for program in missing)
        raise DemoCorpusError(f"not found: {', '.join(missing)}. On Debian or Ubuntu: apt-get install {packages}")
    flite = set(run_program(["flite", "-lv"]).split())
    languages = set(run_program(["espeak-ng", "--voices=en"]).split())
    variants = set(run_program(["espeak-ng", "--voices=variant"]).split())
    for voice in VOICES:
        if voice.engine == "flite":
            known = voice.voice in flite
        else:
            language, variant = voice.voice.split("+")
            known = language in languages and f"!v/{variant}" in variants
        if not known:
            raise DemoCorpusError(f"this {voice.engine} has no voice {voice.voice}")


def speak(voice: Voice, text: str, wav: Path) -> None:
    """Speak a sentence into a WAV file.

    Args:
        voice: Who speaks.
        text: What is said.
        wav: The file to write. (``espeak-ng --stdout`` would write a header with a false length.)
    """
    if voice.engine == "flite":
        run_program(["flite", "-voice", voice.voice, "-t", text, "-o", str(wav)])
    else:
        run_program(["espeak-ng", "-a", str(ESPEAK_AMPLITUDE), "-v", voice.voice, "-w", str(wav), text])


def trim(audio: Audio) -> Audio:
    """Leave the same short silence at both ends.

    Args:
        audio: Speech at ``SAMPLE_RATE``.

    Returns:
        The speech with ``EDGE_SILENCE_S`` at both ends: cut where there was more silence, filled
        up with zeros where there was less.

    Raises:
        DemoCorpusError: If there is no sound at all.
    """
    frame, edge, fade = (round(seconds * SAMPLE_RATE) for seconds in (FRAME_S, EDGE_SILENCE_S, EDGE_FADE_S))
    frames = np.pad(audio, (0, -len(audio) % frame)).reshape(-1, frame)
    power = np.mean(frames**2, axis=1)
    if not power.any():
        raise DemoCorpusError("a voice produced only silence")
    loud = np.flatnonzero(power > power.max() * 10 ** (-SILENCE_BELOW_LOUDEST_DB / 10))
    first, last = int(loud[0]) * frame, min((int(loud[-1]) + 1) * frame, len(audio))
    start, stop = max(first - edge, 0), min(last + edge, len(audio))
    kept = audio[start:stop].copy()
    ramp = (np.arange(fade) + 0.5) / fade
    kept[:fade] *= ramp
    kept[-fade:] *= ramp[::-1]
    return np.pad(kept, (edge - (first - start), edge - (stop - last)))


def to_dbfs(amplitude: float) -> float:
    """Express an amplitude in decibels below full scale.

    Args:
        amplitude: Where 1.0 is full scale.

    Returns:
        The level in dBFS.
    """
    return 20.0 * float(np.log10(max(amplitude, 1e-10)))


def check_level(utterance_id: str, audio: Audio) -> None:
    """Refuse an utterance that is too loud, or too faint to be heard clearly.

    Args:
        utterance_id: Named in the error.
        audio: The finished audio.

    Raises:
        DemoCorpusError: If the peak or the RMS level is out of bounds.
    """
    peak, rms = to_dbfs(float(np.abs(audio).max())), to_dbfs(float(np.sqrt(np.mean(audio**2))))
    if peak > PEAK_LIMIT_DBFS:
        raise DemoCorpusError(f"{utterance_id}: peak of {peak:.1f} dBFS is above {PEAK_LIMIT_DBFS} dBFS")
    if not RMS_RANGE_DBFS[0] <= rms <= RMS_RANGE_DBFS[1]:
        raise DemoCorpusError(f"{utterance_id}: level of {rms:.1f} dBFS RMS is outside {RMS_RANGE_DBFS} dBFS")


def make_utterance(voice: Voice, number: int, text: str, audio_dir: Path) -> dict[str, Any]:
    """Speak one sentence and write its FLAC file.

    Args:
        voice: Who speaks.
        number: Which sentence, counted from one.
        text: The sentence.
        audio_dir: Where the FLAC file goes.

    Returns:
        The utterance's line in the corpus.
    """
    utterance_id = voice.utterance_id(number)
    with tempfile.TemporaryDirectory() as scratch:
        wav = Path(scratch) / "speech.wav"
        speak(voice, text, wav)
        audio, rate = sf.read(wav, dtype="float64")
    if rate != SAMPLE_RATE:
        audio = soxr.resample(audio, rate, SAMPLE_RATE, quality="HQ")
    audio = trim(audio) * 10 ** (voice.gain_db / 20)
    check_level(utterance_id, audio)
    samples = np.rint(audio * 32_768).astype(np.int16)
    sf.write(audio_dir / f"{utterance_id}.flac", samples, SAMPLE_RATE, subtype="PCM_16", compression_level=1.0)
    return {
        "id": utterance_id,
        "audio_filepath": f"{audio_dir.name}/{utterance_id}.flac",
        "duration": round(len(samples) / SAMPLE_RATE, 4),
        "text": text,
        "speaker": voice.speaker,
        "accent": voice.accent,
        "gender": voice.gender,
        "synthetic": True,
        "license": LICENSE,
    }


def make_corpus(out: Path) -> list[dict[str, Any]]:
    """Write all audio and ``corpus.jsonl``.

    Args:
        out: The corpus folder.

    Returns:
        The corpus lines, sorted by id.

    Raises:
        DemoCorpusError: If the audio folder holds files this script does not make.
    """
    audio_dir = out / "audio"
    audio_dir.mkdir(parents=True, exist_ok=True)
    ours = {f"{voice.utterance_id(n)}.flac" for voice in VOICES for n in range(1, len(SENTENCES) + 1)}
    strangers = sorted(path.name for path in audio_dir.iterdir() if path.name not in ours)
    if strangers:
        raise DemoCorpusError(f"audio/ holds files this script does not make, remove them: {', '.join(strangers)}")
    rows = [
        make_utterance(voice, number, text, audio_dir)
        for voice in VOICES
        for number, text in enumerate(SENTENCES, start=1)
    ]
    rows.sort(key=lambda row: str(row["id"]))
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (out / "corpus.jsonl").write_text(lines, encoding="utf-8", newline="\n")
    return rows


def summarise(rows: list[dict[str, Any]], out: Path) -> str:
    """Draw up the table of what was made.

    Args:
        rows: The corpus lines.
        out: The corpus folder.

    Returns:
        A Markdown table with one line for each accent and one for the whole.
    """
    lines = ["| accent | voices | utterances | minutes | audio bytes |", "|---|---:|---:|---:|---:|"]
    groups = {accent: [row for row in rows if row["accent"] == accent] for accent in sorted({v.accent for v in VOICES})}
    for label, group in {**groups, "all": rows}.items():
        voices = len({row["speaker"] for row in group})
        minutes = sum(row["duration"] for row in group) / 60
        size = sum((out / row["audio_filepath"]).stat().st_size for row in group)
        lines.append(f"| {label} | {voices} | {len(group)} | {minutes:.2f} | {size:,} |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: The arguments; those of the command line if left out.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("recipes/demo"), help="corpus folder (default: %(default)s)")
    out: Path = parser.parse_args(argv).out
    try:
        check_programs()
        rows = make_corpus(out)
    except DemoCorpusError as error:
        print(f"make_demo_corpus: {error}", file=sys.stderr)
        return 1
    print(summarise(rows, out))
    size = sum(path.stat().st_size for path in [out / "corpus.jsonl", *(out / row["audio_filepath"] for row in rows)])
    print(f"\naudio and corpus.jsonl together: {size:,} bytes")
    if size > SIZE_LIMIT_BYTES:
        print(f"make_demo_corpus: more than the {SIZE_LIMIT_BYTES:,} bytes allowed", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
