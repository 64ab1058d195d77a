"""Recordings of profiles, with speech over them if it is asked for: for ``fit_round_trip.py``."""

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.levels import db, speech_gain
from augment.acoustics.pcm import quantise
from augment.acoustics.resample import resample
from augment.acoustics.spectrum import weigh, weighted_power
from augment.files.audio import read_audio
from augment.files.location import location
from augment.fitting.glimpses import snr_band_hz
from augment.profiles.noise import NoiseProfile
from augment.streams import generator

PEAK, SPEECH_SNR_DB = 0.5, 5.0
SOUNDS = {".wav", ".flac", ".ogg", ".mp3"}


@dataclass(frozen=True)
class Trial:
    """How profiles are rendered and judged."""

    seconds: float
    seed: str
    speech: Path | None

    @property
    def wider(self) -> float:
        """How much wider than for 30 s without speech the tolerances are."""
        return 2.0 if self.speech is not None or self.seconds < 30 else 1.0


def spoken(path: Path, samples: int, rate: int, seed: str) -> Signal:
    """So much speech, from the files of a manifest or a folder."""
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.suffix.lower() in SOUNDS)
    else:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        files = [path.parent / (row.get("audio_filepath") or row["audio"]) for row in rows]
    found: list[Signal] = []
    for number in generator("round trip speech", seed).permutation(len(files)):
        audio = read_audio(location(str(files[number])), channel="first")
        found.append(resample(audio.samples, audio.sample_rate_hz, rate))
        if sum(map(len, found)) >= samples:
            return np.concatenate(found)[:samples]
    sys.exit(f"error: {path}: {samples / rate:.0f} s of speech are needed, and there are fewer")


def recording(profile: NoiseProfile, name: str, rate: int, trial: Trial) -> tuple[Signal, Signal, float]:
    """A recording of a profile, the noise in it, and its level less that of the profile, in dB."""
    size = round(trial.seconds * rate)
    drawn, _ = profile.render(size, rate, lambda stream: generator("round trip", name, rate, trial.seed, stream))
    noise = drawn * (PEAK / float(np.max(np.abs(drawn))))
    whole = noise.copy()
    if trial.speech is not None:
        band = snr_band_hz(rate)
        voice = spoken(trial.speech, size // 3, rate, trial.seed)
        level_dbov = db(weighted_power(noise, rate, band)) + SPEECH_SNR_DB
        whole[size // 3 : size // 3 + voice.size] += voice * speech_gain(weigh(voice, rate, band), rate, level_dbov)
    factor = PEAK / float(np.max(np.abs(whole)))
    offset_db = 20 * math.log10(factor * PEAK / float(np.max(np.abs(drawn))))
    return quantise(whole * factor)[0] / 2**15, noise * factor, offset_db
