"""Gaussian noise whose level in each band has a life of its own: its distribution, its speed, what bands share."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.quantiles import LevelCurve
from augment.acoustics.shaping import Density, shaped_noise
from augment.acoustics.spectrum import OCTAVE_EDGE, density_of_octaves
from augment.acoustics.synthesis import CONTROL_HZ, Streams

CONTROL_BINS = 4096
"""Bins from 0 to 50 Hz in which the spectrum of a swing is given: 0.012 Hz apart."""
FRAMES = 32
"""Frames that are filtered at once: always as many, so that none depends on how many are wanted."""
RINGING = 3
"""Frames around one that reach into it: its two neighbours overlap with it, and the next ones ring into it."""
FURTHEST, STEP = 8.0, 0.125
"""Deviations up to which a normal score counts in a mean, and the steps in which it is summed."""


@dataclass(frozen=True)
class BandSwing:
    """How the level of a band swings.

    Attributes:
        from_hz: Lower edge of the band.
        to_hz: Upper edge.
        levels: Distribution of the level over time.
        modulation_db: Power of the normal score of the level by octave of modulation frequency, centre in Hz and level
            in dB. Only differences count.
    """

    from_hz: float
    to_hz: float
    levels: LevelCurve
    modulation_db: tuple[tuple[float, float], ...]

    @property
    def density(self) -> Density:
        """Spectrum of its normal score at the control rate, of power 1."""
        return _control_density(self.modulation_db)


@lru_cache(maxsize=256)
def _control_density(modulation_db: tuple[tuple[float, float], ...]) -> Density:
    centre, level = np.array(sorted(modulation_db), dtype=np.float64).T
    hz = np.arange(CONTROL_BINS + 1, dtype=np.float64) * (CONTROL_HZ / 2 / CONTROL_BINS)
    density = density_of_octaves(hz, centre, level, OCTAVE_EDGE)
    density /= np.sum(density)
    density.setflags(write=False)
    return density


@dataclass(frozen=True)
class Swings:
    """The swings of all bands.

    Attributes:
        bands: By rising frequency, each from where the one before it ends. Below the first and above the last the
            nearest one goes.
        together: Correlation of the normal scores of any two bands, 0 to 1.
    """

    bands: tuple[BandSwing, ...]
    together: float = 0.0

    @cached_property
    def common(self) -> Density:
        """Spectrum of what all bands share: the mean of theirs."""
        return np.asarray(np.mean([band.density for band in self.bands], axis=0))

    def scores(self, steps: int, streams: Streams, before: int = 0) -> NDArray[np.float64]:
        """Normal scores of the bands' levels at the control rate, shape (bands, before + steps)."""
        shared = shaped_noise(steps, self.common, streams("swings"), before, streams("swings before"))
        own = [
            shaped_noise(steps, band.density, streams(f"swing {n}"), before, streams(f"swing {n} before"))
            for n, band in enumerate(self.bands)
        ]
        # Two parts that do not know of one another add up in power: t + (1 - t) = 1. Two bands share the first.
        return math.sqrt(self.together) * shared + math.sqrt(1 - self.together) * np.stack(own)

    def gains(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Amplitudes of the bands at their scores, of mean square 1; shapes (bands, n)."""
        return np.stack([band.levels.gains(score) for band, score in zip(self.bands, scores, strict=True)])

    def products(self, later: int) -> NDArray[np.float64]:
        """Mean product of the gains of two bands, of which the second is some control steps later, (bands, bands)."""
        at = np.cos(2 * np.pi * later * np.arange(CONTROL_BINS + 1) / (2 * CONTROL_BINS))
        shared = self.together * float(np.sum(self.common * at))
        alone = [(1 - self.together) * float(np.sum(band.density * at)) for band in self.bands]
        return np.array(
            [
                [
                    _mean_product(one.levels, other.levels, shared + (own if i == j else 0.0))
                    for j, other in enumerate(self.bands)
                ]
                for i, (one, own) in enumerate(zip(self.bands, alone, strict=True))
            ]
        )

    def weights(self, bins: int, hop: int, sample_rate_hz: int) -> NDArray[np.float64]:
        """How much of each band's gain counts in each bin of a frame of 4 hops, shape (bands, bins).

        The gain of a band is that of its bins, smoothed over frequency so that its response is no longer than two hops:
        then no frame wraps around. A mix of several gains has less power than each of them if they do not swing
        together, and so has the overlap of two frames: see the comment.
        """
        frequency = np.arange(bins) * (sample_rate_hz / (4 * hop))
        edges = [band.to_hz for band in self.bands[:-1]]
        place = np.searchsorted(edges, frequency, side="right")
        hard = np.stack([place == n for n in range(len(self.bands))]).astype(np.float64)
        response = scipy.fft.irfft(hard, 4 * hop, axis=1)
        # Real spectra have responses that are symmetric about 0: a Hann window about it ends one hop away.
        lag = np.minimum(np.arange(4 * hop), 4 * hop - np.arange(4 * hop)) / hop
        window = np.where(lag < 1, 0.5 + 0.5 * np.cos(np.pi * np.minimum(lag, 1)), 0.0)
        smooth = scipy.fft.rfft(response * window, axis=1).real
        # Under Hann windows w and 1 - w of two frames with gains g and h the power is
        # (w^2 + (1 - w)^2) E[gg] + 2 w (1 - w) E[gh]; over a hop the means of the factors are 3/4 and 1/4. The gain of
        # a frame in a bin is the sum of those of the bands with their weights there, so its mean products are sums too.
        square = 0.75 * self.products(0) + 0.25 * self.products(1)
        power = np.sum(smooth[:, np.newaxis] * smooth[np.newaxis] * square[:, :, np.newaxis], axis=(0, 1))
        return np.asarray(smooth / np.sqrt(power))


@lru_cache(maxsize=512)
def _mean_product(one: LevelCurve, other: LevelCurve, correlation: float) -> float:
    """Mean product of two gains whose normal scores have a correlation."""
    # Sums of equal steps, which for the normal density are as exact as any rule, and have no eigenvalues in them whose
    # last digits another machine finds otherwise.
    nodes = np.arange(-FURTHEST, FURTHEST + STEP, STEP)
    weights = np.exp(-(nodes**2) / 2) * (STEP / math.sqrt(2 * math.pi))
    # A score that is correlated by r with z is r z + sqrt(1 - r^2) n, with n independent of z.
    rest = math.sqrt(max(0.0, 1 - correlation**2))
    second = other.gains(correlation * nodes[:, np.newaxis] + rest * nodes)
    return float(np.sum(weights * one.gains(nodes) * np.sum(second * weights, axis=1)))


_weights = lru_cache(maxsize=16)(Swings.weights)


def fluctuating_noise(
    samples: int, sample_rate_hz: int, streams: Streams, density: Density, swings: Swings, lead: int = 0
) -> Signal:
    """Shaped noise whose bands swing.

    The noise is filtered in frames of 20 ms under Hann windows, each with the gains of its own time.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        streams: ``noise`` draws the noise, ``swings`` and ``swing 0``, ``swing 1`` ... how the bands swing; each has a
            stream of its own for the lead, with ``before`` behind its name.
        density: Mean power in each bin of :func:`~augment.acoustics.shaping.bins`, over a long time.
        swings: How the level of each band swings.
        lead: Samples before the beginning.

    Returns:
        Shape (lead + n,), of mean power ``sum(density)`` over a long time.

    Example:
        >>> from augment.streams import generator
        >>> swing = BandSwing(100, 8000, LevelCurve(((0.05, -4.0), (0.95, 4.0))), ((2.0, 0.0), (4.0, 0.0)))
        >>> white = fluctuating_noise(160000, 16000, generator, np.full(8193, 1 / 8193), Swings((swing,)))
        >>> bool(abs(10 * np.log10(np.mean(white**2))) < 0.5)
        True
    """
    hop = round(sample_rate_hz / CONTROL_HZ)
    # Frame k reaches from one hop before sample k * hop to one after it, and rings for another to both sides.
    before = _groups(math.ceil(lead / hop) + RINGING)
    after = _groups(math.ceil(samples / hop) + RINGING)
    noise = shaped_noise((after + 1) * hop, density, streams("noise"), (before + 1) * hop, streams("noise before"))
    gains = swings.gains(swings.scores(after, streams, before))
    weights = _weights(swings, 2 * hop + 1, hop, sample_rate_hz)
    out = np.zeros((before + after + 4) * hop)  # from two hops before the first frame's middle
    for first, parts in _filtered(noise, gains, weights, hop):
        for quarter in range(4):
            place = (first + quarter) * hop
            out[place : place + FRAMES * hop] += parts[:, quarter * hop : (quarter + 1) * hop].ravel()
    middle = (before + 2) * hop
    return out[middle - lead : middle + samples]


def _groups(frames: int) -> int:
    """Frames of whole groups."""
    return math.ceil(frames / FRAMES) * FRAMES


def _filtered(
    noise: Signal, gains: NDArray[np.float64], weights: NDArray[np.float64], hop: int
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Frames under their gains, group by group, each of four hops around its middle: number of the first, samples."""
    window = np.hanning(2 * hop + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(noise, 2 * hop)[::hop]
    for first in range(0, gains.shape[1], FRAMES):
        padded = np.zeros((FRAMES, 4 * hop))
        padded[:, hop : 3 * hop] = frames[first : first + FRAMES] * window
        spectrum, gain = scipy.fft.rfft(padded, axis=1), np.zeros((FRAMES, weights.shape[1]))
        for weight, level in zip(weights, gains[:, first : first + FRAMES], strict=True):
            gain += level[:, np.newaxis] * weight
        yield first, scipy.fft.irfft(spectrum * gain, 4 * hop, axis=1)
