"""Truth test of fitted profiles: does a recogniser fail in the synthesis as often as it does in the recorded noise?

Each recording is fitted on its first half. Clean speech is laid over the second half (several stretches), over the
synthesis, and over a control: stationary noise with the first half's spectrum, 1 Hz fine. All stand at the same SNR
(P.56 speech level less RMS of the noise in the stretch, both in 100-7000 Hz), and every utterance is decoded once. The
question is how far the word error rates of synthesis and control lie from the mean of the real ones.

Where ``--snr`` is not given, one is looked for at which the first half itself leads to 25 to 60 % of word errors: where
nothing is understood, or everything, all noises are alike. Utterances count that the recogniser understands without
noise. Loops (a phrase four times in a row, or more errors than words) are counted apart, and have no more errors than
words: one of them would otherwise weigh as much as ten utterances.

The recogniser is Whisper tiny.en as in ``transcribe.py``, its weights pinned by their hashes (extra ``recogniser``).
Decoding takes nearly all of the time: about 0.7 s of a core for each utterance. What was decoded is kept in ``--cache``
by the hash of its samples, so that a run goes on where it was stopped, and a second fit costs its own decodes only.

Run: ``python scripts/truth_test.py --noise FOLDER --speech manifest.jsonl --cache FOLDER [--snr 5] [--workers 2]``
"""

import argparse
import hashlib
import json
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import scipy.fft
import scipy.stats
from numpy.typing import NDArray
from tqdm import tqdm
from transcribe import RATE, WEIGHTS, Recogniser, whisper

import augment
from augment.acoustics import Signal
from augment.acoustics.filters import without_infrasound
from augment.acoustics.levels import gain, speech_gain
from augment.acoustics.pcm import headroom_gain, quantise
from augment.acoustics.resample import resample
from augment.acoustics.spectrum import mean_density, weigh, weighted_power
from augment.acoustics.splice import excerpt
from augment.files.audio import read_audio
from augment.files.location import location
from augment.fitting.glimpses import demo_voices, glimpses, snr_band_hz
from augment.profiles.library import Library
from augment.profiles.noise import NoiseProfile
from augment.scoring.counting import counted
from augment.scoring.texts.whisper_en import normalised
from augment.scoring.wording import Wording
from augment.streams import generator

SOUNDS = {".wav", ".flac", ".ogg", ".mp3"}
SPEECH_DBOV = -26.0
SHORTEST_S, CLEAN_WER = 2.5, 0.25
"""Of an utterance that is used: its length, and the rate of errors without noise, at most."""
TRIED_SNRS_DB = (5.0, 0.0, 10.0, -5.0, 15.0, -10.0, 20.0)
TRIED, LEAST_WER, MOST_WER = 30, 0.25, 0.6
BAND_HZ = snr_band_hz(RATE)
CHANNEL = 0
"""Of a recording: what is heard of it, what is fitted, and what the control is made of must be the same one."""

Noise = Callable[[int, int, int], Signal]
"""Takes a pass, the number of an utterance and its samples, and gives as much noise at `RATE`."""


@dataclass(frozen=True, eq=False)
class Utterance:
    """Clean speech at the usual level, and what is said."""

    samples: Signal
    text: str


@dataclass(frozen=True)
class Rates:
    """Word error rates of one noise.

    Attributes:
        passes: Rate of each pass, loops with no more errors than words.
        loops: How many utterances ended in a loop.
    """

    passes: tuple[float, ...]
    loops: int

    @property
    def mean(self) -> float:
        return float(np.mean(self.passes))

    def __str__(self) -> str:
        spread = f" ({100 * min(self.passes):.1f} to {100 * max(self.passes):.1f})" if len(self.passes) > 1 else ""
        return f"{100 * self.mean:.1f}{spread}"


_OURS: dict[str, Recogniser] = {}


def start(precision: str) -> None:
    """Load the recogniser of a worker."""
    _OURS["whisper"] = whisper(precision)


def decode(pcm: NDArray[np.int16]) -> str:
    """What a worker hears."""
    return _OURS["whisper"](pcm.astype(np.float32) / 2**15)


class Decoder:
    """Decodes each sound once, and keeps what it heard."""

    def __init__(self, cache: Path, workers: int, precision: str) -> None:
        cache.mkdir(parents=True, exist_ok=True)
        self._path = cache / "decodes.jsonl"
        self._name = json.dumps([sorted(WEIGHTS.items()), precision]).encode()
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        self._known: dict[str, str] = {}
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                continue  # half a line that an interruption left
            self._known[row["audio"]] = row["text"]
        self._pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=start, initargs=(precision,))
        self.decoded, self.seconds = 0, 0.0

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def __call__(self, sounds: Iterable[NDArray[np.int16]], what: str) -> list[str]:
        """Text of each sound."""
        given = [(self._key(pcm), pcm) for pcm in sounds]
        unknown = {key: pcm for key, pcm in given if key not in self._known}
        began = time.perf_counter()
        texts = self._pool.map(decode, unknown.values())
        with self._path.open("a", encoding="utf-8", buffering=1) as file:
            for key, text in tqdm(zip(unknown, texts, strict=True), what, len(unknown), disable=None):
                self._known[key] = text
                file.write(f"\n{json.dumps({'audio': key, 'text': text})}")
        self.decoded, self.seconds = self.decoded + len(unknown), self.seconds + time.perf_counter() - began
        return [self._known[key] for key, _ in given]

    def _key(self, pcm: NDArray[np.int16]) -> str:
        return hashlib.sha256(self._name + pcm.tobytes()).hexdigest()


def as_pcm(samples: Signal) -> NDArray[np.int16]:
    """As a recogniser gets it: softer as a whole where it would clip."""
    return quantise(samples * headroom_gain(samples))[0]


def understood(manifest: Path, decoder: Decoder, most: int) -> list[Utterance]:
    """Utterances that are understood without noise, in the manifest's order, evenly from all of it."""
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    used = [row for row in rows if row.get("duration", SHORTEST_S) >= SHORTEST_S]
    found = []
    for row in used:
        path = manifest.parent / (row.get("audio_filepath") or row["audio"])
        audio = read_audio(location(str(path)), channel="first")
        samples = without_infrasound(resample(audio.samples, audio.sample_rate_hz, RATE), RATE)
        level = speech_gain(weigh(samples, RATE, BAND_HZ), RATE, SPEECH_DBOV)
        found.append(Utterance(samples * level, normalised(row["text"])))
    texts = [normalised(text) for text in decoder((as_pcm(one.samples) for one in found), "clean speech")]
    counts = counted([one.text for one in found], texts, Wording())
    clear = [n for n in range(len(found)) if counts.words[n] and counts.errors[n] <= CLEAN_WER * counts.words[n]]
    picked = np.unique(np.linspace(0, len(clear) - 1, min(most, len(clear))).round().astype(int))
    return [found[clear[n]] for n in picked]


def from_recording(samples: Signal, rate: int, passes: int) -> Noise:
    """Stretches of a recording, each pass and utterance from another place."""
    at_rate = resample(samples, rate, RATE)

    def noise(number: int, utterance: int, length: int) -> Signal:
        # Multiples of the golden ratio lie evenly, however many there are; passes lie between one another.
        place = (utterance * (5**0.5 - 1) / 2 + number / passes) % 1
        rng = generator("truth", number, utterance)
        return excerpt(at_rate, RATE, int(place * max(1, at_rate.size - length)), length, rng)

    return noise


def from_profile(profile: NoiseProfile) -> Noise:
    """A synthesis, drawn anew for each pass and utterance."""
    prominent = profile.prominent(RATE)

    def noise(number: int, utterance: int, length: int) -> Signal:
        return profile.render(length, RATE, lambda name: generator("truth", number, utterance, name), prominent)[0]

    return noise


def control(first: Signal, rate: int) -> Noise:
    """Stationary Gaussian noise with the spectrum of a recording."""
    frequency, density = mean_density(resample(first, rate, RATE), RATE)

    def noise(number: int, utterance: int, length: int) -> Signal:
        # Bins of Gaussian noise are independent Gaussian numbers. A filter of a second would blur its lines.
        rng, bins = generator("control", number, utterance), length // 2 + 1
        drawn = rng.standard_normal(bins) + 1j * rng.standard_normal(bins)
        shape = np.sqrt(np.interp(scipy.fft.rfftfreq(length, 1 / RATE), frequency, density))
        return np.asarray(scipy.fft.irfft(drawn * shape, length))

    return noise


def mixed(speech: Sequence[Utterance], noise: Noise, number: int, snr_db: float) -> list[NDArray[np.int16]]:
    """Each utterance in its stretch of noise, at an SNR."""
    out = []
    for n, one in enumerate(speech):
        own = noise(number, n, one.samples.size)
        level = weighted_power(own, RATE, BAND_HZ)
        out.append(as_pcm(one.samples + own * gain(SPEECH_DBOV - snr_db) / max(level, 1e-12) ** 0.5))
    return out


def rates(decoder: Decoder, speech: Sequence[Utterance], noise: Noise, passes: int, snr_db: float, what: str) -> Rates:
    """Word error rates of one noise, pass by pass."""
    found, loops = [], 0
    for number in range(passes):
        heard = [normalised(text) for text in decoder(mixed(speech, noise, number, snr_db), what)]
        counts = counted([one.text for one in speech], heard, Wording())
        wrong = np.where(counts.looped, np.minimum(counts.errors, counts.words), counts.errors)
        found.append(int(np.sum(wrong)) / max(1, int(np.sum(counts.words))))
        loops += int(np.sum(counts.looped))
    return Rates(tuple(found), loops)


def telling_snr_db(decoder: Decoder, speech: Sequence[Utterance], noise: Noise) -> float:
    """An SNR at which some words are understood and some are not: the nearest to that of those that are tried."""
    middle, some = (LEAST_WER + MOST_WER) / 2, speech[:: max(1, len(speech) // TRIED)]
    found: dict[float, float] = {}
    for snr_db in TRIED_SNRS_DB:
        below = [rate for snr, rate in found.items() if snr < snr_db]
        above = [rate for snr, rate in found.items() if snr > snr_db]
        if (below and min(below) < LEAST_WER) or (above and max(above) > MOST_WER):
            continue  # an SNR nearer to the middle was tried
        found[snr_db] = rates(decoder, some, noise, 1, snr_db, f"looks for an SNR: {snr_db:g} dB").mean
        if LEAST_WER <= found[snr_db] <= MOST_WER:
            break
    return min(found, key=lambda snr: abs(found[snr] - middle))


def fitted(path: Path, to_s: float, profiles: Path | None) -> NoiseProfile:
    """The profile of a recording's first half: fitted here, or as it lies in a folder."""
    if profiles is not None:
        return Library(profiles).noise_profile(f"{path.stem}.yaml")
    fit = getattr(augment, "fit_profile", None)
    if fit is None:
        sys.exit("error: this version cannot fit profiles: give --profiles, a folder with NAME.yaml for each recording")
    profile: NoiseProfile = fit(path, to_s=to_s, channel=CHANNEL).profile
    return profile


def seen_share(noise: Noise, passes: int, snr_db: float) -> float:
    """Share of the demo's speech that is seen through a noise."""
    heard = np.concatenate([noise(number, n, 4 * RATE) for number in range(passes) for n in range(4)])
    return glimpses(heard, np.ones(heard.size, np.bool_), demo_voices(RATE), (snr_db,))[0]


@dataclass(frozen=True)
class Line:
    """What came of one recording."""

    name: str
    snr_db: float
    real: Rates
    synthesis: Rates
    control: Rates
    seen: tuple[float, ...]

    @property
    def away(self) -> tuple[float, float]:
        """Distances of synthesis and control from the mean of the real stretches, in points."""
        mean = self.real.mean
        return 100 * abs(self.synthesis.mean - mean), 100 * abs(self.control.mean - mean)

    def row(self) -> str:
        """As a row of the table."""
        synthesis, stationary = self.away
        seen = ", ".join(f"{100 * share:.1f}" for share in self.seen)
        loops = f"{self.real.loops}, {self.synthesis.loops}, {self.control.loops}"
        cells = (self.name, f"{self.snr_db:g}", self.real, self.synthesis, self.control, f"{synthesis:.1f}",
                 f"{stationary:.1f}", seen, loops)  # fmt: skip
        return f"| {' | '.join(map(str, cells))} |"


HEADER = (
    "| recording | SNR in dB | WER in %, real: mean (stretches) | synthesis | stationary control | synthesis to real "
    "| control to real | glimpses in %: real, synthesis, control | loops: real, synthesis, control |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def looked_into(path: Path, speech: Sequence[Utterance], decoder: Decoder, given: argparse.Namespace) -> Line:
    """One recording: fitted on its first half, judged on its second."""
    audio = read_audio(location(str(path)), channel=CHANNEL)
    rate, samples = audio.sample_rate_hz, without_infrasound(audio.samples, audio.sample_rate_hz)
    half, passes = samples.size // 2, given.passes
    real = from_recording(samples[half:], rate, passes)
    noises = (real, from_profile(fitted(path, half / rate, given.profiles)), control(samples[:half], rate))
    snr_db = given.snr
    if snr_db is None:
        snr_db = telling_snr_db(decoder, speech, from_recording(samples[:half], rate, 1))
    wrong, synthesis, stationary = (
        rates(decoder, speech, noise, passes, snr_db, f"{path.stem}, {what}")
        for what, noise in zip(("real", "synthesis", "control"), noises, strict=True)
    )
    seen = tuple(seen_share(noise, passes, snr_db) for noise in noises)
    return Line(path.stem, snr_db, wrong, synthesis, stationary, seen)


def summary(lines: Sequence[Line], utterances: int, passes: int) -> str:
    """What came of all of them."""
    synthesis, stationary = (float(np.mean([line.away[n] for line in lines])) for n in (0, 1))
    spread = float(np.mean([100 * np.std(line.real.passes, ddof=1) for line in lines])) if passes > 1 else float("nan")
    share = synthesis / stationary if stationary else float("inf")
    seen = [share for line in lines for share in line.seen]
    wrong = [one.mean for line in lines for one in (line.real, line.synthesis, line.control)]
    agree = float(scipy.stats.spearmanr(np.array(seen), np.array(wrong)).statistic)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {len(lines)} recordings, {utterances} utterances, {passes} passes: on average, "
        f"the synthesis is {synthesis:.1f} points of WER from the real mean, the stationary control {stationary:.1f}: "
        f"{share:.2f} of it (asked: at most 0.50). One real pass is {spread:.1f} points from another (standard "
        f"deviation). Rank correlation of glimpses and WER: {agree:.2f}."
    )


def recordings(given: Sequence[Path]) -> list[Path]:
    """Files, and the sounds in folders."""
    found = [path for one in given for path in (sorted(one.rglob("*")) if one.is_dir() else [one])]
    return [path for path in found if path in given or path.suffix.lower() in SOUNDS]


def main() -> None:
    """Print the table, line by line, and what it comes to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--noise", type=Path, nargs="+", required=True, help="recordings, or folders of them")
    parser.add_argument("--speech", type=Path, required=True, help="manifest.jsonl of clean speech")
    parser.add_argument("--cache", type=Path, required=True, help="folder in which decodes are kept")
    parser.add_argument("--snr", type=float, help="in dB; looked for if it is not given")
    parser.add_argument("--profiles", type=Path, help="folder with NAME.yaml for each recording, in place of fits")
    parser.add_argument("--utterances", type=int, default=100, help="how many, if so many are understood")
    parser.add_argument("--passes", type=int, default=3, help="how often each utterance is decoded in each noise")
    parser.add_argument("--workers", type=int, default=1, help="recognisers at work, each with one thread")
    parser.add_argument("--precision", choices=["int8", "float32"], default="int8")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that workers end as well
    with Decoder(given.cache, given.workers, given.precision) as decoder:
        speech = understood(given.speech, decoder, given.utterances)
        print(HEADER, flush=True)
        lines = []
        for path in recordings(given.noise):
            lines.append(looked_into(path, speech, decoder, given))
            print(lines[-1].row(), flush=True)
    print(f"\n{summary(lines, len(speech), given.passes)}")
    if decoder.decoded:
        print(f"{decoder.decoded} decodes in {decoder.seconds:.0f} s: {decoder.seconds / decoder.decoded:.2f} s each")


if __name__ == "__main__":
    main()
