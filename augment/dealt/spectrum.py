"""The long-term spectrum of the chosen speech, for noise that masks it evenly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy

from augment.acoustics.channels import channel_of
from augment.acoustics.levels import speech_gain
from augment.corpus.speech import read_speech
from augment.dealt import Asked, Dealt, Exposure, Table

EDGE = 10**0.05
FLOOR_DB = 60.0


@dataclass(frozen=True)
class Spectrum(Dealt):
    """A long-term spectrum that the planner measured.

    Attributes:
        third_octaves_db: Relative level of each third-octave band: centre in Hz and level in dB.
    """

    third_octaves_db: tuple[tuple[float, float], ...]

    def written(self) -> dict[str, Any]:
        """Centres and levels as decimal strings."""
        return {"third_octaves_db": [[repr(centre), repr(level)] for centre, level in self.third_octaves_db]}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Spectrum":
        """What :meth:`written` gives."""
        return cls(tuple((float(centre), float(level)) for centre, level in values["third_octaves_db"]))


@dataclass(frozen=True)
class ChosenSpectrum(Asked):
    """Asks for the spectrum of the chosen utterances, each at the same active level; all blocks get the same."""

    tie: ClassVar = "spectrum: corpus is that of all chosen speech"

    @property
    def name(self) -> str:
        """The recipe's word for it."""
        return "corpus"

    def deal(self, table: Table) -> Exposure:
        """Measure it."""
        stock, samples = table.stock, 0
        rate = stock.sample_rate_hz
        bands = third_octaves(rate)
        total = np.zeros(len(bands))
        columns = ("audio_filepath", "offset", "duration", "audio_channel")
        for audio, offset, duration, channel in stock.chosen.sort("id").select(columns).rows():
            path = stock.corpus.audio_path(audio)
            speech = read_speech(path, offset, duration, rate, channel_of(channel)).samples
            total += band_powers(speech * speech_gain(speech, rate, -26.0), rate, bands)
            samples += speech.size
        level = 10 * np.log10(np.maximum(total, np.max(total) * 10 ** (-FLOOR_DB / 10)))
        shown = tuple((c, round(float(v - level.max()), 1) + 0.0) for c, v in zip(bands, level, strict=True))
        dealt = dict.fromkeys(table.blocks, Spectrum(shown))
        source = "spectrum of the chosen speech"
        return Exposure(table.step.path, source, dealt, 1, len(dealt), seconds=samples / rate)


def third_octaves(sample_rate_hz: int) -> list[float]:
    """Nominal third-octave centres from 63 Hz to 0.4 of the sample rate, rounded to a tenth of a Hz.

    Example:
        >>> third_octaves(8000)[:3], third_octaves(8000)[-1]
        ([63.1, 79.4, 100.0], 3162.3)
    """
    centres = [round(1000 * 10 ** (0.1 * k), 1) for k in range(-12, 14)]
    return [centre for centre in centres if centre <= 0.4 * sample_rate_hz]


def band_powers(signal: np.ndarray, sample_rate_hz: int, centre_hz: list[float]) -> np.ndarray:
    """Energy of a signal of shape (n,) in third-octave bands, shape (b,)."""
    density = np.abs(scipy.fft.rfft(signal)) ** 2
    frequency = scipy.fft.rfftfreq(signal.size, 1 / sample_rate_hz)
    found = [float(np.sum(density[(frequency >= c / EDGE) & (frequency < c * EDGE)])) for c in centre_hz]
    return np.array(found) / signal.size
