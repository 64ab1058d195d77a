"""Programme loudness by ITU-R BS.1770, by which broadcasters and podcast platforms set levels."""

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
"""Undoes the gain of the K-weighting at 997 Hz: there a full-scale sine reads -3.01 LUFS."""
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_DB = -10.0
SETTLING_S = 0.125
"""Thirty time constants of the high-pass, whose double pole 0.995 at 48 kHz decays by 1/e in 4.2 ms."""
MOST_KEPT = 2**19
"""Samples of the longest transform for which the response is kept."""

FILTER_RATE_HZ = 48000
SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""Numerator and denominator of the two filters of the K-weighting at 48 kHz."""


def k_response(size: int, sample_rate_hz: int) -> NDArray[np.complex128]:
    """Complex response of the K-weighting in each bin of a transform of ``size`` samples, shape (size // 2 + 1,)."""
    return (_kept_response if size <= MOST_KEPT else _response)(size, sample_rate_hz)


def _response(size: int, sample_rate_hz: int) -> NDArray[np.complex128]:
    frequency = scipy.fft.rfftfreq(size, 1 / sample_rate_hz)
    # 1/z at 48 kHz, on the unit circle: polynomials in it are the filters' numerators and denominators.
    delay = np.exp(-2j * np.pi * np.minimum(frequency / FILTER_RATE_HZ, 0.5))
    response = np.ones(frequency.size, dtype=np.complex128)
    for above, below in (SHELF, HIGH_PASS):
        response *= np.polynomial.polynomial.polyval(delay, above) / np.polynomial.polynomial.polyval(delay, below)
    response.setflags(write=False)
    return response


_kept_response = lru_cache(maxsize=64)(_response)


def k_weighted(signal: Signal, sample_rate_hz: int) -> Signal:
    """Apply the K-weighting to a signal: a high shelf for the effect of the head, and a high-pass.

    The recommendation gives filters for 48 kHz and asks for the same frequency response at other rates. So the response
    of those very filters is applied to the signal's spectrum, at whatever rate.

    Args:
        signal: Shape (n,).
        sample_rate_hz: Samples a second. Above 24 kHz the response is held at its value there.

    Returns:
        Shape (n,).

    Reference: ITU-R BS.1770-4, Annex 1, tables 1 and 2.

    Example:
        >>> tone = np.sin(2 * np.pi * 997 * np.arange(16000) / 16000)
        >>> round(float(10 * np.log10(np.mean(k_weighted(tone, 16000)[4000:] ** 2))), 2)  # -3.01 + 0.69
        -2.32
    """
    if signal.size > LONGEST_TRANSFORM:
        # The response ends abruptly at half the sample rate, so that it rings a little ahead of time as well.
        reach = round(SETTLING_S * sample_rate_hz)
        return Kernel(k_response(BLOCK, sample_rate_hz), reach, reach).over(signal)
    size = size_with_room(signal.size, sample_rate_hz)
    response = k_response(size, sample_rate_hz)
    return np.asarray(scipy.fft.irfft(scipy.fft.rfft(signal, size) * response, size, overwrite_x=True)[: signal.size])


def block_powers(heard: Signal, other: Signal, sample_rate_hz: int) -> NDArray[np.float64]:
    """Mean product of two K-weighted signals in blocks of 400 ms, every 100 ms; their power, if both are the same.

    The blocks of a sum of signals follow from those of its parts: (a x + b y)^2 = a^2 x^2 + 2 a b x y + b^2 y^2.

    Args:
        heard: Shape (n,).
        other: Shape (n,).
        sample_rate_hz: Samples a second.

    Returns:
        Shape (blocks,); a block that the end cuts off does not count.
    """
    # Blocks overlap by three quarters. The products are summed once between all edges of blocks, and the sum over a
    # block is the difference of two running sums.
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
    """Loudness of blocks, leaving out those below -70 LUFS and then those 10 LU or more below the mean of the rest.

    Args:
        power: K-weighted power of each block, shape (blocks,).

    Returns:
        Loudness in LUFS (LKFS); None where no block reaches -70 LUFS.
    """
    # A block of power P has -0.691 + 10 lg P LUFS.
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
        Loudness in LUFS (LKFS); None for less than 0.4 s, or if no block of 400 ms reaches -70 LUFS.

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
