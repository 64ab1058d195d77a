"""Loudness of programmes after ITU-R BS.1770: what broadcasters and podcast platforms level by."""

import math
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.convolution import BLOCK, LONGEST_TRANSFORM, Kernel, size_with_room
from augment.acoustics.levels import db

BLOCK_S = 0.4
STEPS_PER_BLOCK = 4
OFFSET_DB = -0.691
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_DB = -10.0
SETTLING_S = 0.125
MOST_KEPT = 2**19
"""Samples of the longest transform for which the response is kept."""

FILTER_RATE_HZ = 48000
SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""Numerator and denominator of the two filters of the K-weighting at 48 kHz."""


def k_response(size: int, sample_rate_hz: int) -> NDArray[np.complex128]:
    """Response of the K-weighting in each bin of a transform of so many samples, shape (size // 2 + 1,)."""
    return (_kept_response if size <= MOST_KEPT else _response)(size, sample_rate_hz)


def _response(size: int, sample_rate_hz: int) -> NDArray[np.complex128]:
    frequency = scipy.fft.rfftfreq(size, 1 / sample_rate_hz)
    delay = np.exp(-2j * np.pi * np.minimum(frequency / FILTER_RATE_HZ, 0.5))
    response = np.ones(frequency.size, dtype=np.complex128)
    for above, below in (SHELF, HIGH_PASS):
        response *= np.polynomial.polynomial.polyval(delay, above) / np.polynomial.polynomial.polyval(delay, below)
    response.setflags(write=False)
    return response


_kept_response = lru_cache(maxsize=64)(_response)


def k_weighted(signal: Signal, sample_rate_hz: int) -> Signal:
    """A signal under K-weighting: a shelf for the head, and a high-pass.

    The recommendation gives filters for 48 kHz and asks other rates for the same frequency response. So the response
    of those filters is applied to the signal's spectrum, at any rate exactly.

    Args:
        signal: Shape (n,).
        sample_rate_hz: Samples a second. Above 24 kHz the response stays what it is there.

    Returns:
        Shape (n,).

    Reference: ITU-R BS.1770-4, Annex 1, tables 1 and 2.

    Example:
        >>> tone = np.sin(2 * np.pi * 997 * np.arange(16000) / 16000)
        >>> round(float(10 * np.log10(np.mean(k_weighted(tone, 16000)[4000:] ** 2))), 2)  # -3.01 + 0.69
        -2.32
    """
    if signal.size > LONGEST_TRANSFORM:
        # Cut off at half the sample rate, the response rings a little ahead of time as well.
        reach = round(SETTLING_S * sample_rate_hz)
        return Kernel(k_response(BLOCK, sample_rate_hz), reach, reach).over(signal)
    size = size_with_room(signal.size, sample_rate_hz)
    response = k_response(size, sample_rate_hz)
    return np.asarray(scipy.fft.irfft(scipy.fft.rfft(signal, size) * response, size, overwrite_x=True)[: signal.size])


def block_powers(heard: Signal, other: Signal, sample_rate_hz: int) -> NDArray[np.float64]:
    """Mean product of two K-weighted signals in blocks of 400 ms, every 100 ms; the power, if both are the same.

    With it the blocks of a sum of signals follow from those of its parts: (a x + b y)^2 = a^2 xx + 2 a b xy + b^2 yy.

    Args:
        heard: Shape (n,).
        other: Shape (n,).
        sample_rate_hz: Samples a second.

    Returns:
        Shape (blocks,); blocks that the end cuts off are not counted.
    """
    step = BLOCK_S / STEPS_PER_BLOCK * sample_rate_hz
    starts = np.rint(step * np.arange(math.floor(heard.size / step) + 1)).astype(np.int64)
    length = round(BLOCK_S * sample_rate_hz)
    starts = starts[starts + length <= heard.size]
    edges = np.unique(np.concatenate([starts, starts + length]))
    if not starts.size:
        return np.zeros(0)
    between = np.add.reduceat(heard[: edges[-1]] * other[: edges[-1]], edges[:-1])
    upto = np.concatenate([[0.0], np.cumsum(between)])
    ends = np.searchsorted(edges, starts + length)
    return np.asarray((upto[ends] - upto[np.searchsorted(edges, starts)]) / length)


def gated_loudness_lufs(power: NDArray[np.float64]) -> float | None:
    """Loudness of blocks: without those below -70 LUFS, and then those more than 10 LU below the mean of the rest.

    Args:
        power: Of the blocks, shape (blocks,).

    Returns:
        Loudness in LUFS (LKFS); None where no block reaches -70 LUFS.
    """
    loud = power[power > 10 ** ((ABSOLUTE_GATE_LUFS - OFFSET_DB) / 10)]
    if not loud.size:
        return None
    kept = loud[loud > np.mean(loud) * 10 ** (RELATIVE_GATE_DB / 10)]
    return OFFSET_DB + db(float(np.mean(kept)))


def integrated_loudness_lufs(signal: Signal, sample_rate_hz: int) -> float | None:
    """Integrated loudness of one channel.

    Args:
        signal: Shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second.

    Returns:
        Loudness in LUFS (LKFS); None for less than 0.4 s, and where no block of 400 ms reaches -70 LUFS.

    Reference: ITU-R BS.1770-4, Annex 1.

    Example:
        >>> tone = np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)
        >>> round(integrated_loudness_lufs(tone, 48000), 2)
        -3.01
        >>> integrated_loudness_lufs(tone[:100], 48000) is None
        True
    """
    heard = k_weighted(signal, sample_rate_hz)
    return gated_loudness_lufs(block_powers(heard, heard, sample_rate_hz))
