"""By how much one file lags another, if that can be determined."""

import math

import numpy as np

from augment.acoustics import Signal

BAND_HZ = (300.0, 3000.0)
WHITENING = 0.7
CLEAR = 8.0
"""How many times its RMS the peak of the correlation must be: a lower one may be due to noise."""
RIVAL = 0.5
"""Height of a peak near no lag at all, as a share of the highest, at which nothing says that the signal lags.

What is left of the 300 to 3000 Hz of a short word behind the slopes of a handset and a low-rate codec is a formant or
two: the correlation has many peaks, milliseconds apart and nearly as high. What was moved by 3 ms or more seldom leaves
a peak of half the height there.
"""


def lag_samples(before: Signal, after: Signal, sample_rate_hz: int, tolerance_s: float = 0.0) -> int | None:
    """Samples by which a signal lags another, by partly whitened cross-correlation; None if no peak stands out.

    Args:
        before: The earlier signal, shape (n,).
        after: The later signal, shape (n,).
        sample_rate_hz: Sample rate.
        tolerance_s: Lags as small as this count as none, to both sides: where one of them has a peak nearly as high as
            the highest, no peak stands out.

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
    lag = place if place < size / 2 else place - size
    most = math.floor(tolerance_s * sample_rate_hz)
    rival = max(float(correlation[: most + 1].max()), float(correlation[size - most :].max(initial=0.0)))
    return None if abs(lag) > most and rival > RIVAL * correlation[place] else lag
