"""How far a variance can be trusted that is estimated from few speakers, and what that costs in power.

One place for the planner and for scores: both compare rates by Student's t, on Satterthwaite's degrees of freedom.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LARGEST_RATIO = 2.0
"""Of the numbers of speakers of two groups, up to which Welch's degrees of freedom can be trusted."""
FEWEST_SPEAKERS = 4
"""With fewer, scores give no interval: t is so wide, and so uncertain itself, that it would say nothing."""
STEPS = 32
"""In which a difference is looked for that is shown often enough, where the largest is not."""
CLOSE, STRAIGHT = 1e-9, 40
"""How near a crossing is found, and for how many steps a function is taken for nearly straight."""
NEGLIGIBLE = 37.0
"""Of what is integrated, exp(-37) and less is beyond the precision of a double."""


def freedom(leverage: NDArray[np.float64]) -> float:
    """Satterthwaite's degrees of freedom of the variance of a ratio.

    With h the leverages and the working covariance of the residuals proportional to S = diag(h) - h h', the variance is
    the quadratic form u' A u with A = diag(1 / (1 - h)). It has the mean tr(AS) = 1 and the variance 2 tr(ASAS), and a
    chi-square of d degrees, scaled to mean 1, has the variance 2 / d. With q = h^2 / (1 - h)::

        1 / d = tr(ASAS) = sum(h^2) + sum(q)^2 - sum(q^2)

    Args:
        leverage: Share of each speaker in the words, shape (s,); they sum to 1.

    Returns:
        One less than there are speakers if their shares are equal, fewer if not, 0 for a single one.

    Example:
        >>> round(freedom(np.full(5, 0.2)), 9), round(freedom(np.array([0.6, 0.1, 0.1, 0.1, 0.1])), 1)
        (4.0, 2.1)
    """
    if not leverage.size or np.max(leverage) >= 1.0:
        return 0.0
    q = leverage**2 / (1 - leverage)
    return 1 / float(np.sum(leverage**2) + np.sum(q) ** 2 - np.sum(q**2))


def quantile(probability: float, degrees: float) -> float:
    """Quantile of Student's t distribution.

    Example:
        >>> round(quantile(0.975, 10), 3)
        2.228
    """
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))


@dataclass(frozen=True)
class Contribution:
    """What some speakers contribute to the variance of a difference.

    Attributes:
        variance: Of their rate, or of a difference of their rates.
        freedom: Degrees of freedom of that variance.
        speakers: How many they are.
        jackknifed: How many times as large the jackknife states the variance on average.
    """

    variance: float
    freedom: float
    speakers: int
    jackknifed: float = 1.0


def unequal(speakers: Sequence[int]) -> bool:
    """Whether one group has more than twice as many speakers as another.

    Example:
        >>> unequal((4, 8)), unequal((4, 9)), unequal((4,))
        (False, True, False)
    """
    return len(speakers) > 1 and max(speakers) > LARGEST_RATIO * min(speakers)


def degrees(parts: Sequence[Contribution], cautious: bool = True) -> float:
    """Degrees of freedom of the sum of variances of different speakers.

    Welch's approximation trusts each variance with its own degrees of freedom (Welch 1947, Biometrika 34:28)::

        d = sum(V)^2 / sum(V^2 / d_of_each)

    Where one group has more than twice as many speakers as the other, its own are too many: a test on d degrees then
    reports what is not there more often than it says (for 4 and 40 speakers, 7 % instead of 5 %, simulated).

    Args:
        parts: One for each group.
        cautious: Whether the smaller group alone decides there: one less than it has speakers.

    Example:
        >>> even = Contribution(1.0, 9.0, 10), Contribution(1.0, 9.0, 10)
        >>> uneven = Contribution(1.0, 3.0, 4), Contribution(1.0, 39.0, 40)
        >>> round(degrees(even), 9), degrees(uneven), round(degrees(uneven, cautious=False), 1)
        (18.0, 3.0, 11.1)
    """
    if cautious and unequal([part.speakers for part in parts]):
        return float(min(part.speakers for part in parts) - 1)
    of_each = sum(part.variance**2 / part.freedom for part in parts if part.freedom > 0)
    return sum(part.variance for part in parts) ** 2 / of_each if of_each > 0 else 0.0


def exceeded(critical: float, freedom: float, shift: float) -> float:
    """Probability that Student's noncentral t exceeds a critical value: the power of a test.

    That is P(Z + shift > critical s) with s^2 = chi-square / freedom. The logarithm y of s has a density that is
    proportional to exp(freedom (y - (exp(2 y) - 1) / 2)); it is summed up in even steps, which for analytic functions
    that vanish at both ends leaves an error far below that of a double (scipy's own takes seconds where there are many
    degrees of freedom).

    Args:
        critical: What is to be exceeded.
        freedom: Degrees of freedom, 1 or more.
        shift: True difference in standard errors.

    Example:
        >>> round(exceeded(quantile(0.975, 18), 18, 3.0), 4), round(exceeded(quantile(0.975, 18), 18, 0.0), 4)
        (0.8097, 0.025)
    """
    from scipy.special import ndtr

    reach = NEGLIGIBLE / freedom
    low, high = -(reach + math.sqrt(reach)), math.sqrt(reach)
    step = 1 / (2 * (abs(critical) + 4) + 2 * math.sqrt(2 * freedom))
    y = np.linspace(low, high, min(math.ceil((high - low) / step), 100_000) + 1)
    weight = np.exp(freedom * (y - np.expm1(2 * y) / 2))
    return float(np.sum(weight * ndtr(shift - critical * np.exp(y))) / np.sum(weight))


def smallest(
    parts: Callable[[float], Sequence[Contribution]],
    most: float,
    chances: tuple[float, float],
    cautious: bool = False,
    jackknife: bool = False,
) -> float | None:
    """The smallest true difference that a test calls a difference often enough.

    Args:
        parts: What the variance consists of at a true difference.
        most: Largest difference that can be.
        chances: Probability of more than the critical value where there is no difference, and of more than that at the
            difference that is looked for.
        cautious: See :func:`degrees`.
        jackknife: Whether the variance is stated by the jackknife.

    Returns:
        The difference, to six decimals: what is written into a set must not depend on the release of a library; None if
        no difference below the largest will do.

    Example:
        >>> round(smallest(lambda true: [Contribution(0.01, 9.0, 10)], 1.0, (0.025, 0.8)), 3)
        0.315
    """
    from scipy.special import ndtri

    unshown, shown = chances

    def beyond(true: float) -> float:
        """How much more often than needed, in standard deviations: that is nearly a straight line, and soon solved."""
        found = parts(true)
        freedom = degrees(found, cautious)
        error = math.sqrt(sum(part.variance for part in found))
        if freedom < 1 - 1e-9 or not 0 < error < math.inf:
            return -1.0
        critical = quantile(1 - unshown, freedom)
        if jackknife:
            critical *= math.sqrt(sum(part.jackknifed * part.variance for part in found)) / error
        power = exceeded(critical, freedom, true / error)
        return float(ndtri(min(max(power, 1e-9), 1 - 1e-9)) - ndtri(shown))

    # A rate near 1 hardly varies, and the other group, if it has few speakers, is left alone with its few degrees of
    # freedom: the largest difference may be shown less often than a smaller one.
    enough = (most * share for share in (1.0, *(step / STEPS for step in range(1, STEPS))))
    high = next((true for true in enough if beyond(true) > 0), None)
    if high is None or beyond(0.0) >= 0:
        return None
    return round(crossing(beyond, 0.0, high), 6)


def crossing(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a function crosses 0 upwards, within 1e-9; of rates and shares, whose ends are near 1.

    A straight line through both ends is followed to 0, and the end on whose other side that comes out twice counts half
    from then on: few steps where the function is nearly straight itself. The solvers of ``scipy.optimize`` are as
    quick, but every plan would wait for them to be imported, which takes longer than all that it has to solve.

    Args:
        rising: Below 0, or 0, at ``low``, and above 0 at ``high``.
        low: Where to begin.
        high: Where to end.

    Reference: Dowell and Jarratt (1971), BIT 11:168 (the "Illinois" method).

    Example:
        >>> round(crossing(lambda x: x**3 - 2, 0.0, 2.0), 9)
        1.25992105
    """
    below, above, upwards, steps = rising(low), rising(high), None, 0
    while high - low > CLOSE:
        # What is far from straight, such as a jump, is halved.
        place = low + (high - low) * (below / (below - above) if steps < STRAIGHT else 0.5)
        steps += 1
        # Not nearer to an end than that: the next step then falls on the other side of 0, and there is little left.
        place = min(max(place, low + CLOSE / 2), high - CLOSE / 2)
        value = rising(place)
        if value > 0:
            below *= 0.5 if upwards is False else 1.0
            high, above, upwards = place, value, False
        else:
            above *= 0.5 if upwards else 1.0
            low, below, upwards = place, value, True
    return (low + high) / 2
