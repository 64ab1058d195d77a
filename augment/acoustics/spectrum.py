"""Signals in a frequency band or under a frequency weighting, and spectra given as band levels."""

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from augment.acoustics import Signal

A_POLES_HZ = (20.598997, 107.65265, 737.86223, 12194.217)
A_AT_1_KHZ_DB = -1.99966
OCTAVE_EDGE = 2**0.5
THIRD_OCTAVE_EDGE = 10**0.05
"""Ratio of a band's upper edge to its centre; of third octaves after IEC 61260-1, base 10."""


def a_weighting_db(frequency_hz: ArrayLike) -> NDArray[np.float64]:
    """A-weighting in dB.

    Args:
        frequency_hz: Frequencies, any shape, 0 or more.

    Returns:
        Weights of the same shape; ``-inf`` at 0 Hz.

    Reference: IEC 61672-1, Annex E: four pole frequencies, normalised to 0 dB at 1 kHz.

    Example:
        >>> a_weighting_db([100, 1000, 8000]).round(1).tolist()
        [-19.1, 0.0, -1.1]
    """
    square = np.asarray(frequency_hz, dtype=np.float64) ** 2
    f1, f2, f3, f4 = (pole**2 for pole in A_POLES_HZ)
    ratio = f4 * square**2 / ((square + f1) * np.sqrt((square + f2) * (square + f3)) * (square + f4))
    with np.errstate(divide="ignore"):
        return np.asarray(20 * np.log10(ratio) - A_AT_1_KHZ_DB, dtype=np.float64)


def weigh(
    signal: Signal, sample_rate_hz: int, band_hz: tuple[float, float] | None = None, a_weighted: bool = False
) -> Signal:
    """The part of a signal in a band, with or without A-weighting, not delayed.

    Done on the discrete Fourier transform of the whole signal, no longer and no shorter: exact up to the Nyquist
    frequency, where digital A-filters made with the bilinear transform are off by up to 6 dB, and with vertical band
    edges, so that "100-7000 Hz" has one meaning that anyone can compute again.

    Args:
        signal: Shape (n,).
        sample_rate_hz: Samples a second.
        band_hz: Lower and upper edge, both inside the band; None for all frequencies.
        a_weighted: Apply A-weighting too.

    Returns:
        Weighted signal, shape (n,).

    Example:
        >>> t = np.arange(16000) / 16000
        >>> hum, tone = np.sin(2 * np.pi * 50 * t), np.sin(2 * np.pi * 1000 * t)
        >>> heard = weigh(hum + tone, 16000, (100, 7000))[4000:12000]
        >>> bool(abs(heard - tone[4000:12000]).max() < 0.02)
        True
    """
    if band_hz is None and not a_weighted:
        return signal
    spectrum = scipy.fft.rfft(signal)
    frequency = scipy.fft.rfftfreq(signal.size, 1 / sample_rate_hz)
    if a_weighted:
        spectrum *= 10 ** (a_weighting_db(frequency) / 20)
    if band_hz is not None:
        spectrum[(frequency < band_hz[0]) | (frequency > band_hz[1])] = 0
    return np.asarray(scipy.fft.irfft(spectrum, signal.size), dtype=np.float64)


def density_of_octaves(
    frequency_hz: NDArray[np.float64],
    centre_hz: NDArray[np.float64],
    level_db: NDArray[np.float64],
    edge: float = OCTAVE_EDGE,
) -> NDArray[np.float64]:
    """Power density whose octave bands, or third-octave bands, have given levels.

    Between band centres the density runs straight in dB over the logarithm of frequency; outside the outermost bands
    it is zero. Straight lines alone would put too much power into bands beside a steep slope, so the points at the
    centres are corrected until every band holds its level.

    Args:
        frequency_hz: Where the density is wanted, evenly spaced from 0, shape (m,).
        centre_hz: Centres of the octave bands, rising, shape (b,).
        level_db: Band levels, shape (b,).
        edge: Upper edge of a band over its centre: 2^(1/2) for octaves, 2^(1/6) for third octaves.

    Returns:
        Power in each bin, shape (m,): the sum over a band is 10^(level/10). A band that reaches past the last
        frequency holds only the part below it.

    Example:
        >>> f = np.arange(0, 8001.0)
        >>> p = density_of_octaves(f, np.array([500.0, 1000.0, 2000.0]), np.array([0.0, -6.0, -20.0]))
        >>> inside = (f >= 1000 / 2**0.5) & (f < 1000 * 2**0.5)
        >>> round(float(10 * np.log10(p[inside].sum())), 1)
        -6.0
    """
    spacing = frequency_hz[1] - frequency_hz[0]
    # The correction works on a fine grid of its own, so that it does not depend on the sample rate.
    fine = np.geomspace(centre_hz[0] / edge, centre_hz[-1] * edge, 200 * centre_hz.size + 1)
    width = np.gradient(fine)
    band = np.clip(np.searchsorted(centre_hz * edge, fine, side="right"), 0, centre_hz.size - 1)
    point_db = level_db - 10 * np.log10(centre_hz * (edge - 1 / edge))
    for _ in range(40):
        density = 10 ** (np.interp(np.log(fine), np.log(centre_hz), point_db) / 10)
        held = np.bincount(band, density * width, centre_hz.size)
        point_db = point_db + 0.7 * (level_db - 10 * np.log10(held))
    inside = (frequency_hz >= fine[0]) & (frequency_hz <= fine[-1])
    out = np.zeros(frequency_hz.shape)
    out[inside] = 10 ** (np.interp(np.log(frequency_hz[inside]), np.log(centre_hz), point_db) / 10) * spacing
    return out
