"""Levels given by their quantiles: a distribution of any shape, made from normal scores."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from augment.acoustics import Signal

BEYOND_DB = 6.0
"""How far a level may lie beyond the outermost quantiles that are stated."""


@dataclass(frozen=True)
class LevelCurve:
    """Level as a function of a normal score: linear between the quantiles that are stated.

    Beyond the first and the last of them it goes straight on, for at most 6 dB: a tail that is guessed must not hold
    most of the power.

    Attributes:
        points: Probability (between 0 and 1) and level in dB of each quantile, both rising. Only differences of levels
            count.

    Example:
        >>> curve = LevelCurve(((0.05, -9.0), (0.5, 0.0), (0.95, 8.0)))
        >>> curve.levels_db([0.0, 9.0]).tolist()
        [0.0, 14.0]
    """

    points: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, quantiles_db: Mapping[float, float]) -> "LevelCurve":
        """The curve through quantiles by probability."""
        return cls(tuple(sorted(quantiles_db.items())))

    @cached_property
    def _knots(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scores and levels between which the curve is straight; it is constant beyond them."""
        probability, level = np.array(self.points, dtype=np.float64).T
        score = np.asarray(scipy.special.ndtri(probability), dtype=np.float64)
        scores, levels = score.tolist(), level.tolist()
        if len(scores) > 1 and levels[1] > levels[0]:
            scores.insert(0, scores[0] - BEYOND_DB * (scores[1] - scores[0]) / (levels[1] - levels[0]))
            levels.insert(0, levels[0] - BEYOND_DB)
        if len(score) > 1 and levels[-1] > levels[-2]:
            scores.append(scores[-1] + BEYOND_DB * (scores[-1] - scores[-2]) / (levels[-1] - levels[-2]))
            levels.append(levels[-1] + BEYOND_DB)
        return np.array(scores), np.array(levels)

    def levels_db(self, score: ArrayLike) -> NDArray[np.float64]:
        """Level at normal scores of any shape, in dB."""
        return np.asarray(np.interp(np.asarray(score, dtype=np.float64), *self._knots), dtype=np.float64)

    @cached_property
    def mean_power(self) -> float:
        """Mean of 10^(level/10) over the distribution."""
        # On a straight piece L = a + b z the power is exp(c (a + b z)), c = ln(10) / 10. Under the normal density
        # exp(-z^2 / 2) / sqrt(2 pi) the integral from u to v is exp(c a + (c b)^2 / 2) (Phi(v - c b) - Phi(u - c b)):
        # complete the square, -z^2 / 2 + c b z = -(z - c b)^2 / 2 + (c b)^2 / 2.
        score, level = self._knots
        c, phi = math.log(10) / 10, scipy.special.ndtr
        total = math.exp(c * level[0]) * float(phi(score[0])) + math.exp(c * level[-1]) * float(phi(-score[-1]))
        for u, v, low, high in zip(score, score[1:], level, level[1:], strict=False):
            b = c * (high - low) / (v - u)
            total += math.exp(c * low - b * u + b * b / 2) * float(phi(v - b) - phi(u - b))
        return total

    def gains(self, score: Signal) -> Signal:
        """Amplitudes at normal scores, of mean square 1 over the distribution."""
        return np.asarray(10 ** (self.levels_db(score) / 20) / math.sqrt(self.mean_power))


@dataclass(frozen=True)
class LevelSpread:
    """Levels in dB that are normally distributed: the curve of one straight line without an end.

    Attributes:
        deviation_db: Standard deviation, 0 or more.
    """

    deviation_db: float = 0.0

    def gains(self, score: Signal) -> Signal:
        """Amplitudes at normal scores, of mean square 1 over the distribution."""
        # In nepers a level is spread * z; E[exp(2 spread z)] = exp(2 spread^2): exp(-spread^2) makes the mean square 1.
        spread = self.deviation_db * math.log(10) / 20
        return np.asarray(np.exp(spread * score - spread**2))
