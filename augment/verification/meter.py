"""The referee's own meter of levels in a band: nothing of the renderer's.

What "SNR" means in a set is defined here once more, from its description, so that a mistake in the one is seen by the
other.
"""

import math
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.scene import Weighting


def cosines(signal: Signal) -> NDArray[np.float64]:
    """What a signal is made of, by one transform over it and its mirror image: a cosine transform, type 2.

    Orthonormal, so that powers and products of signals are those of their cosines (Parseval), under any definition.

    Args:
        signal: Shape (n,).

    Returns:
        Shape (n,); the k-th stands for k / (2 n) of the sample rate.

    Example:
        >>> found = cosines(np.full(4, 0.5))
        >>> found.round(9).tolist(), round(mean_square(found), 9)
        ([1.0, 0.0, 0.0, 0.0], 0.25)
    """
    return np.asarray(scipy.fft.dct(signal, norm="ortho"))


def through(signal: Signal, sample_rate_hz: int, definition: Weighting) -> Signal:
    """A signal as the definition of the SNR sees it, shape (n,)."""
    seen = cosines(signal) * weights(signal.size, sample_rate_hz, definition)
    return np.asarray(scipy.fft.idct(seen, norm="ortho"))


@lru_cache(maxsize=4)  # an utterance is measured under three definitions, and all its items have one length
def weights(samples: int, sample_rate_hz: int, definition: Weighting) -> NDArray[np.float64]:
    """Factors of the definition for the :func:`cosines` of so many samples, shape (n,).

    An edge of the band is a quarter of a sine in amplitude: from half the lower corner up to its double, and from a
    sixth of an octave below the upper corner down to a sixth above. A band up to half the sample rate has no upper one.
    """
    low, high = definition.band_hz or (0.0, math.inf)
    frequency = np.maximum(np.arange(samples) * sample_rate_hz / (2 * samples), 1e-9)
    weight = np.ones(samples)
    if definition.a_weighted:
        f2 = frequency**2
        poles = (f2 + 20.598997**2) * np.sqrt((f2 + 107.65265**2) * (f2 + 737.86223**2)) * (f2 + 12194.217**2)
        weight *= 12194.217**2 * f2**2 / poles * 10 ** (1.99966 / 20)
    if low > 0:
        weight *= np.sin(np.pi / 4 * np.clip(np.log2(2 * frequency / low), 0, 2))
    if high < sample_rate_hz / 2:
        weight *= np.sin(np.pi * 1.5 * np.clip(np.log2(2 ** (1 / 6) * high / frequency), 0, 1 / 3))
    weight.setflags(write=False)
    return weight


def mean_square(signal: Signal) -> float:
    """Power of a signal, full scale 1.0; of its :func:`cosines` the same.

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
