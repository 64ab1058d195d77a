"""The referee's own meter of levels in a band: nothing of the renderer's.

What "SNR" means in a set is defined here once more, from its description, so that a mistake in the one is seen by the
other.
"""

import math

import numpy as np

from augment.acoustics import Signal
from augment.scene import Weighting


def through(signal: Signal, sample_rate_hz: int, definition: Weighting) -> Signal:
    """A signal as the definition of the SNR sees it, by one DFT over the signal and its mirror image.

    An edge of the band is a quarter of a sine in amplitude: from half the lower corner up to its double, and from a
    sixth of an octave below the upper corner down to a sixth above. A band up to half the sample rate has no upper one.

    Args:
        signal: Shape (n,).
        sample_rate_hz: Samples a second.
        definition: Band and weighting.
    """
    low, high = definition.band_hz or (0.0, math.inf)
    spectrum = np.fft.rfft(np.concatenate([signal, signal[::-1]]))
    frequency = np.maximum(np.fft.rfftfreq(2 * signal.size, 1 / sample_rate_hz), 1e-9)
    if definition.a_weighted:
        f2 = frequency**2
        poles = (f2 + 20.598997**2) * np.sqrt((f2 + 107.65265**2) * (f2 + 737.86223**2)) * (f2 + 12194.217**2)
        spectrum = spectrum * (12194.217**2 * f2**2 / poles * 10 ** (1.99966 / 20))
    if low > 0:
        spectrum = spectrum * np.sin(np.pi / 4 * np.clip(np.log2(2 * frequency / low), 0, 2))
    if high < sample_rate_hz / 2:
        spectrum = spectrum * np.sin(np.pi * 1.5 * np.clip(np.log2(2 ** (1 / 6) * high / frequency), 0, 1 / 3))
    return np.asarray(np.fft.irfft(spectrum, 2 * signal.size)[: signal.size], dtype=np.float64)


def mean_square(signal: Signal) -> float:
    """Power of a signal, full scale 1.0.

    Example:
        >>> mean_square(np.array([0.5, -0.5]))
        0.25
    """
    return float(np.mean(np.square(signal))) if signal.size else 0.0


def decibel(power: float) -> float:
    """A ratio of powers in dB; ``-inf`` for none.

    Example:
        >>> decibel(0.1), decibel(0.0)
        (-10.0, -inf)
    """
    return 10 * math.log10(power) if power > 0 else -math.inf
