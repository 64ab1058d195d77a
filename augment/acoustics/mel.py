"""Power in mel bands, frame by frame: what most recognisers of speech see of a sound.

Reference: S. B. Davis, P. Mermelstein, "Comparison of parametric representations for monosyllabic word recognition",
IEEE Trans. ASSP 28 (1980), 357-366; the scale of D. O'Shaughnessy, mel = 2595 lg(1 + f / 700 Hz).
"""

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal

FRAME_S, HOP_S = 0.025, 0.010
BANDS, HIGHEST_HZ = 40, 8000.0
AT_ONCE = 2048
"""Frames that are transformed at a time."""


def frame_starts(samples: int, sample_rate_hz: int) -> NDArray[np.int64]:
    """First sample of each whole frame, shape (k,); none of a sound shorter than a frame.

    Example:
        >>> frame_starts(720, 16000)
        array([  0, 160, 320])
    """
    return np.arange(0, samples - round(FRAME_S * sample_rate_hz) + 1, round(HOP_S * sample_rate_hz))


def mel_powers(signal: Signal, sample_rate_hz: int) -> NDArray[np.float64]:
    """Power in 40 mel bands up to 8 kHz or half the sample rate, in frames of 25 ms every 10 ms.

    Triangles of equal height, as wide as to the centres of their neighbours, weigh the powers of a Hann spectrum; white
    noise therefore has more power in the higher bands, which are wider.

    Args:
        signal: Shape (n,).
        sample_rate_hz: Samples a second, 4000 or more.

    Returns:
        Shape (k, 40), in the signal's unit squared.

    Example:
        >>> tone = np.sin(2 * np.pi * 1000 * np.arange(4000) / 16000)
        >>> cells = mel_powers(tone, 16000)
        >>> cells.shape, int(np.argmax(cells[0]))  # 1000 mel of 2840, in 41 steps
        ((23, 40), 13)
    """
    size = round(FRAME_S * sample_rate_hz)
    starts = frame_starts(signal.size, sample_rate_hz)
    bands = _triangles(size, sample_rate_hz)
    window = np.hanning(size + 1)[:-1]
    found = np.zeros((starts.size, BANDS))
    if not starts.size:
        return found
    framed = np.lib.stride_tricks.sliding_window_view(signal, size)
    for first in range(0, starts.size, AT_ONCE):
        spectra = scipy.fft.rfft(framed[starts[first : first + AT_ONCE]] * window, 2 * size, axis=1)
        # Parseval, one-sided, over twice as many bins by zeros behind the frame: a sine of power 1/2 comes to 1/2.
        powers = np.abs(spectra) ** 2 / (size * np.sum(window * window))
        found[first : first + AT_ONCE] = np.einsum("kf,bf->kb", powers, bands)  # no BLAS: see CONTRIBUTING, rules
    return found


def _triangles(size: int, sample_rate_hz: int) -> NDArray[np.float64]:
    """Weight of each bin of a transform of twice the size in each band, shape (40, size + 1)."""
    frequency = scipy.fft.rfftfreq(2 * size, 1 / sample_rate_hz)
    highest = min(HIGHEST_HZ, sample_rate_hz / 2)
    mel = np.linspace(0, 2595 * np.log10(1 + highest / 700), BANDS + 2)
    corner = 700 * (10 ** (mel / 2595) - 1)
    rise = (frequency - corner[:-2, None]) / (corner[1:-1] - corner[:-2])[:, None]
    fall = (corner[2:, None] - frequency) / (corner[2:] - corner[1:-1])[:, None]
    return np.clip(np.minimum(rise, fall), 0, 1)
