"""How fast power swings whose level is a function of a Gaussian score, and the score that swings as fast as asked."""

import math

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics.fluctuation import LEVELS_HZ
from augment.acoustics.quantiles import LevelCurve
from augment.acoustics.spectrum import OCTAVE_EDGE
from augment.fitting.crests import SCORES, WEIGHTS

RATES_HZ = tuple(2.0**k for k in range(-2, 7))
"""Centres of the octaves in which swings are told."""
SLOWEST_HZ = 0.03
"""Where the lowest of them begins at the earliest: what is slower has no place in a recording."""
BINS = 2048
"""Bins of a modulation spectrum, a tenth of a hertz apart."""
ORDERS = 64
"""Terms of the series: what is left out of it is quicker than any octave that is told."""
ROUNDS, STEADILY, MOST_STEP_DB = 8, 0.7, 6.0
LEAST_DB = -40.0
BEYOND_DB = 3.0
"""What cannot be seen falls by so much an octave: power that jumps does."""

_HZ = np.arange(BINS + 1) * (LEVELS_HZ / 2 / BINS)
_OCTAVES = np.stack([(max(SLOWEST_HZ, f / OCTAVE_EDGE) <= _HZ) & (f * OCTAVE_EDGE > _HZ) for f in RATES_HZ])
_FLAT = _OCTAVES / np.sum(_OCTAVES, axis=1, keepdims=True)


def spectrum_for(levels: LevelCurve, power: NDArray[np.float64], score: NDArray[np.float64]) -> dict[float, float]:
    """Modulation spectrum of a score that swings as it was heard to, and quicker where power does.

    The level is no linear function of the score, and power is none of the level: blows that are seldom hold most of the
    variance of power and little of that of the score. By Mehler's formula, if c[k] are the coefficients of power as a
    series of normalised Hermite polynomials of the score, and r the score's autocorrelation, the autocovariance of
    power is the sum of c[k]^2 r^k over k from 1 on. What power lacks in an octave, the score is given there. It loses
    nothing of what it was heard to do: pauses hold little power, and are what is heard through.

    Args:
        levels: Level as a function of the score.
        power: Variance of power over its mean in each octave of :data:`RATES_HZ` that can be seen, shape (m,).
        score: That of the score in the same octaves, shape (m,).

    Returns:
        Level in dB by octave, the highest of them 0.
    """
    squares, wanted = _squares(levels), np.maximum(power, 1e-9)
    heard_db = 10 * np.log10(np.maximum(score, 1e-9) / np.sum(score))
    spectrum_db = _extended(10 * np.log10(wanted))
    for _ in range(ROUNDS):
        found = np.maximum(_power_octaves(spectrum_db, squares)[: power.size], 1e-9)
        step_db = np.clip(10 * STEADILY * np.log10(wanted / found), -MOST_STEP_DB, MOST_STEP_DB)
        level_db = spectrum_db[: power.size] + step_db
        # Only differences count in a spectrum whose sum is 1.
        level_db -= 10 * np.log10(np.sum(10 ** (level_db / 10)))
        spectrum_db = _extended(np.maximum(level_db, heard_db))
    return dict(zip(RATES_HZ, (spectrum_db - np.max(spectrum_db)).tolist(), strict=True))


def overlap(one: dict[float, float], other: dict[float, float]) -> float:
    """Correlation of two scores that are one white noise at their own speeds: the sum of the roots of their spectra."""
    shares = [_shares(np.array(list(spectrum.values()))) for spectrum in (one, other)]
    return float(np.sum(np.sqrt(shares[0] * shares[1])))


def _extended(level_db: NDArray[np.float64]) -> NDArray[np.float64]:
    beyond = level_db[-1] - BEYOND_DB * np.arange(1, len(RATES_HZ) - level_db.size + 1)
    return np.asarray(np.maximum(np.concatenate([level_db, beyond]), np.max(level_db) + LEAST_DB))


def _shares(level_db: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = 10 ** (level_db / 10)
    return np.asarray(powers / np.sum(powers))


def _squares(levels: LevelCurve) -> NDArray[np.float64]:
    """Squared coefficients of power by normalised Hermite polynomials of the score, of orders 1, 2 ..."""
    power = levels.gains(SCORES) ** 2 * WEIGHTS
    before, now = np.ones_like(SCORES), SCORES
    found = []
    for order in range(1, ORDERS + 1):
        found.append(float(np.sum(power * now)) ** 2)
        # sqrt(k + 1) h[k + 1] = z h[k] - sqrt(k) h[k - 1]
        before, now = now, (SCORES * now - math.sqrt(order) * before) / math.sqrt(order + 1)
    return np.array(found)


def _power_octaves(spectrum_db: NDArray[np.float64], squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance of power in octaves, of a score whose spectrum is flat within each octave."""
    size = 2 * BINS
    half = (_shares(spectrum_db) @ _FLAT) * (size / 2)
    half[[0, -1]] *= 2
    correlation = np.clip(scipy.fft.irfft(half, size), -1, 1)
    covariance = np.zeros(size)
    for square in squares[::-1]:
        covariance = (covariance + square) * correlation
    spectrum = np.maximum(scipy.fft.rfft(covariance).real, 0) * (2 / size)
    return np.asarray(_OCTAVES @ spectrum)
