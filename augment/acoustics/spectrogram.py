"""What a signal sounds like, as a picture's figures: the level in bands of equal width, stretch by stretch of time.

Reference: J. B. Allen, "Short term spectral analysis, synthesis, and modification by discrete Fourier transform", IEEE
Trans. ASSP 25 (1977); powers by Parseval's theorem.
"""

import math

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal

BANDS = 64
FRAME_S = 0.016
"""Length of a window, twice that at 8 kHz: syllables and clicks stay apart, and harmonics of a high voice."""
HOP_S = 0.012
"""Longest way between windows: nothing between two of them is overlooked."""
AT_ONCE = 4096
"""Windows that are transformed at a time."""
NOTHING_DBOV = -200.0


def spectrogram_dbov(signal: Signal, sample_rate_hz: int, columns: int, seconds: float) -> NDArray[np.float64]:
    """The level of each band in each stretch of time.

    Bands have equal widths from 0 to half of the sample rate. The powers of all bands of a column add up to the mean
    square of the signal there, so that steady noise of -20 dBov has columns that add up to -20 dBov.

    Args:
        signal: Samples, shape (n,).
        sample_rate_hz: Sample rate.
        columns: Number of stretches.
        seconds: Time that all stretches take together; the signal may be shorter or longer.

    Returns:
        Levels in dBov, not below -200, shape (bands, columns), the lowest band first; NaN behind the signal's end.

    Example:
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal(16000)
        >>> found = spectrogram_dbov(noise, 16000, 50, 2.0)
        >>> found.shape, bool(np.isnan(found[:, 25:]).all())
        ((64, 50), True)
        >>> round(float(10 * np.log10(np.mean(np.sum(10 ** (found[:, 1:24] / 10), axis=0)))))
        -20
    """
    bins = max(2, round(FRAME_S * sample_rate_hz / (2 * BANDS)))
    size = 2 * BANDS * bins
    each = max(1, math.ceil(seconds / columns / HOP_S))
    step = seconds * sample_rate_hz / (columns * each)
    held = min(columns, math.ceil(signal.size / (step * each)))
    # Windows stand around the middles of their steps; before the beginning and behind the end there is silence.
    starts = np.rint((np.arange(held * each) + 0.5) * step).astype(np.int64)
    tail = int(starts[-1]) + size - signal.size if held else 0
    framed = np.lib.stride_tricks.sliding_window_view(np.pad(signal, (size // 2, max(0, tail))), size)
    window = np.hanning(size + 1)[:-1]
    levels = np.full((BANDS, columns), np.nan)
    portion = max(1, AT_ONCE // each)
    for first in range(0, held, portion):
        last = min(first + portion, held)
        frames = framed[starts[first * each : last * each]]
        # Parseval: the sum of |X|^2 is N sum (w x)^2, on average N sum(w^2) times the mean square of x. Bins of a real
        # signal stand for two, but for that at 0; the one at half of the rate goes into no band and is left out.
        power = np.abs(scipy.fft.rfft(frames * window, axis=1)[:, :-1]) ** 2 * (2 / (size * np.sum(window * window)))
        power[:, 0] /= 2
        bands = np.sum(power.reshape(last - first, each, BANDS, bins), axis=(1, 3)) / each
        levels[:, first:last] = 10 * np.log10(np.maximum(bands, 10 ** (NOTHING_DBOV / 10))).T
    return levels
