"""The slow amplitude and phase of a line: its samples, moved to 0 Hz and thinned out."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.fitting.spectra import Usable

Complex = NDArray[np.complex128]
OVERSAMPLED = 4
"""Samples a second of an envelope, for each Hz of its band to one side."""


@dataclass(frozen=True)
class Envelope:
    """Complex amplitude of what lies near a frequency.

    Attributes:
        amplitude: Its modulus is the amplitude of a tone there, its angle the tone's phase against the frequency.
            Shape (m,).
        rate_hz: Samples a second.
        usable: Which of them may be looked at, shape (m,).
        frequency_hz: The frequency that was moved to 0.
        reach_hz: What lies so far to both sides is in it; the filter falls over the outer half of that.
    """

    amplitude: Complex
    rate_hz: float
    usable: NDArray[np.bool_]
    frequency_hz: float
    reach_hz: float

    @cached_property
    def power(self) -> NDArray[np.float64]:
        """Mean square of the tone at each time: half of its squared amplitude."""
        return np.asarray((self.amplitude.real**2 + self.amplitude.imag**2) / 2)

    def rise_s(self) -> float:
        """How long the filter takes from 10 % to 90 % of a step.

        A filter with a raised-cosine edge from B / 2 to B has the half-amplitude bandwidth 0.75 B; the step response of
        a low-pass of bandwidth b rises in about 0.44 / b.
        """
        return 0.44 / (0.75 * self.reach_hz)


class Demodulator:
    """Takes envelopes of lines from one transform of a recording."""

    def __init__(self, heard: Usable) -> None:
        self._heard = heard
        self._size = scipy.fft.next_fast_len(heard.samples.size + heard.sample_rate_hz // 2, real=True)

    @cached_property
    def _spectrum(self) -> Complex:
        return np.asarray(scipy.fft.rfft(self._heard.samples, self._size))

    def envelope(self, frequency_hz: float, reach_hz: float) -> Envelope:
        """The envelope of what lies within ``reach_hz`` of a frequency."""
        rate, size = self._heard.sample_rate_hz, self._size
        step = rate / size
        middle, reach = round(frequency_hz / step), max(4, round(reach_hz / step))
        bins = np.arange(-reach, reach + 1)
        # Flat to half of the reach, then down along a raised cosine.
        edge = np.clip(2 * np.abs(bins) / reach - 1, 0, 1)
        places = middle + bins
        inside = (places > 0) & (places < self._spectrum.size)
        part = np.zeros(bins.size, dtype=np.complex128)
        part[inside] = self._spectrum[places[inside]]
        part *= 0.5 + 0.5 * np.cos(np.pi * edge)
        small = scipy.fft.next_fast_len(2 * OVERSAMPLED // 2 * reach + 1)
        folded = np.zeros(small, dtype=np.complex128)
        folded[bins % small] = part
        # The inverse transform of small size is small/size too large; both signs of frequency make the factor 2.
        amplitude = scipy.fft.ifft(folded) * (2 * small / size)
        rate_hz = rate * small / size
        count = min(small, math.ceil(self._heard.samples.size * small / size))
        amplitude = amplitude[:count] * np.exp(2j * np.pi * (middle * step - frequency_hz) * np.arange(count) / rate_hz)
        return Envelope(amplitude, rate_hz, self._usable(count, rate_hz, reach_hz), frequency_hz, reach_hz)

    def _usable(self, count: int, rate_hz: float, reach_hz: float) -> NDArray[np.bool_]:
        """Times whose neighbourhood, as long as the filter rings, is usable."""
        heard = self._heard
        ring = round(1.0 / reach_hz * heard.sample_rate_hz)
        unusable = np.concatenate([[0], np.cumsum(~heard.mask)])
        places = np.rint(np.arange(count) * heard.sample_rate_hz / rate_hz).astype(np.int64)
        low = np.clip(places - ring, 0, heard.mask.size)
        high = np.clip(places + ring, 0, heard.mask.size)
        away = (places - ring >= 0) & (places + ring <= heard.mask.size)
        return np.asarray(away & (unusable[high] == unusable[low]))
