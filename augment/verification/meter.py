"""The referee's own meter of levels in a band: nothing of the renderer's.

What "SNR" means in a set is defined here once more, from its description, so that a mistake in the one is seen by the
other.
"""

import math

import numpy as np

from augment.acoustics import Signal
from augment.scene import SnrDefinition


def through(signal: Signal, sample_rate_hz: int, definition: SnrDefinition) -> Signal:
    """A signal as the definition of the SNR sees it, by one DFT over its whole length.

    Args:
        signal: Shape (n,).
        sample_rate_hz: Samples a second.
        definition: Band and weighting.
    """
    low, high = definition.band_hz or (0.0, sample_rate_hz / 2)
    spectrum = np.fft.rfft(signal)
    frequency = np.fft.rfftfreq(signal.size, 1 / sample_rate_hz)
    if definition.a_weighted:
        f2 = np.maximum(frequency, 1e-9) ** 2
        poles = (f2 + 20.598997**2) * np.sqrt((f2 + 107.65265**2) * (f2 + 737.86223**2)) * (f2 + 12194.217**2)
        spectrum = spectrum * (12194.217**2 * f2**2 / poles * 10 ** (1.99966 / 20))
    spectrum[(frequency < low) | (frequency > high)] = 0
    return np.asarray(np.fft.irfft(spectrum, signal.size), dtype=np.float64)


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
