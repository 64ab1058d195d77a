"""Electronic noise of microphones, whose level is stated as equivalent input noise."""

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.levels import db
from augment.acoustics.shaping import Density, bins, shaped_noise
from augment.acoustics.spectrum import a_weighting_db

CORNER_HZ = 1000.0
LOWEST_HZ = 20.0


def _density(sample_rate_hz: int) -> Density:
    density = 1 + CORNER_HZ / np.maximum(bins(sample_rate_hz), LOWEST_HZ)
    return np.asarray(density / np.sum(density))


def electronic_noise(samples: int, sample_rate_hz: int, rng: np.random.Generator) -> Signal:
    """Electronic noise of a microphone: white, with a rise towards low frequencies.

    The power density is 1 + 1000 Hz / f: flat above 1 kHz, and below it rising by up to 3 dB an octave, down to 20 Hz.
    This shape is an engineering estimate and no standard's. A longer noise begins with the shorter one.

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
    return shaped_noise(samples, _density(sample_rate_hz), rng)


def a_weighted_level_db(sample_rate_hz: int) -> float:
    """A-weighted level of :func:`electronic_noise` in dB re its own power, up to the Nyquist frequency.

    Reference: IEC 61672-1 (A-weighting).

    Example:
        >>> round(a_weighted_level_db(16000), 1)
        -1.1
    """
    weight = 10 ** (a_weighting_db(bins(sample_rate_hz)) / 10)
    return db(float(np.sum(_density(sample_rate_hz) * weight)))
