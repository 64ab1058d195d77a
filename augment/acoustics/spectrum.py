"""Signals in a frequency band or under a frequency weighting, and spectra given as band levels."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from augment.acoustics import Signal
from augment.acoustics.convolution import BLOCK, LONGEST_TRANSFORM, Kernel, size_with_room
from augment.acoustics.levels import power

A_POLES_HZ = (20.598997, 107.65265, 737.86223, 12194.217)
A_AT_1_KHZ_DB = -1.99966
OCTAVE_EDGE = 2**0.5
THIRD_OCTAVE_EDGE = 10**0.05
"""Ratio of a band's upper edge to its centre; of third octaves after IEC 61260-1, base 10."""
MIRROR_S = 0.125
MOST_KEPT = 2**19
"""Length in samples of the longest transform for which factors are kept."""
LOWER_EDGE_OCTAVES, UPPER_EDGE_OCTAVES = 1.0, 1 / 6
"""How far the edges of a band reach to both sides of their corners."""


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
    # Two poles at f1 and at f4, one at f2 and at f3, four zeros at 0 Hz: the magnitude of a pole is sqrt(f^2 + fi^2).
    f1, f2, f3, f4 = (pole**2 for pole in A_POLES_HZ)
    ratio = f4 * square**2 / ((square + f1) * np.sqrt((square + f2) * (square + f3)) * (square + f4))
    with np.errstate(divide="ignore"):
        return np.asarray(20 * np.log10(ratio) - A_AT_1_KHZ_DB, dtype=np.float64)


def band_weight(frequency_hz: ArrayLike, band_hz: tuple[float, float]) -> NDArray[np.float64]:
    """Share of the power at a frequency that counts as inside a band.

    Each edge is half a period of a raised cosine over the logarithm of frequency, and counts half of the power at the
    corner itself: the lower one from an octave below its corner to an octave above, the upper one from a sixth of an
    octave below to a sixth above. With f in octaves above the corner and w the octaves to a side::

        share(f) = (1 + sin(pi / 2 * f / w)) / 2        for -w < f < w

    With a vertical edge, the level of a machine's line would depend on how the line falls between the bins of a Fourier
    transform, and so on the length of what is measured. Here the level of a line at the corner changes by
    pi / (2 w) * 10 / ln 10 = 6.8 dB an octave for w = 1, that is by 0.05 dB if 100 Hz become 100.5 Hz. The upper edge
    may be steeper, since half a hertz is nothing there, and has to end below half the sample rate.

    Args:
        frequency_hz: Frequencies, any shape, 0 or more.
        band_hz: Lower and upper corner; no edge at a lower corner of 0 or an infinite upper one.

    Returns:
        Shares of the same shape, 0 to 1.

    Example:
        >>> band_weight([50, 100, 200, 6236, 7000, 7858], (100, 7000)).round(3).tolist()
        [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    low, high = band_hz
    with np.errstate(divide="ignore"):
        octaves = np.log2(np.asarray(frequency_hz, dtype=np.float64))
    share = np.ones(octaves.shape)
    if low > 0:
        share *= _rise((octaves - np.log2(low)) / LOWER_EDGE_OCTAVES)
    if np.isfinite(high):
        share *= _rise((np.log2(high) - octaves) / UPPER_EDGE_OCTAVES)
    return share


def _rise(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 at -1 to 1 at 1, along half a period of a sine."""
    return np.asarray(0.5 + 0.5 * np.sin(np.pi / 2 * np.clip(place, -1, 1)))


@dataclass(frozen=True)
class Weighting:
    """A frequency weighting under which levels are measured.

    Attributes:
        band_hz: Lower and upper corner, as in :func:`band_weight`; None for all frequencies.
        a_weighted: Whether A-weighting is applied too.
    """

    band_hz: tuple[float, float] | None = None
    a_weighted: bool = False

    @property
    def flat(self) -> bool:
        return self.band_hz is None and not self.a_weighted

    def factors(self, size: int, sample_rate_hz: int) -> NDArray[np.float64]:
        """Amplitude factor in each bin of a transform of ``size`` samples, shape (size // 2 + 1,)."""
        return (_kept_factors if size <= MOST_KEPT else _factors)(self, size, sample_rate_hz)


def _factors(weighting: Weighting, size: int, sample_rate_hz: int) -> NDArray[np.float64]:
    frequency = scipy.fft.rfftfreq(size, 1 / sample_rate_hz)
    weight = 10 ** (a_weighting_db(frequency) / 10) if weighting.a_weighted else np.ones(frequency.size)
    if weighting.band_hz is not None:
        # A band that reaches to half the sample rate ends with it, and has no edge there.
        low, high = weighting.band_hz
        weight *= band_weight(frequency, (low, high if high < sample_rate_hz / 2 else np.inf))
    found = np.sqrt(weight)  # weights are of power, factors of amplitude
    found.setflags(write=False)
    return found


_kept_factors = lru_cache(maxsize=128)(_factors)


class MirroredSpectrum:
    """Spectrum of a signal continued by its mirror image at both ends, to which weightings are applied.

    A filter needs the signal to go on somehow: an end cut off in the middle of a strong low tone is a click with power
    in the whole band, and matters more the shorter the signal. On half-second cuts of recorded noise it changes levels
    in 300-3400 Hz by up to 0.4 dB if the ends are joined, by 0.2 dB with silence after them, and by 0.04 dB with mirror
    images. An eighth of a second of them is enough: more would change the level of a 50 Hz hum at the foot of a band's
    edge by 0.03 dB in a sound of an eighth of a second, and by 0.005 dB in one of half a second.

    Args:
        signal: Shape (n,), n at least 1.
        sample_rate_hz: Samples a second.
    """

    def __init__(self, signal: Signal, sample_rate_hz: int) -> None:
        self._samples, self._rate = signal.size, sample_rate_hz
        self._reach = round(MIRROR_S * sample_rate_hz)
        self._size = size_with_room(signal.size, sample_rate_hz, 2 * self._reach)
        self._spectrum = scipy.fft.rfft(self._mirrored(signal))

    @property
    def nbytes(self) -> int:
        return self._spectrum.nbytes

    def _mirrored(self, signal: Signal) -> Signal:
        """The signal with its mirror images, and silence behind."""
        reach, end, longer = self._reach, self._reach + signal.size, np.zeros(self._size)
        if reach > signal.size:  # images of images
            longer[: end + reach] = np.pad(signal, reach, mode="symmetric")
            return longer
        longer[:reach] = signal[:reach][::-1]
        longer[reach:end] = signal
        longer[end : end + reach] = signal[-reach:][::-1]
        return longer

    def seen(self, weighting: Weighting) -> Signal:
        """The signal under a weighting, not delayed, shape (n,).

        The filter has zero phase, and its magnitude is exact up to the Nyquist frequency, where digital A-weighting by
        the bilinear transform is off by up to 6 dB.
        """
        whole = scipy.fft.irfft(
            self._spectrum * weighting.factors(self._size, self._rate), self._size, overwrite_x=True
        )
        return np.asarray(whole[self._reach : self._reach + self._samples], dtype=np.float64)


def weigh(
    signal: Signal, sample_rate_hz: int, band_hz: tuple[float, float] | None = None, a_weighted: bool = False
) -> Signal:
    """The part of a signal in a band, with or without A-weighting, not delayed: see :class:`MirroredSpectrum`.

    Args:
        signal: Shape (n,).
        sample_rate_hz: Samples a second.
        band_hz: Lower and upper corner, as in :func:`band_weight`; None for all frequencies.
        a_weighted: Apply A-weighting too.

    Returns:
        Weighted signal, shape (n,).

    Example:
        >>> t = np.arange(16000) / 16000
        >>> hum, tone = np.sin(2 * np.pi * 50 * t), np.sin(2 * np.pi * 1000 * t)
        >>> heard = weigh(hum + tone, 16000, (100, 7000))[4000:12000]
        >>> bool(abs(heard - tone[4000:12000]).max() < 0.01)
        True
    """
    return seen_through(signal, sample_rate_hz, Weighting(band_hz, a_weighted))


def seen_through(signal: Signal, sample_rate_hz: int, weighting: Weighting) -> Signal:
    """The signal under a :class:`Weighting`, shape (n,); a sound of many minutes is filtered block by block."""
    if weighting.flat or not signal.size:
        return signal
    if signal.size <= LONGEST_TRANSFORM:
        return MirroredSpectrum(signal, sample_rate_hz).seen(weighting)
    reach = round(MIRROR_S * sample_rate_hz)
    return Kernel(weighting.factors(BLOCK, sample_rate_hz), reach, reach, mirrored=True).over(signal)


def weighted_power(
    signal: Signal,
    sample_rate_hz: int,
    band_hz: tuple[float, float] | None = None,
    a_weighted: bool = False,
    active: NDArray[np.bool_] | None = None,
) -> float:
    """Mean square of what :func:`weigh` gives; 0 for an empty signal.

    Args:
        signal: Shape (n,).
        sample_rate_hz: Samples a second.
        band_hz: Lower and upper corner, as in :func:`band_weight`; None for all frequencies.
        a_weighted: Apply A-weighting too.
        active: Where the signal is on, shape (n,), to average over that part only; None for all of it.

    Example:
        >>> tone = np.sin(2 * np.pi * 100 * np.arange(16000) / 16000)
        >>> round(weighted_power(tone, 16000, (100, 7000)), 2)  # half of its 0.5, at the corner
        0.25
    """
    seen = weigh(signal, sample_rate_hz, band_hz, a_weighted)
    return power(seen if active is None else seen[active])


def mean_density(
    signal: Signal, sample_rate_hz: int, most: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Power density of a signal: the mean of spectra of one second each, under Hann windows that overlap by half.

    Args:
        signal: Shape (n,), not empty; a signal of less than a second is a single frame.
        sample_rate_hz: Samples a second.
        most: Samples of a frame, if it is to be shorter than a second.

    Returns:
        Frequencies, 1 Hz apart, and the power in 1 Hz, both of shape (m,). The mean of each frame is removed.

    Reference: Welch (1967), IEEE Trans. Audio Electroacoust. 15:70.

    Example:
        >>> frequency, density = mean_density(np.sin(2 * np.pi * 50 * np.arange(4000) / 1000), 1000)
        >>> float(frequency[np.argmax(density)]), round(float(np.sum(density)), 6)
        (50.0, 0.5)
    """
    size = min(sample_rate_hz, signal.size, most or sample_rate_hz)
    window, powers = np.hanning(size + 1)[:-1], np.zeros(size // 2 + 1)
    starts = range(0, signal.size - size + 1, max(1, size - size // 2))
    for start in starts:
        frame = signal[start : start + size]
        powers += np.abs(scipy.fft.rfft((frame - np.mean(frame)) * window)) ** 2
    powers[1 : (size + 1) // 2] *= 2  # negative frequencies mirror these; 0 and half the sample rate occur once
    # Parseval: the sum of |X|^2 over N bins is N sum(w^2) times the power, and a bin is fs / N wide.
    scale = len(starts) * sample_rate_hz * max(float(np.sum(window * window)), np.finfo(float).tiny)
    return scipy.fft.rfftfreq(size, 1 / sample_rate_hz), powers / scale


def density_of_octaves(
    frequency_hz: NDArray[np.float64],
    centre_hz: NDArray[np.float64],
    level_db: NDArray[np.float64],
    edge: float = OCTAVE_EDGE,
) -> NDArray[np.float64]:
    """Power density whose octave bands, or third-octave bands, have given levels.

    Between band centres the density is linear in dB over log frequency; outside the outermost bands it is zero. A band
    beside a steep slope would get too much power that way, so the points at the centres are corrected until every band
    has its level.

    Args:
        frequency_hz: Frequencies at which it is wanted, evenly spaced from 0, shape (m,).
        centre_hz: Centres of the octave bands, rising, shape (b,).
        level_db: Band levels, shape (b,).
        edge: Upper edge of a band over its centre: 2^(1/2) for octaves, 10^(1/20) for third octaves.

    Returns:
        Power in each bin, shape (m,): it sums to 10^(level/10) over a band. A band that reaches beyond the last
        frequency has only its part below it.

    Example:
        >>> f = np.arange(0, 8001.0)
        >>> p = density_of_octaves(f, np.array([500.0, 1000.0, 2000.0]), np.array([0.0, -6.0, -20.0]))
        >>> inside = (f >= 1000 / 2**0.5) & (f < 1000 * 2**0.5)
        >>> round(float(10 * np.log10(p[inside].sum())), 1)
        -6.0
    """
    spacing = frequency_hz[1] - frequency_hz[0]
    # The correction uses a fine grid of its own, so that it does not depend on the sample rate.
    fine = np.geomspace(centre_hz[0] / edge, centre_hz[-1] * edge, 200 * centre_hz.size + 1)
    width = np.gradient(fine)
    band = np.clip(np.searchsorted(centre_hz * edge, fine, side="right"), 0, centre_hz.size - 1)
    # To begin with, each band's power spread evenly over its width; then its error in dB is taken out, 0.7 of it at a
    # time since a point moves the levels of its neighbours too.
    point_db = level_db - 10 * np.log10(centre_hz * (edge - 1 / edge))
    for _ in range(40):
        density = 10 ** (np.interp(np.log(fine), np.log(centre_hz), point_db) / 10)
        held = np.bincount(band, density * width, centre_hz.size)
        point_db = point_db + 0.7 * (level_db - 10 * np.log10(held))
    inside = (frequency_hz >= fine[0]) & (frequency_hz <= fine[-1])
    out = np.zeros(frequency_hz.shape)
    out[inside] = 10 ** (np.interp(np.log(frequency_hz[inside]), np.log(centre_hz), point_db) / 10) * spacing
    return out
