"""How fast power swings whose level is a function of a Gaussian score, and the score that swings as fast as asked."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics.fluctuation import CONTROL_HZ
from augment.acoustics.quantiles import LevelCurve
from augment.acoustics.spectrum import OCTAVE_EDGE

RATES_HZ = tuple(2.0**k for k in range(-2, 7))
"""Centres of the octaves in which swings are told."""
SLOWEST_HZ = 0.03
BINS = 2048
ORDERS = 64
FURTHEST, STEP = 8.0, 1 / 32
"""Deviations up to which a normal score counts in a mean, and the steps in which it is summed."""
BULK, STRETCH = 0.9, (0.3, 2.5)
"""Levels up to that quantile stay, and those above it lie so much less or more above it."""
STRETCHES, MOST_MORE = 4, 2.0
MOST_UNTYPICAL = 1.25
"""By more a variance is not corrected: how many values were independent is itself an estimate."""
ROUNDS, STEADILY, MOST_STEP_DB = 8, 0.7, 6.0
LEAST_DB = -40.0
LOST_DB = 2.0
"""A swing of the score loses no more than that: pauses hold little power, and are what is heard through."""
BEYOND_DB = 3.0
"""What cannot be seen falls by so much an octave: power that jumps does."""

_SCORES = np.arange(-FURTHEST, FURTHEST + STEP, STEP)
_WEIGHTS = np.exp(-(_SCORES**2) / 2) * (STEP / math.sqrt(2 * math.pi))
_HZ = np.arange(BINS + 1) * (CONTROL_HZ / 2 / BINS)
_OCTAVES = np.stack([(max(SLOWEST_HZ, f / OCTAVE_EDGE) <= _HZ) & (f * OCTAVE_EDGE > _HZ) for f in RATES_HZ])
_FLAT = _OCTAVES / np.sum(_OCTAVES, axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class Wanted:
    """What the power of a band does.

    Attributes:
        quantiles_db: Quantiles of its level by probability.
        crest: Mean square of its power over its squared mean.
        variances: Variance of power over its mean in each octave of :data:`RATES_HZ`, shape (m,), where it can be seen;
            m may be less than their number.
        score: Variance of the normal score of the level in the same octaves, shape (m,).
        independent: From so many independent values of power the variances are known.
    """

    quantiles_db: dict[float, float]
    crest: float
    variances: NDArray[np.float64]
    score: NDArray[np.float64]
    independent: float


@dataclass(frozen=True)
class Swing:
    """How a band is told to swing: quantiles of its level by probability, and its score's modulation spectrum."""

    quantiles_db: dict[float, float]
    modulation_db: dict[float, float]


def crest(levels: LevelCurve) -> float:
    """Mean square of power over its squared mean: 1 if it never changes."""
    power = levels.gains(_SCORES) ** 2
    return float(np.sum(_WEIGHTS * power**2))


def untypical(levels: LevelCurve, independent: float) -> float:
    """How much larger the variance of power is than it typically looks from some independent values.

    A few rare blows hold most of it: seldom a recording has more of them than it should have, and usually it has fewer.
    If the variance of n values is distributed as the exponential of a normal variable, with a relative deviation d of
    d^2 = (E[P^4] / E[P^2]^2 - 1) / n, its mean is sqrt(1 + d^2) times its median.
    """
    power = levels.gains(_SCORES) ** 2
    second, fourth = (float(np.sum(_WEIGHTS * power**order)) for order in (2, 4))
    return min(math.sqrt(1 + (fourth / second**2 - 1) / max(independent, 1.0)), MOST_UNTYPICAL)


def stretched(quantiles_db: dict[float, float], wanted_crest: float) -> dict[float, float]:
    """Quantiles whose top is stretched, within limits, until power has a crest."""
    base, (least, most) = quantiles_db[BULK], STRETCH

    def by(factor: float) -> dict[float, float]:
        return {p: base + factor * (level - base) if p > BULK else level for p, level in quantiles_db.items()}

    for _ in range(12):
        middle = math.sqrt(least * most)
        if crest(LevelCurve.of(by(middle))) > wanted_crest:
            most = middle
        else:
            least = middle
    return by(math.sqrt(least * most))


def swing_for(wanted: Wanted) -> Swing:
    """A swing of the level of a band whose power swings as much and as fast as is wanted.

    The level is no linear function of the score, and power is none of the level: blows that are seldom hold most of the
    variance of power and little of that of the score. By Mehler's formula, if c[k] are the coefficients of power as a
    series of normalised Hermite polynomials of the score, and r the score's autocorrelation, the autocovariance of
    power is the sum of c[k]^2 r^k over k from 1 on. What power lacks in an octave, the score is given there; what it
    lacks in all, the top of the levels is given.
    """
    size = wanted.variances.size
    more = untypical(LevelCurve.of(stretched(wanted.quantiles_db, wanted.crest)), wanted.independent)
    variances, asked = more * wanted.variances, 1 + more * (wanted.crest - 1)
    shares_db = 10 * np.log10(np.maximum(wanted.score, 1e-9) / np.sum(wanted.score))
    spectrum_db = _extended(10 * np.log10(np.maximum(variances, 1e-9)))
    for _ in range(STRETCHES):
        quantiles_db = stretched(wanted.quantiles_db, asked)
        squares = _squares(LevelCurve.of(quantiles_db))
        for _ in range(ROUNDS):
            found = _power_octaves(_density(spectrum_db), squares)[:size]
            step_db = 10 * STEADILY * np.log10(np.maximum(variances, 1e-9) / np.maximum(found, 1e-9))
            level_db = spectrum_db[:size] + np.clip(step_db, -MOST_STEP_DB, MOST_STEP_DB)
            # Only differences count in a spectrum whose sum is 1.
            level_db -= 10 * np.log10(np.sum(10 ** (level_db / 10)))
            spectrum_db = _extended(np.maximum(level_db, shares_db - LOST_DB))
        if size < len(RATES_HZ):
            break  # what was not seen may be what lacks
        asked = 1 + (asked - 1) * float(np.clip(np.sum(variances) / np.sum(found), 1, MOST_MORE))
    return Swing(quantiles_db, dict(zip(RATES_HZ, (spectrum_db - np.max(spectrum_db)).tolist(), strict=True)))


def overlap(one: Swing, other: Swing) -> float:
    """Correlation of two scores that are one white noise at their own speeds: the sum of the roots of their spectra."""
    densities = [_density(np.array(list(swing.modulation_db.values()))) for swing in (one, other)]
    return float(np.sum(np.sqrt(densities[0] * densities[1])))


def _extended(level: NDArray[np.float64]) -> NDArray[np.float64]:
    beyond = level[-1] - BEYOND_DB * np.arange(1, len(RATES_HZ) - level.size + 1)
    return np.asarray(np.maximum(np.concatenate([level, beyond]), np.max(level) + LEAST_DB))


def _density(level_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """Density of a score, of power 1, that is flat within each octave."""
    powers = 10 ** (level_db / 10)
    return np.asarray((powers / np.sum(powers)) @ _FLAT)


def _squares(levels: LevelCurve) -> NDArray[np.float64]:
    """Squared coefficients of power by normalised Hermite polynomials of the score, of orders 1, 2 ..."""
    power = levels.gains(_SCORES) ** 2 * _WEIGHTS
    before, now = np.ones_like(_SCORES), _SCORES
    found = []
    for order in range(1, ORDERS + 1):
        found.append(float(np.sum(power * now)) ** 2)
        # sqrt(k + 1) h[k + 1] = z h[k] - sqrt(k) h[k - 1]
        before, now = now, (_SCORES * now - math.sqrt(order) * before) / math.sqrt(order + 1)
    return np.array(found)


def _power_octaves(density: NDArray[np.float64], squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance of power in octaves, of a score with a density."""
    size = 2 * BINS
    half = density * (size / 2)
    half[[0, -1]] *= 2
    correlation = np.clip(scipy.fft.irfft(half, size), -1, 1)
    covariance = np.zeros(size)
    for square in squares[::-1]:
        covariance = (covariance + square) * correlation
    spectrum = np.maximum(scipy.fft.rfft(covariance).real, 0) * (2 / size)
    return np.asarray(_OCTAVES @ spectrum)
