r"""Many comparisons at once: intervals and probabilities that hold for all of a family together.

Of twenty comparisons without any difference, one is "significant" at 5 %. A family is therefore judged by its largest
statistic: how large does the largest \|t\| become where there is nothing?

The wild bootstrap answers that (Cameron, Gelbach and Miller 2008, Review of Economics and Statistics 90:414; for maxima
Hothorn, Bretz and Westfall 2008, Biometrical Journal 50:346): every speaker's influences are multiplied by one random
sign, for all comparisons alike, so that what depends on one another stays so, and every statistic is studentised anew.
It needs speakers: with fewer than eight in a group signs have too few patterns, and Bonferroni's inequality, with the
fewest degrees of freedom of the family, takes its place.

Signs of speakers say nothing of what speakers share, such as texts. What these add to a variance is drawn beside them,
normally, its variance as a chi-square; and for each comparison by itself, for the largest of several is never larger
than if they are independent (Sidak 1967, J. American Statistical Association 62:626). Where few texts leave a
comparison fewer degrees of freedom than its speakers have, its statistic counts as the one that is as rare on theirs.
Nothing is more certain in a family than by itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.design.freedom import quantile
from augment.scoring.estimates import Estimate, Part
from augment.streams import generator

FEWEST_FOR_SIGNS = 8
DRAWS = 4999
AT_ONCE = 500


@dataclass(frozen=True)
class Judged:
    """One comparison of a family.

    Attributes:
        estimate: The comparison.
        low: Lower end of its simultaneous interval; None where there is none.
        high: Upper end.
        p_value: Adjusted probability of so large a value anywhere in the family if there were no differences.
        method: ``max-T`` or ``Bonferroni``; None without an interval.
    """

    estimate: Estimate
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    method: str | None = None

    @property
    def shown(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def judge(family: Sequence[Estimate], significance: float = 0.05, seed: int = 0) -> list[Judged]:
    """Judge a family of comparisons together.

    Args:
        family: Comparisons; those without an interval of their own are left out of it.
        significance: Probability of calling any of them shown where there is nothing.
        seed: Of the random signs.

    Returns:
        One for each, in order.

    Example:
        >>> from augment.scoring.estimates import between, rate
        >>> a, b = rate([8, 12, 10, 9, 11], [50] * 5), rate([4, 6, 5, 4, 6], [50] * 5)
        >>> [(found.method, found.shown) for found in judge([between(a, b), between(a, a)])]
        [('Bonferroni', True), ('Bonferroni', False)]
    """
    known = [number for number, estimate in enumerate(family) if estimate.known]
    members = [family[number] for number in known]
    found = [Judged(estimate) for estimate in family]
    if not members:
        return found
    enough = min(estimate.fewest for estimate in members) >= FEWEST_FOR_SIGNS
    judged = _by_signs(members, significance, seed) if enough else _by_inequality(members, significance)
    for number, one in zip(known, judged, strict=True):
        found[number] = one
    return found


def _by_inequality(members: Sequence[Estimate], significance: float) -> list[Judged]:
    from scipy.special import stdtr

    least = min(estimate.freedom for estimate in members)
    critical = quantile(1 - significance / 2 / len(members), least)
    ps = [min(1.0, 2 * len(members) * float(stdtr(least, -abs(estimate.t)))) for estimate in members]
    return [_judged(one, critical, p, "Bonferroni") for one, p in zip(members, ps, strict=True)]


def _by_signs(members: Sequence[Estimate], significance: float, seed: int) -> list[Judged]:
    largest = _largest(members, seed)
    # The largest of the draws and the observed one are equally likely to be the largest of all where there is nothing.
    critical = float(np.sort(largest)[math.ceil((1 - significance) * (largest.size + 1)) - 1])
    found = []
    for one in members:
        t = _as_rare(abs(one.t), one.freedom, one.freedom_of_speakers)
        p = (1 + int(np.count_nonzero(largest >= t))) / (1 + largest.size)
        least = quantile(1 - significance / 2, one.freedom)
        reaches = max(_as_rare(critical, one.freedom_of_speakers, one.freedom), least)
        found.append(_judged(one, reaches, max(p, one.p_value() or 0.0), "max-T"))
    return found


def _as_rare(t: float, degrees: float, others: float) -> float:
    """Student's t that is exceeded as often on other degrees of freedom."""
    from scipy.special import stdtr

    return t if others == degrees else quantile(1 - float(stdtr(degrees, -t)), others)


def _judged(estimate: Estimate, critical: float, p_value: float, method: str) -> Judged:
    return Judged(estimate, *estimate.ends(critical), p_value, method)


def _largest(members: Sequence[Estimate], seed: int) -> NDArray[np.float64]:
    r"""Largest \|t\| of the family for each draw of signs, shape (draws,)."""
    numbers = np.unique(np.concatenate([part.speakers for one in members for part in one.parts]))
    rng, beside = generator("score", "signs", seed), generator("score", "shared", seed)
    largest = np.zeros(DRAWS)
    for start in range(0, DRAWS, AT_ONCE):
        signs = rng.choice(np.array([-1.0, 1.0]), (min(AT_ONCE, DRAWS - start), numbers.size))
        here = largest[start : start + signs.shape[0]]
        for estimate in members:
            moved, variance = _drawn(estimate, here.size, beside)
            for part in estimate.parts:
                sums, squares = _signed(part, signs[:, np.searchsorted(numbers, part.speakers)])
                moved += sums
                variance += squares
            with np.errstate(divide="ignore", invalid="ignore"):
                t = np.abs(moved) / np.sqrt(variance)
            np.maximum(here, np.nan_to_num(t, nan=0.0, posinf=0.0), out=here)
    return largest


def _drawn(estimate: Estimate, draws: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What shared clusters add to a deviation and to its variance, as well known as that of the speakers."""
    more, known = estimate.more_variance, estimate.freedom_of_speakers
    if not more:
        return np.zeros(draws), np.zeros(draws)
    return rng.normal(0.0, math.sqrt(more), draws), more * rng.chisquare(known, draws) / known


def _signed(part: Part, signs: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What the estimate deviates by, and its variance, where the influences of speakers have these signs.

    The signed influences are what a new sample would show: their sum is the deviation, and from each is taken what the
    fit would take from it, h times the sum.
    """
    signed = signs * part.corrected
    sums = signed.sum(axis=1)
    left = signed - sums[:, None] * part.leverage
    return sums, np.sum(left**2 / (1 - part.leverage), axis=1)
