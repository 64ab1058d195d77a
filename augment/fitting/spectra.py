"""Power spectra of what may be used of a recording, at several lengths of window, and the floor under their lines."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal

WIDEST_RATIO = 1.12
"""A block of the floor reaches from its middle to this many times above, and as far below."""
FEWEST_BINS = 20
"""A block reaches so many bins to both sides at least."""
FLOORS_AN_OCTAVE = 24
LOBE = 8.0
"""How far a Hann window spreads a tone, in bins of the window: what lies beyond is 65 dB down."""


@dataclass(frozen=True)
class Usable:
    """A recording, and which of its samples may be looked at.

    Attributes:
        samples: One channel without DC and infrasound, shape (n,).
        sample_rate_hz: Samples a second.
        mask: Whether a sample may be used, shape (n,).
        to_hz: Frequency above which nothing is known.
    """

    samples: Signal
    sample_rate_hz: int
    mask: NDArray[np.bool_]
    to_hz: float

    @property
    def usable_s(self) -> float:
        return float(np.count_nonzero(self.mask)) / self.sample_rate_hz

    def starts(self, length: int, hop: int) -> NDArray[np.int64]:
        """Where frames begin that lie in usable stretches whole, in samples."""
        if self.samples.size < length:
            return np.zeros(0, dtype=np.int64)
        starts = np.arange(0, self.samples.size - length + 1, hop)
        return starts if self.mask.all() else self.usable_from(starts, length)

    def usable_from(self, starts: NDArray[np.int64], length: int) -> NDArray[np.int64]:
        """Those of some starts, in samples, from which a length is within the recording and usable as a whole."""
        starts = starts[(starts >= 0) & (starts + length <= self.samples.size)]
        unusable = np.concatenate([[0], np.cumsum(~self.mask)])
        return np.asarray(starts[unusable[starts + length] == unusable[starts]])

    def frames(self, starts: NDArray[np.int64], length: int) -> NDArray[np.float64]:
        """The frames that begin there, shape (frames, length)."""
        return np.asarray(np.lib.stride_tricks.sliding_window_view(self.samples, length)[starts])


def apex(values: NDArray[np.float64], place: int) -> float:
    """Where the parabola through a value and its two neighbours has its top, at most half a place away.

    Example:
        >>> apex(np.array([0.0, 3.0, 4.0, 1.0]), 2)
        1.75
    """
    if not 0 < place < values.size - 1:
        return float(place)
    below, top, above = values[place - 1 : place + 2]
    bend = float(below - 2 * top + above)
    return place + (0.0 if bend == 0 else min(0.5, max(-0.5, float(below - above) / (2 * bend))))


@dataclass(frozen=True)
class PowerSpectrum:
    """Mean power in bins of Hann frames.

    Attributes:
        window_s: Length of the frames.
        step_hz: Distance of bins.
        power: Power of the recording that falls in each bin: sums to its mean square.
        floor: The same of what lies under the lines.
        averages: How many independent frames the mean is worth.
    """

    window_s: float
    step_hz: float
    power: NDArray[np.float64]
    floor: NDArray[np.float64]
    averages: float

    def frequency_hz(self) -> NDArray[np.float64]:
        return np.asarray(np.arange(self.power.size) * self.step_hz)


def power_spectrum(heard: Usable, window_s: float) -> PowerSpectrum | None:
    """Spectrum by frames of a length, half over each other; None if fewer than two fit in what is usable.

    A Hann window spreads a line over its main lobe of four bins: the powers of these sum to that of the line, since
    they are divided by the window's mean square.

    Example:
        >>> tone = np.sin(2 * np.pi * 1000 * np.arange(32000) / 16000)
        >>> seen = power_spectrum(Usable(tone, 16000, np.ones(32000, bool), 8000), 0.5)
        >>> round(float(np.sum(seen.power[495:506])), 3)
        0.5
    """
    rate = heard.sample_rate_hz
    length = scipy.fft.next_fast_len(round(window_s * rate), real=True)
    starts = heard.starts(length, length // 2)
    if starts.size < 2:
        return None
    window = scipy.signal.windows.hann(length, sym=False)
    total = np.zeros(length // 2 + 1)
    for block in np.array_split(starts, math.ceil(starts.size * length / 2**21)):
        spectrum = scipy.fft.rfft(heard.frames(block, length) * window)
        total += np.sum(spectrum.real**2 + spectrum.imag**2, axis=0)
    total[1:-1] *= 2  # of both signs of frequency
    power = total / (starts.size * length * float(np.sum(window**2)))
    # Hann frames that overlap by half share a sixth of their power: n of them are worth n / (1 + 2 / 36).
    averages = max(1.0, starts.size / (1 + 2 * (1 / 6) ** 2))
    return PowerSpectrum(length / rate, rate / length, power, floor_of(power, averages), averages)


def through_hann(density: NDArray[np.float64], step_hz: float, window_s: float) -> NDArray[np.float64]:
    """A power density as Hann frames show it in the mean: each part of it is spread over the window's main lobe.

    The window of T seconds has the transform sinc(x) / (1 - x^2) with x = f T, whose square is what remains of a tone
    at a distance of f.

    Args:
        density: Power in bins, evenly spaced from 0 Hz, shape (n,).
        step_hz: Distance of these bins.
        window_s: Length of the frames.

    Returns:
        The same, spread, shape (n,).

    Example:
        >>> tone = np.zeros(100)
        >>> tone[50] = 1.0
        >>> through_hann(tone, 1.0, 1.0)[48:53].round(3).tolist()
        [0.0, 0.167, 0.667, 0.167, 0.0]
    """
    away = np.arange(1, math.ceil(LOBE / window_s / step_hz) + 1) * step_hz * window_s
    # At a distance of one bin of the window the quotient is 0 / 0: its limit is a half.
    below = np.where(np.abs(1 - away**2) < 1e-9, 1.0, 1 - away**2)
    half = np.where(below == 1.0, 0.5, np.sinc(away) / below) ** 2
    lobe = np.concatenate([half[::-1], [1.0], half])
    return np.asarray(np.convolve(density, lobe / np.sum(lobe), "same"))


def floor_of(power: NDArray[np.float64], averages: float) -> NDArray[np.float64]:
    """The floor under the lines of a spectrum: its median in blocks that widen with frequency.

    The mean of K powers of Gaussian noise is a gamma variable of shape K, whose median is about 1 - 1 / (3 K) times its
    mean: the median is divided by that.

    Args:
        power: Power in bins, evenly spaced from 0 Hz, shape (n,).
        averages: K.

    Returns:
        Shape (n,).
    """
    bins = power.size
    octaves = math.log2(max(2, bins))
    middles = np.unique(np.rint(2 ** np.arange(0, octaves, 1 / FLOORS_AN_OCTAVE)).astype(int))
    middles = middles[middles < bins]
    floors = np.empty(middles.size)
    for place, middle in enumerate(middles):
        reach = max(FEWEST_BINS, round(middle * (WIDEST_RATIO - 1)))
        floors[place] = np.median(power[max(1, middle - reach) : middle + reach + 1])
    shrunk = 1 - 1 / (3 * max(1.0, averages))
    smallest = float(np.finfo(np.float64).tiny)
    logs = np.interp(np.arange(bins), middles, np.log(np.maximum(floors / shrunk, smallest)))
    return np.asarray(np.exp(logs))
