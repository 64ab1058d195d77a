"""Gaussian noise whose level in each band has a life of its own: its distribution, its speed, what bands share."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.quantiles import LevelCurve
from augment.acoustics.shaping import Density, White, bins, noise_of_bands
from augment.acoustics.spectrum import OCTAVE_EDGE, density_of_octaves
from augment.acoustics.synthesis import Streams

LEVELS_HZ = 400
"""Levels a second. Between them power goes in a straight line, which takes 0.4 dB of a swing at 64 Hz."""
SWING_BINS = 8192
"""Bins from 0 to 200 Hz in which the spectrum of a swing is given: 0.024 Hz apart."""


@dataclass(frozen=True)
class BandSwing:
    """How the level of a band swings.

    Attributes:
        from_hz: Lower edge of the band.
        to_hz: Upper edge.
        levels: Distribution of the level over time.
        modulation_db: Power of the normal score of the level by octave of modulation frequency, centre in Hz and level
            in dB. Only differences count.
        together: Share of the variance of that score, 0 to 1, that is a score of all bands at this band's own speed:
            those of two bands are correlated, at each rate, by the root of the product of their shares.
    """

    from_hz: float
    to_hz: float
    levels: LevelCurve
    modulation_db: tuple[tuple[float, float], ...]
    together: float = 0.0

    @property
    def density(self) -> Density:
        """Spectrum of its normal score in bins from 0 to half of the rate of levels, of power 1."""
        return _score_density(self.modulation_db)


@lru_cache(maxsize=256)
def _score_density(modulation_db: tuple[tuple[float, float], ...]) -> Density:
    centre, level = np.array(sorted(modulation_db), dtype=np.float64).T
    hz = np.arange(SWING_BINS + 1, dtype=np.float64) * (LEVELS_HZ / 2 / SWING_BINS)
    density = density_of_octaves(hz, centre, level, OCTAVE_EDGE)
    density /= np.sum(density)
    density.setflags(write=False)
    return density


def _white(together: float, shared: np.random.Generator, own: np.random.Generator) -> White:
    """White noise of a band: what all bands have of it, and its own.

    Two parts that do not know of one another add up in power: t + (1 - t) = 1. Each band has both at its own speed, so
    that its score has its own spectrum.
    """
    ours, mine = math.sqrt(together), math.sqrt(1 - together)
    return lambda n: ours * shared.standard_normal(n) + mine * own.standard_normal(n)


def fluctuating_noise(
    samples: int, sample_rate_hz: int, streams: Streams, density: Density, bands: Sequence[BandSwing], lead: int = 0
) -> Signal:
    """Shaped noise whose bands swing.

    Noise is cut into bands, whose levels are turned up and down, and which add up in power: bands that do not overlap
    do not know of one another.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        streams: ``noise`` draws the noise, ``swings`` and ``swing 0``, ``swing 1`` ... how the bands swing; each has a
            stream of its own for the lead, with ``before`` behind its name.
        density: Mean power in each bin of :func:`~augment.acoustics.shaping.bins`, over a long time.
        bands: By rising frequency, each from where the one before it ends. Below the first and above the last the
            nearest one goes.
        lead: Samples before the beginning.

    Returns:
        Shape (lead + n,), of mean power ``sum(density)`` over a long time.

    Example:
        >>> from augment.streams import generator
        >>> swing = BandSwing(100, 8000, LevelCurve(((0.05, -4.0), (0.95, 4.0))), ((2.0, 0.0), (4.0, 0.0)))
        >>> white = fluctuating_noise(160000, 16000, generator, np.full(8193, 1 / 8193), [swing])
        >>> bool(abs(10 * np.log10(np.mean(white**2))) < 0.5)
        True
    """
    hop = round(sample_rate_hz / LEVELS_HZ)
    before, after = math.ceil(lead / hop), math.ceil(samples / hop) + 1
    edges = [band.to_hz for band in bands[:-1]]
    place = np.searchsorted(edges, bins(sample_rate_hz), side="right")
    parts = [
        (np.where(place == n, density, 0.0), _Power(_powers(band, n, after, streams, before), hop, before * hop - lead))
        for n, band in enumerate(bands)
    ]
    return noise_of_bands(
        samples, parts, streams("noise").standard_normal, lead, streams("noise before").standard_normal
    )


def _powers(band: BandSwing, number: int, steps: int, streams: Streams, before: int) -> NDArray[np.float64]:
    """Powers of a band over time at the rate of levels, of mean 1 in the long run, shape (before + steps,)."""
    now = _white(band.together, streams("swings"), streams(f"swing {number}"))
    earlier = _white(band.together, streams("swings before"), streams(f"swing {number} before"))
    score = noise_of_bands(steps, [(band.density, None)], now, before, earlier)
    return band.levels.gains(score) ** 2


@dataclass(frozen=True, eq=False)
class _Power:
    """A power over time, in straight lines.

    Attributes:
        steps: Powers at the rate of levels, shape (n,).
        hop: Samples from one to the next.
        first: Samples from the first of them to the first that is asked for.
    """

    steps: NDArray[np.float64]
    hop: int
    first: int

    def __call__(self, start: int, stop: int) -> Signal:
        """Amplitudes from one sample to another. Between two steps the mean of power is theirs: 1 in the long run."""
        begin = start + self.first
        low, high = begin // self.hop, -(-(stop + self.first) // self.hop)
        pieces = self.steps[low : high + 1]
        rising = np.arange(self.hop) / self.hop
        power = pieces[:-1, np.newaxis] + np.diff(pieces)[:, np.newaxis] * rising
        skipped = begin - low * self.hop
        return np.sqrt(power.ravel()[skipped : skipped + stop - start])
