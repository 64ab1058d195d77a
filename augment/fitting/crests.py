"""How peaked the power of a noise is, and levels that make it as peaked as it was heard to be."""

import math

import numpy as np

from augment.acoustics.quantiles import LevelCurve

FURTHEST, STEP = 8.0, 1 / 32
"""Deviations up to which a normal score counts in a mean, and the steps in which it is summed."""
BULK, STRETCH = 0.9, (0.3, 2.5)
"""Levels up to that quantile stay, and those above it lie so much less or more above it."""
MOST_DB = 60.0
"""No level is stretched further above the median."""
HALVINGS = 12
MOST_UNTYPICAL = 1.25
"""By more a variance is not corrected: how many values were independent is itself an estimate."""

SCORES = np.arange(-FURTHEST, FURTHEST + STEP, STEP)
WEIGHTS = np.exp(-(SCORES**2) / 2) * (STEP / math.sqrt(2 * math.pi))
"""Scores, and how much each counts in a mean over the normal distribution."""


def crest(levels: LevelCurve) -> float:
    """Mean square of power over its squared mean: 1 if it never changes."""
    power = levels.gains(SCORES) ** 2
    return float(np.sum(WEIGHTS * power**2))


def untypical(levels: LevelCurve, independent: float) -> float:
    """How much larger the variance of power is than it typically looks from some independent values.

    A few rare blows hold most of it: seldom a recording has more of them than it should have, and usually it has fewer.
    If the variance of n values is distributed as the exponential of a normal variable, with a relative deviation d of
    d^2 = (E[P^4] / E[P^2]^2 - 1) / n, its mean is sqrt(1 + d^2) times its median.
    """
    power = levels.gains(SCORES) ** 2
    second, fourth = (float(np.sum(WEIGHTS * power**order)) for order in (2, 4))
    return min(math.sqrt(1 + (fourth / second**2 - 1) / max(independent, 1.0)), MOST_UNTYPICAL)


def peaked(quantiles_db: dict[float, float], heard: float, independent: float) -> dict[float, float]:
    """Quantiles of a level whose power is as peaked as it typically is where some crest was heard.

    The top of a distribution is known from few moments, and holds most of its power.

    Args:
        quantiles_db: Quantiles as they were heard, by probability.
        heard: The crest of the power.
        independent: From so many independent values.
    """
    more = untypical(LevelCurve.of(stretched(quantiles_db, heard)), independent)
    return stretched(quantiles_db, 1 + more * (heard - 1))


def stretched(quantiles_db: dict[float, float], wanted: float) -> dict[float, float]:
    """Quantiles whose top is stretched, within limits, until power has a crest."""
    base, (least, most) = quantiles_db[BULK], STRETCH

    def by(factor: float) -> dict[float, float]:
        return {
            p: min(base + factor * (level - base), MOST_DB) if p > BULK else level for p, level in quantiles_db.items()
        }

    for _ in range(HALVINGS):
        middle = math.sqrt(least * most)
        if crest(LevelCurve.of(by(middle))) > wanted:
            most = middle
        else:
            least = middle
    return by(math.sqrt(least * most))
