"""Loudness of programmes after ITU-R BS.1770: what broadcasters and podcast platforms level by."""

import math

import numpy as np
import scipy

from augment.acoustics import Signal
from augment.acoustics.levels import db

BLOCK_S = 0.4
STEPS_PER_BLOCK = 4
OFFSET_DB = -0.691
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_DB = -10.0
SETTLING_S = 0.5

FILTER_RATE_HZ = 48000
SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""Numerator and denominator of the two filters of the K-weighting at 48 kHz."""


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
    size = scipy.fft.next_fast_len(signal.size + round(SETTLING_S * sample_rate_hz), real=True)
    frequency = scipy.fft.rfftfreq(size, 1 / sample_rate_hz)
    angle = 2 * np.pi * np.minimum(frequency / FILTER_RATE_HZ, 0.5)
    response = np.ones(frequency.size, dtype=np.complex128)
    for above, below in (SHELF, HIGH_PASS):
        response *= scipy.signal.freqz(above, below, angle)[1]
    return np.asarray(scipy.fft.irfft(scipy.fft.rfft(signal, size) * response, size)[: signal.size])


def integrated_loudness_lufs(signal: Signal, sample_rate_hz: int) -> float | None:
    """Integrated loudness of one channel.

    Mean power under K-weighting in blocks of 400 ms, every 100 ms, without the blocks below -70 LUFS and then without
    those more than 10 LU below the mean of the rest. Blocks that the end cuts off are not counted.

    Args:
        signal: Shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second.

    Returns:
        Loudness in LUFS (LKFS); None for less than 0.4 s, and where no block reaches -70 LUFS.

    Reference: ITU-R BS.1770-4, Annex 1.

    Example:
        >>> tone = np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)
        >>> round(integrated_loudness_lufs(tone, 48000), 2)
        -3.01
        >>> integrated_loudness_lufs(tone[:100], 48000) is None
        True
    """
    step = BLOCK_S / STEPS_PER_BLOCK * sample_rate_hz
    starts = np.rint(step * np.arange(math.floor(signal.size / step) + 1)).astype(np.int64)
    length = round(BLOCK_S * sample_rate_hz)
    starts = starts[starts + length <= signal.size]
    if not starts.size:
        return None
    heard = k_weighted(signal, sample_rate_hz)
    energy = np.concatenate([[0.0], np.cumsum(heard * heard)])
    power = np.maximum(energy[starts + length] - energy[starts], 0) / length
    loud = power[power > 10 ** ((ABSOLUTE_GATE_LUFS - OFFSET_DB) / 10)]
    if not loud.size:
        return None
    kept = loud[loud > np.mean(loud) * 10 ** (RELATIVE_GATE_DB / 10)]
    return db(float(np.mean(kept))) + OFFSET_DB
