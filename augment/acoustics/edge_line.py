"""Strong lines on the sloping edges of a band, where a small shift in frequency changes how much of them counts."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.spectrum import LOWER_EDGE_OCTAVES, UPPER_EDGE_OCTAVES, band_weight, mean_density

LOWEST_HZ = 10.0
PER_OCTAVE = 24
"""A 24th of an octave is 2.9 % of its frequency: from 34 Hz on wider than the 1 Hz between bins of a spectrum."""
SEEN_S = 60.0
STRONG = 0.3
"""Least share of the weighted power in a band for a line to be reported."""
PARTLY = (0.05, 0.95)


@dataclass(frozen=True)
class FineSpectrum:
    """Mean power of a noise in bands of a 24th of an octave, from 10 Hz.

    Attributes:
        powers: Up to half the sample rate, in any unit.
    """

    powers: tuple[float, ...]


@dataclass(frozen=True)
class EdgeLine:
    """A line on an edge of a band.

    Attributes:
        frequency_hz: Frequency of the line, to a 24th of an octave.
        share: Its share of the weighted power in the band, 0 to 1.
        counted: How much of the line itself counts, 0 to 1.
        wider_hz: A corner at which all of it would count.
        lower: Whether it is on the lower edge.
    """

    frequency_hz: float
    share: float
    counted: float
    wider_hz: float
    lower: bool

    def __str__(self) -> str:
        edge = "lower" if self.lower else "upper"
        return (
            f"a line near {self.frequency_hz:g} Hz is {100 * self.share:.0f} % of what counts of it, and stands on the "
            f"{edge} edge of the band of the SNR, where {100 * self.counted:.0f} % of it counts; a corner at "
            f"{self.wider_hz:g} Hz counts all of it (snr: {{band_hz: ...}})"
        )


def fine_spectrum(signal: Signal, sample_rate_hz: int) -> FineSpectrum:
    """Fine spectrum of the first minute of a noise, from periodograms with a resolution of about 1 Hz.

    Args:
        signal: Shape (n,), not empty.
        sample_rate_hz: Samples a second.

    Reference: Welch (1967), IEEE Trans. Audio Electroacoust. 15:70.
    """
    seen = signal[: round(SEEN_S * sample_rate_hz)]
    frequency, density = mean_density(seen, sample_rate_hz)
    above = frequency >= LOWEST_HZ
    place = np.floor(PER_OCTAVE * np.log2(frequency[above] / LOWEST_HZ)).astype(np.int64)
    return FineSpectrum(tuple(np.bincount(place, density[above]).tolist()))


def edge_line(spectrum: FineSpectrum, sample_rate_hz: int, band_hz: tuple[float, float]) -> EdgeLine | None:
    """The strongest line on an edge of a band, if it makes up much of the weighted power in the band.

    Args:
        spectrum: Spectrum of a noise.
        sample_rate_hz: Sample rate of the test set.
        band_hz: Corners of the band, as in :func:`augment.acoustics.spectrum.band_weight`.

    Example:
        >>> hum = np.sin(2 * np.pi * 100 * np.arange(48000) / 16000)
        >>> found = edge_line(fine_spectrum(hum, 16000), 16000, (100.0, 7000.0))
        >>> found.frequency_hz, found.wider_hz, edge_line(fine_spectrum(hum, 16000), 16000, (50.0, 7000.0))
        (99.0, 50.0, None)
    """
    powers = np.array(spectrum.powers)
    centre = LOWEST_HZ * 2 ** ((np.arange(powers.size) + 0.5) / PER_OCTAVE)
    high = band_hz[1] if band_hz[1] < sample_rate_hz / 2 else math.inf
    counted = band_weight(centre, (band_hz[0], high))
    counted[centre > sample_rate_hz / 2] = 0.0
    total = float(np.sum(powers * counted))
    on_edge = (counted > PARTLY[0]) & (counted < PARTLY[1])
    if total <= 0 or not on_edge.any():
        return None
    return _told(centre, powers * counted / total * on_edge, counted, band_hz[0])


def _told(
    centre: NDArray[np.float64], shares: NDArray[np.float64], counted: NDArray[np.float64], low_hz: float
) -> EdgeLine | None:
    place = int(np.argmax(shares))
    if shares[place] < STRONG:
        return None
    line_hz = float(f"{centre[place]:.2g}")
    # An edge reaches w octaves to both sides of its corner: with the corner moved away by w the line is at its end.
    lower = line_hz < 2**LOWER_EDGE_OCTAVES * low_hz
    wider_hz = line_hz / 2**LOWER_EDGE_OCTAVES if lower else line_hz * 2**UPPER_EDGE_OCTAVES
    return EdgeLine(line_hz, float(shares[place]), float(counted[place]), float(f"{wider_hz:.2g}"), lower)
