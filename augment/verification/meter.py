"""The referee's own meter for levels in a band, which shares nothing with the renderer's.

What "SNR" means in a set is implemented here a second time, from its description, so that a mistake in either
implementation shows.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.scene import Weighting


def cosines(signal: Signal) -> NDArray[np.float64]:
    """The discrete cosine transform (type 2) of a signal: a Fourier transform of the signal and its mirror image.

    It is orthonormal, so that powers and products of signals equal those of their cosines (Parseval), however weighted.

    Args:
        signal: The signal, shape (n,).

    Returns:
        Coefficients, shape (n,); the k-th belongs to k / (2 n) of the sample rate.

    Example:
        >>> found = cosines(np.full(4, 0.5))
        >>> found.round(9).tolist(), round(mean_square(found), 9)
        ([1.0, 0.0, 0.0, 0.0], 0.25)
    """
    return np.asarray(scipy.fft.dct(signal, norm="ortho"))


def through(signal: Signal, sample_rate_hz: int, definition: Weighting) -> Signal:
    """A signal filtered by the definition of SNR, shape (n,)."""
    seen = cosines(signal) * weights(signal.size, sample_rate_hz, definition)
    return np.asarray(scipy.fft.idct(seen, norm="ortho"))


@lru_cache(maxsize=4)  # an utterance is measured under three definitions, and all its items have one length
def weights(samples: int, sample_rate_hz: int, definition: Weighting) -> NDArray[np.float64]:
    """Weights of the definition for the :func:`cosines` of a number of samples, shape (n,).

    The edges of the band are a quarter of a sine in amplitude: rising from half the lower corner to twice the corner,
    and falling from a sixth of an octave below the upper corner to a sixth above it. A band up to half the sample rate
    has no upper edge.
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
    """Power of a signal, full scale 1.0; the same for its :func:`cosines`.

    Example:
        >>> mean_square(np.array([0.5, -0.5]))
        0.25
    """
    return float(np.mean(np.square(signal))) if signal.size else 0.0


def together(ratios_db: Sequence[float]) -> tuple[float, float]:
    """Least and most power of several noises, relative to the sum of their powers.

    Example:
        >>> together([10.0])
        (1.0, 1.0)
    """
    amplitudes = sorted(10 ** (-ratio / 20) for ratio in ratios_db)
    most, others = amplitudes[-1], sum(amplitudes[:-1])
    total = sum(amplitude**2 for amplitude in amplitudes)
    return max(0.0, most - others) ** 2 / total, (most + others) ** 2 / total


def decibel(power: float) -> float:
    """A ratio of powers in dB; ``-inf`` for 0.

    Example:
        >>> decibel(0.1), decibel(0.0)
        (-10.0, -inf)
    """
    return 10 * math.log10(power) if power > 0 else -math.inf
