"""How the level of a noise lives in each band: its distribution, how fast it moves, what bands share."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics.quantiles import LevelCurve
from augment.acoustics.spectrum import OCTAVE_EDGE
from augment.fitting.crests import peaked
from augment.fitting.modulation import RATES_HZ, SLOWEST_HZ, overlap, spectrum_for
from augment.fitting.residue import Residue
from augment.fitting.spectra import Usable

EDGES_HZ = (44.7, 88.4, 177.0, 354.0, 707.0, 1414.0, 2828.0, 5657.0, 8000.0, 11314.0, 22627.0)
"""Octaves, but for an edge where that ends what a recogniser hears."""
DEGREES = 16.0
"""A band is seen in frames so long that the power of Gaussian noise in them has that many degrees of freedom at
least."""
FRAMES_S = (0.008, 0.16)
PROBABILITIES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 0.995, 0.999)
FEWEST_BEYOND = 4
"""A quantile is told if so many frames at least lie beyond it. Rare blows may hold most of the power of a band."""
FEWEST_FRAMES = 24
MOST_SWING_DB = 60.0
NEPER_DB = 10 / math.log(10)
LONGEST_S = 8.0
LEAST_OWN = 0.02
MOST_BLUR = 0.25
RELIABLE = 0.15
LOADING_ROUNDS = 40


@dataclass(frozen=True)
class Life:
    """The life of one band.

    Attributes:
        from_hz: Lower edge.
        to_hz: Upper edge.
        quantiles_db: Level by probability, about the median.
        modulation_db: Power of the swings of the normal score by octave of modulation frequency.
        together: Share of the variance of the normal score that all bands have.
        scatter_db: Standard deviation of the level, without that of Gaussian noise.
    """

    from_hz: float
    to_hz: float
    quantiles_db: dict[float, float]
    modulation_db: dict[float, float]
    together: float
    scatter_db: float


def lives_of(residue: Residue) -> tuple[Life, ...] | None:
    """The lives of the bands of a recording without its tones; None if it is too short."""
    heard = residue.heard
    seen = []
    for low, high in itertools.pairwise(EDGES_HZ):
        high = min(high, heard.to_hz)
        if high < 1.15 * low:
            break
        seen.append(_seen(residue, low, high))
        if np.count_nonzero(seen[-1].good) < FEWEST_FRAMES:
            return None
    if not seen:
        return None
    told = [one.told() for one in seen]
    together = _together(seen, [spectrum for _, spectrum in told])
    return tuple(
        Life(one.low_hz, one.high_hz, quantiles, spectrum, float(share), one.scatter_db)
        for one, (quantiles, spectrum), share in zip(seen, told, together, strict=True)
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """What is seen of a band, frame by frame.

    Attributes:
        low_hz, high_hz: Its edges.
        power: Shape (frames,).
        good: Which frames count.
        step_s: From one frame to the next.
        degrees: Degrees of freedom of the power of Gaussian noise in a frame.
    """

    low_hz: float
    high_hz: float
    power: NDArray[np.float64]
    good: NDArray[np.bool_]
    step_s: float
    degrees: float

    @cached_property
    def level_db(self) -> NDArray[np.float64]:
        """Level of the frames that count."""
        return np.asarray(10 * np.log10(np.maximum(self.power[self.good], 1e-30)))

    @cached_property
    def share(self) -> float:
        """Share of the variance of the level that is its own, and not that of Gaussian noise."""
        # ln of a chi-square variable of k degrees of freedom has the variance trigamma(k / 2).
        noise = NEPER_DB**2 * float(scipy.special.polygamma(1, self.degrees / 2))
        return max(0.0, 1 - noise / max(float(np.var(self.level_db)), 1e-12))

    @property
    def scatter_db(self) -> float:
        """Standard deviation of the level, without that of Gaussian noise."""
        return float(np.std(self.level_db)) * math.sqrt(self.share)

    @property
    def score(self) -> NDArray[np.float64]:
        """Normal score of the level, 0 in frames that do not count."""
        ranks = scipy.stats.rankdata(self.level_db)
        score = np.zeros(self.power.size)
        score[self.good] = scipy.special.ndtri((ranks - 0.5) / ranks.size)
        return score

    def told(self) -> tuple[dict[float, float], dict[float, float]]:
        """Level by probability about the median, and power of the normal score by octave of modulation frequency."""
        mean = float(np.mean(self.power[self.good]))
        frequency, density = self._welch(np.where(self.good, self.power / mean - 1, 0.0))
        # Speckle: power of k degrees of freedom scatters by 2 / k about what it would be, 1 + 2 / k times its square.
        # What is seen at the ends of a recording only is no swing: its spectrum, which fades there, has less of it.
        speckle = 2 / self.degrees
        crest = max((1 + float(np.sum(density) * frequency[1])) / (1 + speckle), 1.0)
        own = self._own(frequency, density, speckle * crest)
        # The variance of n independent values is as exact as that of a swing of a spectrum S in a time t, with
        # n = t (sum of S)^2 / (sum of S^2).
        heard_s = float(np.count_nonzero(self.good)) * self.step_s
        independent = heard_s * float(np.sum(own)) ** 2 / max(float(np.sum(own**2)), 1e-30) * float(frequency[1])
        quantiles = peaked(self._quantiles_db(), crest, independent)
        of_score = self._own(frequency, self._welch(self.score)[1], 1 - self.share)
        octaves = (_octaves(frequency, one) for one in (own, of_score))
        return quantiles, spectrum_for(LevelCurve.of(quantiles), *octaves)

    def _quantiles_db(self) -> dict[float, float]:
        used, shrink = self.level_db, math.sqrt(self.share)
        middle = float(np.median(used))
        return {
            p: float(np.clip((np.quantile(used, p) - middle) * shrink, -MOST_SWING_DB, MOST_SWING_DB))
            for p in PROBABILITIES
            if p < 0.99 or (1 - p) * used.size >= FEWEST_BEYOND
        }

    def _own(self, frequency: NDArray[np.float64], density: NDArray[np.float64], noise: float) -> NDArray[np.float64]:
        """Density of a swing as it was before frames blurred it, without noise of a variance, blurred like it."""
        blur = self._blur(frequency)
        noise_density = noise * blur / (float(np.mean(blur)) * frequency[-1])
        return np.asarray(np.maximum(density - noise_density, LEAST_OWN * density) / np.maximum(blur, MOST_BLUR))

    def _welch(self, swing: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Frequencies and density of what is 0 in frames that do not count."""
        size = min(swing.size, round(LONGEST_S / self.step_s))
        frequency, density = scipy.signal.welch(swing, 1 / self.step_s, nperseg=size, detrend=False)
        return frequency, density / float(np.mean(self.good))

    def _blur(self, frequency: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much of a swing the squared Hann window of a frame leaves of its power."""
        window = scipy.signal.windows.hann(256, sym=False) ** 2
        moments = np.arange(256) * (2 * self.step_s / 256)
        response = np.abs(np.exp(-2j * np.pi * np.outer(frequency, moments)) @ window) / np.sum(window)
        return np.asarray(response**2)


def _octaves(frequency_hz: NDArray[np.float64], density: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance in the octaves that lie in what is known; where no bin lies, the least of all."""
    found = []
    for centre in RATES_HZ:
        low, high = max(SLOWEST_HZ, centre / OCTAVE_EDGE), centre * OCTAVE_EDGE
        if high > 1.01 * frequency_hz[-1]:
            break
        inside = (frequency_hz >= low) & (frequency_hz < high)
        mean = float(np.mean(density[inside])) if inside.any() else 0.0
        found.append(mean * centre * (OCTAVE_EDGE - 1 / OCTAVE_EDGE))
    known = np.array(found)
    known[known == 0] = np.min(known[known > 0])
    return known


def _seen(residue: Residue, low_hz: float, high_hz: float) -> _Seen:
    """Power of a band over time."""
    heard: Usable = residue.heard
    rate = heard.sample_rate_hz
    width_hz = (high_hz - low_hz) * max(0.05, residue.share_kept(low_hz, high_hz))
    # Power over a Hann frame of t seconds in a band of B Hz has about 2 B t / 1.5 degrees of freedom.
    frame_s = float(np.clip(DEGREES * 1.5 / (2 * width_hz), *FRAMES_S))
    length = scipy.fft.next_fast_len(round(frame_s * rate), real=True)
    hop = max(1, length // 2)
    window = scipy.signal.windows.hann(length, sym=False)
    bins = scipy.fft.rfftfreq(length, 1 / rate)
    inside = (bins >= low_hz) & (bins < high_hz)
    if not inside.any():
        inside[int(np.argmin(np.abs(bins - (low_hz + high_hz) / 2)))] = True
    starts = np.arange(0, heard.samples.size - length + 1, hop)
    powers = np.empty(starts.size)
    done = 0
    for block in np.array_split(starts, max(1, math.ceil(starts.size * length / 2**21))):
        spectrum = scipy.fft.rfft(heard.frames(block, length) * window)[:, inside]
        powers[done : done + block.size] = np.sum(spectrum.real**2 + spectrum.imag**2, axis=1)
        done += block.size
    usable = np.zeros(starts.size, dtype=np.bool_)
    usable[np.searchsorted(starts, heard.starts(length, hop))] = True
    degrees = max(2.0, 2 * width_hz * length / rate / 1.5)
    return _Seen(low_hz, high_hz, powers, usable, hop / rate, degrees)


def _together(seen: Sequence[_Seen], spectra: Sequence[dict[float, float]]) -> NDArray[np.float64]:
    """Share of the variance of the normal score of each band that all bands have, shape (bands,).

    One factor with loadings l correlates two bands by l[a] l[b]: the loading of each is what explains its correlations
    best, one after the other until they agree. Bands that are steady have none.
    """
    longest = max(one.step_s for one in seen)
    resampled = [_thinned(one.score, one.good, longest / one.step_s) for one in seen]
    size = min(part.size for part in resampled)
    living = [n for n, one in enumerate(seen) if one.share > RELIABLE]
    correlation = np.zeros((len(seen), len(seen)))
    for a, b in itertools.combinations(living, 2):
        raw = float(np.corrcoef(resampled[a][:size], resampled[b][:size])[0, 1])
        own = raw / (math.sqrt(seen[a].share * seen[b].share) * overlap(spectra[a], spectra[b]))
        correlation[a, b] = correlation[b, a] = np.clip(own, 0, 1)
    loadings = np.where(np.any(correlation > 0, axis=1), 0.7, 0.0)
    for _ in range(LOADING_ROUNDS):
        others = np.maximum(np.sum(loadings**2) - loadings**2, 1e-9)
        loadings = (loadings + np.clip(correlation @ loadings / others, 0, 1)) / 2
    return np.asarray(loadings**2)


def _thinned(score: NDArray[np.float64], good: NDArray[np.bool_], ratio: float) -> NDArray[np.float64]:
    places = np.arange(0, score.size - 1, ratio)
    return np.asarray(np.interp(places, np.flatnonzero(good), score[good]))
