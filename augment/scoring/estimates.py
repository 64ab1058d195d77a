"""Word error rates and their differences, with intervals that hold for few speakers.

What is sampled are speakers: errors within one speaker are alike, and no number of utterances makes up for a second
voice. Everything here is a ratio of sums over speakers, or a combination of such ratios.

With E errors and W words of each speaker s, the rate is R = sum(E) / sum(W). To first order it deviates by the sum of
its influences, one for each speaker::

    u_s = (E_s - R W_s) / sum(W)

Taken by themselves, the u_s are too small, since R was fitted to them. Under the working model that the variance of
E_s is proportional to W_s, E[u_s^2] = var(E_s) (1 - h_s) / sum(W)^2 with the leverage h_s = W_s / sum(W), so that

    V = sum(u_s^2 / (1 - h_s))

has no bias (CR2: Bell and McCaffrey 2002, Survey Methodology 28:169). V itself is uncertain: it is as good as a
chi-square of d degrees of freedom with the same mean and variance under the working model (Satterthwaite 1946,
Biometrics Bulletin 2:110), which :func:`freedom` derives. Student's t on d degrees takes the place of the normal. Rates
of speakers are skewed: a rate has its interval on the logarithmic scale, a difference one that reaches farther to one
side (:meth:`Estimate.ends`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from augment.design.freedom import FEWEST_SPEAKERS, Contribution, degrees, freedom, quantile

Figures = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """What some speakers contribute to an estimate.

    Attributes:
        speakers: Their numbers, shape (s,), each once.
        influence: By how much each of them moves the estimate, shape (s,); they sum to 0.
        leverage: Share of each in what is estimated, shape (s,); they sum to 1.
        third_cumulant: Of what they contribute, if their rates are gamma distributed; None if nothing is assumed.
    """

    speakers: NDArray[np.int64]
    influence: Figures
    leverage: Figures
    third_cumulant: float | None = None

    @cached_property
    def corrected(self) -> Figures:
        """Influences, each made larger by what the fit took from it, shape (s,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.influence / np.sqrt(1 - self.leverage))

    @cached_property
    def variance(self) -> float:
        """CR2; NaN for a single speaker."""
        return float(np.sum(self.corrected**2))

    @cached_property
    def without_each(self) -> Figures:
        """By how much the estimate moves when a speaker is left out, near enough, shape (s,)."""
        return _without_each(self.influence, self.leverage)

    @cached_property
    def freedom(self) -> float:
        return freedom(self.leverage)

    def turned(self) -> "Part":
        """The same with the other sign."""
        third = None if self.third_cumulant is None else -self.third_cumulant
        return Part(self.speakers, -self.influence, self.leverage, third)


def _without_each(influence: Figures, leverage: Figures) -> Figures:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(influence / (1 - leverage))


@dataclass(frozen=True)
class Estimate:
    """An estimate, with what is known of its error.

    Attributes:
        value: The estimate.
        parts: What contributes to it; no speaker is in two of them.
        more_variance: Variance beyond that of the speakers, from clusters that they share.
        most_freedom: Degrees of freedom, at most, for the same reason.
        shared: What these clusters are; empty where speakers alone count.
    """

    value: float
    parts: tuple[Part, ...]
    more_variance: float = 0.0
    most_freedom: float = math.inf
    shared: str = ""

    def standing_for(self, value: float) -> "Estimate":
        """The same as the linear part of something else, whose skewness is not that of rates: a logarithm, say."""
        return replace(self, value=value, parts=tuple(replace(part, third_cumulant=None) for part in self.parts))

    @property
    def fewest(self) -> int:
        """Speakers of the part that has the fewest."""
        return min((part.speakers.size for part in self.parts), default=0)

    @cached_property
    def variance(self) -> float:
        return sum(part.variance for part in self.parts) + self.more_variance

    @cached_property
    def freedom(self) -> float:
        """Degrees of freedom: Satterthwaite's; for two groups Welch's, or one less than the smaller one has speakers.

        Welch's approximation trusts each variance with its own degrees of freedom. Where one group has more than twice
        as many speakers, its own are too many: the small group decides. Shared clusters may leave fewer still.
        """
        return min(self.freedom_of_speakers, self.most_freedom)

    @cached_property
    def freedom_of_speakers(self) -> float:
        """Degrees of freedom that the speakers alone would give."""
        return degrees([Contribution(part.variance, part.freedom, part.speakers.size) for part in self.parts])

    @property
    def known(self) -> bool:
        """Whether an interval can be given: from four speakers on, and if anything varies between them."""
        return self.fewest >= FEWEST_SPEAKERS and 0 < self.variance < math.inf and self.freedom > 0

    @cached_property
    def third_cumulant(self) -> float:
        """Of the estimate; 0 where nothing is assumed of one of its parts."""
        each = [part.third_cumulant for part in self.parts]
        return sum(one for one in each if one is not None) if None not in each else 0.0

    @property
    def t(self) -> float:
        """How many standard errors to both sides reach 0: :meth:`ends` solved for t.

        That is the value over its standard error, unless skewness moves the end that is nearer to 0.
        """
        error, away = math.sqrt(self.variance), abs(self.value)
        if self.third_cumulant * self.value >= 0:
            return self.value / error
        # With m = |k3| / (6 s^2), 2 m t^2 + s t - (|value| - m) = 0, in the form that does not cancel where m is small.
        moved = abs(self.third_cumulant) / (6 * self.variance)
        beyond = away - moved
        reached = 2 * beyond / (error + math.sqrt(self.variance + 8 * moved * beyond)) if beyond > 0 else 0.0
        return math.copysign(max(reached, away / (2 * error)), self.value)

    def ends(self, t: float, enlarged: float = 1.0) -> tuple[float, float]:
        """What lies t standard errors to both sides, and beyond where rates are skewed.

        Few speakers without a bad one among them show a rate that is too low and a variance that is too small at once:
        the true one lies above an interval by Student's t more often than it should. To first order what skewness does
        to t is made good by moving both ends (Johnson 1978, J. American Statistical Association 73:536) by::

            k3 (1 + 2 t^2) / (6 s^2)

        The third cumulant k3 cannot be seen in a few speakers: it is that of gamma distributed rates (see
        :func:`_third_cumulant`). Ends are moved outwards only, and no farther than t standard errors: what goes beyond
        is no correction to first order.

        Args:
            t: How many.
            enlarged: Factor of the standard error, for what lies to both sides alike.
        """
        wide = t * math.sqrt(self.variance)
        moved = self.third_cumulant * (1 + 2 * t * t) / (6 * self.variance)
        low, high = (self.value + sign * wide * enlarged for sign in (-1, 1))
        return low + max(min(moved, 0.0), -wide), high + min(max(moved, 0.0), wide)

    def interval(self, coverage: float = 0.95, jackknife: bool = False) -> tuple[float, float] | None:
        """Interval of a difference; None where there is none.

        Args:
            coverage: How often it holds the truth.
            jackknife: By the variance of the jackknife, which is rather too large (CR3: Bell and McCaffrey 2002). Two
                things ask for it: claims that a difference is no larger than it could be, and logarithms of ratios,
                which vary more than their linear part.

        Example:
            >>> found = between(rate([8, 12, 10, 9, 11], [50] * 5), rate([4, 6, 5, 4, 6], [50] * 5))
            >>> [round(end, 3) for careful in (False, True) for end in found.interval(0.9, careful)]
            [0.068, 0.134, 0.064, 0.138]
        """
        if not self.known:
            return None
        enlarged = 1.0
        if jackknife:
            left_out = sum(float(np.sum(part.without_each**2)) for part in self.parts)
            enlarged = math.sqrt((left_out + self.more_variance) / self.variance)
        return self.ends(self._quantile(coverage), enlarged)

    def _quantile(self, coverage: float) -> float:
        return quantile(1 - (1 - coverage) / 2, self.freedom)

    def log_interval(self, coverage: float = 0.95) -> tuple[float, float] | None:
        """Interval of a rate, symmetric in its logarithm: it cannot reach below 0; None where there is none.

        To first order the variance of log R is V / R^2.
        """
        if not self.known or self.value <= 0:
            return None
        wide = self._quantile(coverage) * math.sqrt(self.variance) / self.value
        return self.value * math.exp(-wide), self.value * math.exp(min(wide, 700.0))

    def p_value(self) -> float | None:
        """Two-sided probability of so large a value if there were none; None without an interval."""
        if not self.known:
            return None
        from scipy.special import stdtr

        return float(2 * stdtr(self.freedom, -abs(self.t)))


def rate(errors: ArrayLike, words: ArrayLike, speakers: ArrayLike | None = None, skewed: bool = True) -> Estimate:
    """Error rate of some speakers.

    Args:
        errors: Of each speaker, shape (s,).
        words: Of each speaker in the references, shape (s,); speakers without any are left out.
        speakers: Their numbers, shape (s,); 0, 1, ... if not given.
        skewed: Whether rates are taken as skewed; not where errors are those of one recogniser less another's.

    Returns:
        The rate; NaN without words.

    Example:
        >>> found = rate([2, 4, 3, 7], [40, 40, 40, 40])
        >>> found.value, [round(end, 3) for end in found.log_interval()], round(found.freedom, 9)
        (0.1, [0.042, 0.236], 3.0)
    """
    e, w = np.asarray(errors, dtype=np.float64), np.asarray(words, dtype=np.float64)
    numbers = np.arange(w.size) if speakers is None else np.asarray(speakers, dtype=np.int64)
    e, w, numbers = e[w > 0], w[w > 0], numbers[w > 0]
    total = float(np.sum(w))
    if total == 0:
        return Estimate(math.nan, ())
    found = float(np.sum(e)) / total
    influence, leverage = (e - found * w) / total, w / total
    third = _third_cumulant(influence[None], leverage, np.array([found])) if skewed else None
    return Estimate(found, (Part(numbers, influence, leverage, third),))


def _third_cumulant(influences: Figures, leverage: Figures, levels: Figures) -> float:
    """Third cumulant of a sum of terms, to first order, if what makes a speaker hard is gamma distributed.

    A rate R that is a factor of mean 1 and variance v times R has the third cumulant 2 v^2 R^3. If the terms A_i of a
    sum A share their factor, it has 2 v^2 A^3; each covaries with the sum by c_i = v A_i A, so that this is the sum of
    2 c_i^2 / A_i. If they have factors of their own, c_i is the variance of A_i, and cumulants add up to the same. The
    covariances are those of the jackknife: of few speakers, none is as bad as some of those who were not asked.

    Args:
        influences: Of the speakers on each term, shape (terms, s).
        leverage: Shape (s,).
        levels: The terms, shape (terms,).
    """
    each = _without_each(influences, leverage)
    common = each @ each.sum(axis=0)
    return float(np.sum(2 * common[levels != 0] ** 2 / levels[levels != 0]))


def between(one: Estimate, other: Estimate) -> Estimate:
    """Difference of two estimates of different speakers: their variances add.

    Example:
        >>> found = between(rate([8, 12, 10, 9, 11], [50] * 5), rate([4, 6, 5, 4, 6], [50] * 5))
        >>> round(found.value, 3), [round(end, 3) for end in found.interval()]
        (0.1, [0.06, 0.143])
    """
    return Estimate(one.value - other.value, (*one.parts, *(part.turned() for part in other.parts)))


def log_ratio(one: Estimate, other: Estimate) -> tuple[float, tuple[float, float]] | None:
    """Logarithm of the ratio of two rates, and the weights of the rates in its linear part; None where one is 0.

    To first order, log(R + dR) - log(R) = dR / R.

    Example:
        >>> value, weights = log_ratio(rate([4, 8, 5, 7], [40] * 4), rate([2, 4, 3, 3], [40] * 4))
        >>> round(math.exp(value), 9), [round(weight, 2) for weight in weights]
        (2.0, [6.67, -13.33])
    """
    if not (one.value > 0 and other.value > 0):
        return None
    return math.log(one.value / other.value), (1 / one.value, -1 / other.value)


def weighted(terms: Sequence[tuple[Estimate, float]]) -> Estimate:
    """Weighted sum of estimates of the same speakers: two conditions, say, or two recognisers, within a group.

    A speaker's influence on a difference is the difference of their influences: what makes a voice hard in both falls
    out.

    Args:
        terms: Estimates of which each part has the same speakers in all of them, and their weights.

    Raises:
        ValueError: Speakers differ.

    Example:
        >>> loud, quiet = rate([4, 9, 5, 8], [40] * 4), rate([2, 6, 3, 4], [40] * 4)
        >>> found = weighted([(loud, 1.0), (quiet, -1.0)])
        >>> round(found.value, 5), bool(found.variance < loud.variance)
        (0.06875, True)
    """
    parts = []
    for together in zip(*(estimate.parts for estimate, _ in terms), strict=True):
        first = together[0]
        if any(not np.array_equal(part.speakers, first.speakers) for part in together):
            raise ValueError("the estimates are not of the same speakers")
        each = np.stack([factor * part.influence for part, (_, factor) in zip(together, terms, strict=True)])
        leverage = np.mean([part.leverage for part in together], axis=0)
        levels = np.array([factor * estimate.value for estimate, factor in terms])
        assumed = all(part.third_cumulant is not None for part in together)
        third = _third_cumulant(each, leverage, levels) if assumed else None
        parts.append(Part(first.speakers, each.sum(axis=0), leverage, third))
    return Estimate(sum(factor * estimate.value for estimate, factor in terms), tuple(parts))


def with_shared(estimate: Estimate, variances: tuple[float, float], clusters: int, shared: str) -> Estimate:
    """An estimate whose errors are clustered in a second way too, such as by texts that all speakers read.

    Two-way clustering adds both variances and subtracts that of their intersection, which is in both (Cameron, Gelbach
    and Miller 2011, J. Business & Economic Statistics 29:238). The difference is uncertain with few clusters: it never
    counts as less than the larger of the two.

    Args:
        estimate: Clustered by speakers.
        variances: Clustered by what they share, and by the intersection of both.
        clusters: Of the second kind.
        shared: What they are called.
    """
    second, both = variances
    by_speakers = sum(part.variance for part in estimate.parts)
    whole = max(by_speakers + second - both, second, by_speakers)
    most = min(estimate.fewest, clusters) - 1.0
    return Estimate(estimate.value, estimate.parts, whole - by_speakers, most, shared)
