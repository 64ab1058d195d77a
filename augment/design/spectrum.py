"""The long-term spectrum of the chosen speech, for noise that masks it evenly."""

from collections.abc import Sequence

import numpy as np
import scipy

from augment.acoustics.levels import speech_gain
from augment.corpus.speech import read_speech
from augment.corpus.table import Corpus
from augment.design.conditions import ChainStep
from augment.design.exposure import Exposure
from augment.design.selection import Selection
from augment.files.channels import channel_of
from augment.scene import Spectrum

EDGE = 10**0.05
FLOOR_DB = 60.0


def deal_spectrum(
    step: ChainStep, blocks: Sequence[int], corpus: Corpus, selection: Selection, sample_rate_hz: int
) -> Exposure:
    """Measure the spectrum of the chosen utterances, each at the same active level; all blocks get the same."""
    bands, samples = third_octaves(sample_rate_hz), 0
    total = np.zeros(len(bands))
    columns = ("audio_filepath", "offset", "duration", "audio_channel")
    for audio, offset, duration, channel in selection.frame.sort("id").select(columns).rows():
        path = corpus.audio_path(audio)
        speech = read_speech(path, offset, duration, sample_rate_hz, channel_of(channel)).samples
        total += band_powers(speech * speech_gain(speech, sample_rate_hz, -26.0), sample_rate_hz, bands)
        samples += speech.size
    level = 10 * np.log10(np.maximum(total, np.max(total) * 10 ** (-FLOOR_DB / 10)))
    shown = tuple((c, round(float(v - level.max()), 1) + 0.0) for c, v in zip(bands, level, strict=True))
    dealt = dict.fromkeys(blocks, Spectrum(shown))
    seconds = samples / sample_rate_hz
    return Exposure(step.path, "spectrum of the chosen speech", dealt, None, 1, 0, seconds, len(blocks))


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
