"""By how much one file lags another, if that can be determined."""

import math

import numpy as np

from augment.acoustics import Signal

BAND_HZ = (300.0, 3000.0)
WHITENING = 0.7
CLEAR = 8.0
"""How many times its RMS the peak of the correlation must be: a lower one may be due to noise."""


def lag_samples(before: Signal, after: Signal, sample_rate_hz: int) -> int | None:
    """Samples by which a signal lags another, by partly whitened cross-correlation; None if no peak stands out.

    Args:
        before: The earlier signal, shape (n,).
        after: The later signal, shape (n,).
        sample_rate_hz: Sample rate.

    Reference: Knapp and Carter (1976), generalised cross-correlation; here with magnitudes raised to the power of 0.3.

    Example:
        >>> noise = np.random.default_rng(1).standard_normal(8000)
        >>> lag_samples(noise, np.roll(noise, 40), 16000), lag_samples(noise, np.zeros(8000), 16000)
        (40, None)
    """
    from scipy.fft import irfft, next_fast_len, rfft

    size = int(next_fast_len(2 * before.size, real=True))
    band = slice(math.ceil(BAND_HZ[0] * size / sample_rate_hz), math.floor(BAND_HZ[1] * size / sample_rate_hz) + 1)
    cross = np.conj(rfft(before, size)[band]) * rfft(after, size)[band]
    magnitude = np.abs(cross)
    weighted = np.zeros(size // 2 + 1, dtype=complex)
    weighted[band] = cross * np.where(magnitude > 0, magnitude, 1.0) ** -WHITENING
    correlation = irfft(weighted, size)
    place = int(np.argmax(correlation))
    if correlation[place] <= CLEAR * float(np.sqrt(np.mean(np.square(correlation)))):
        return None
    return place if place < size / 2 else place - size
