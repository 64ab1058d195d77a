"""Electronic noise of microphones, by its equivalent input noise level."""

import math

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.filters import convolve
from augment.acoustics.levels import db
from augment.acoustics.spectrum import a_weighting_db

CORNER_HZ = 1000.0
LOWEST_HZ = 20.0


def _taps(sample_rate_hz: int) -> NDArray[np.float64]:
    """Linear-phase filter that makes electronic noise of power 1 out of white noise of power 1."""
    size = 1 << math.ceil(math.log2(sample_rate_hz / 8))
    frequency = scipy.fft.rfftfreq(size, 1 / sample_rate_hz)
    density = 1 + CORNER_HZ / np.maximum(frequency, LOWEST_HZ)
    taps = np.roll(scipy.fft.irfft(np.sqrt(density), size), size // 2) * np.hanning(size + 1)[:-1]
    return np.asarray(taps / math.sqrt(float(np.sum(taps * taps))))


def electronic_noise(samples: int, sample_rate_hz: int, rng: np.random.Generator) -> Signal:
    """Noise as the electronics of a microphone make it: white, with a rise towards low frequencies.

    The power density is 1 + 1000 Hz / f: flat above, rising by up to 3 dB an octave below 1 kHz. The shape is an
    engineering estimate, not a standard's. A longer noise begins with the shorter one.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        rng: Draws the noise.

    Returns:
        Shape (n,), expected power 1.

    Example:
        >>> noise = electronic_noise(160000, 16000, np.random.default_rng(1))
        >>> bool(abs(10 * np.log10(np.mean(noise**2))) < 0.1)
        True
    """
    taps = _taps(sample_rate_hz)
    return convolve(rng.standard_normal(samples + taps.size), taps)[taps.size :]


def a_weighted_level_db(sample_rate_hz: int) -> float:
    """A-weighted level of :func:`electronic_noise` in dB re its own power, over all frequencies of the test set.

    Reference: IEC 61672-1 (A-weighting).

    Example:
        >>> round(a_weighted_level_db(16000), 1)
        -1.1
    """
    taps = _taps(sample_rate_hz)
    size = 4 * taps.size
    power = np.abs(scipy.fft.rfft(taps, size)) ** 2
    power[1:-1] *= 2
    weight = 10 ** (a_weighting_db(scipy.fft.rfftfreq(size, 1 / sample_rate_hz)) / 10)
    return db(float(np.sum(power * weight)) / float(np.sum(power)))
