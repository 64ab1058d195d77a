"""How small a difference in word error rate a design can detect.

The word error rate is modelled as the mean over words that are wrong or right (insertions, which count too, are not
modelled). Errors in the words of one utterance are correlated, and so, less strongly, are those of one speaker: with m
words in an utterance, M of a speaker and W in all, the variance of the rate is p (1 - p) / W times the design effect

    1 + r_u (sum m^2 / W - 1) + r_s (sum M^2 - sum m^2) / W,

where r_u is the correlation between two words of one utterance, and r_s that between two words of one speaker in
different utterances. For this model that is exact: it sums the covariances of all pairs of words (cf. Kish, 1965,
Survey Sampling, section 5.4).

A difference d between two groups is detected with the desired power if Student's noncentral t, shifted by
d / sqrt(V1(p) + V2(p + d)), exceeds the critical value that often. Its degrees of freedom are Satterthwaite's for each
group, from the words of each speaker, and Welch's for both (:mod:`augment.design.freedom`), as in scores: speakers are
what is sampled, and a group of few speakers with a large variance leaves few. Welch's test has a price: a group that
grows alone adds less to the variance, and the other one, which knows its own less well, decides more.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.design.freedom import Contribution, freedom, smallest
from augment.recipe.experiment import Statistics

LARGEST = 1_000_000


@dataclass(frozen=True)
class Clusters:
    """The words of a group in one cell.

    Attributes:
        words: Number of words in each utterance, shape (n,).
        speaker: Speaker of each utterance, as a number, shape (n,).
    """

    words: NDArray[np.int64]
    speaker: NDArray[np.int64]

    @property
    def speakers(self) -> int:
        """How many speakers there are."""
        return int(np.unique(self.speaker).size)


Shown = Callable[[Clusters], float | None]
"""What groups of a size can show; None for nothing."""


def design_effect(clusters: Clusters, statistics: Statistics) -> float:
    """How many times larger the variance is than for independent words.

    Example:
        >>> alone = Clusters(np.array([1, 1]), np.array([0, 1]))
        >>> design_effect(alone, Statistics())
        1.0
    """
    each = np.bincount(clusters.speaker, weights=clusters.words)
    words = clusters.words.astype(np.float64)
    return _effect(float(np.sum(words)), float(np.sum(words**2)), float(np.sum(each**2)), statistics)


def _effect(words: float, squares: float, voices: float, statistics: Statistics) -> float:
    """The design effect from sums: of words, and of squared numbers of words by utterance and by speaker."""
    within = statistics.within_utterance * (squares / words - 1)
    return 1 + within + statistics.within_speaker * (voices - squares) / words


def detectable_difference(
    one: Clusters, other: Clusters, statistics: Statistics, cautious: bool = False
) -> float | None:
    """The smallest difference in word error rate that is detected with the desired power.

    Args:
        one: The group with the lower rate, ``statistics.wer``.
        other: The group with the higher rate.
        statistics: Assumptions, power and significance.
        cautious: As scores do, go by the smaller group alone where the other one has more than twice as many speakers
            (:func:`augment.design.freedom.degrees`); without, by Welch's degrees of freedom however unequal they are.

    Returns:
        The difference, 0 to 1; None if none can be detected: a group has a single speaker, from whom it cannot be
        told apart, no words, or too few of either.

    Example:
        >>> few, many = even(200, 4, 10), even(200, 40, 10)
        >>> [round(detectable_difference(few, many, Statistics(), cautious), 3) for cautious in (False, True)]
        [0.13, 0.159]
    """
    return between_cells(cell_of(one, statistics), cell_of(other, statistics), statistics, cautious)


@dataclass(frozen=True)
class Cell:
    """A group in one condition, reduced to what decides which differences it can show.

    Attributes:
        words: Number of words.
        utterances: Number of utterances.
        speakers: Number of speakers.
        effect: The design effect.
        freedom: Degrees of freedom of the variance that is estimated from its speakers, to six decimals.
        jackknifed: How many times as large the jackknife states that variance on average: sum(h / (1 - h)) of their
            shares h in the words.
    """

    words: int
    utterances: int
    speakers: int
    effect: float
    freedom: float
    jackknifed: float

    @property
    def spread(self) -> float:
        """Variance of a measured word error rate p, divided by p (1 - p); infinite where nothing can be said."""
        return self.effect / self.words if self.words and self.freedom else math.inf

    def part(self, variance: float) -> Contribution:
        """What the cell's speakers contribute to a difference."""
        return Contribution(variance, self.freedom, self.speakers, self.jackknifed)


def cell_of(clusters: Clusters, statistics: Statistics) -> Cell:
    """What the words of a group amount to.

    Example:
        >>> cell_of(even(200, 20, 10), Statistics())
        Cell(words=2000, utterances=200, speakers=20, effect=4.6, freedom=19.0, jackknifed=1.052632)
    """
    _, place = np.unique(clusters.speaker, return_inverse=True)
    each = np.bincount(place, weights=clusters.words).astype(np.float64)  # of no items it would be whole numbers
    return cell_of_sums(clusters.words.size, float(np.sum(clusters.words.astype(np.float64) ** 2)), each, statistics)


def cell_of_sums(utterances: int, squares: float, each: NDArray[np.float64], statistics: Statistics) -> Cell:
    """The same from sums.

    Args:
        utterances: Number of utterances.
        squares: Sum of their squared numbers of words.
        each: Words of each speaker, in any order, shape (s,).
        statistics: Assumptions.
    """
    each = np.sort(each)  # sums of shares must not hang on the order of speakers
    words = float(np.sum(each))
    if words == 0:
        return Cell(0, utterances, each.size, 1.0, 0.0, 1.0)
    share = each / words
    jackknifed = float(np.sum(share / (1 - share))) if share[-1] < 1 else 1.0
    effect = _effect(words, squares, float(np.sum(each**2)), statistics)
    return Cell(int(words), utterances, each.size, effect, round(freedom(share), 6), round(jackknifed, 6))


def between_cells(one: Cell, other: Cell, statistics: Statistics, cautious: bool = False) -> float | None:
    """The smallest difference that two cells can show; see :func:`detectable_difference`."""
    wer = statistics.wer
    lower = one.part(wer * (1 - wer) * one.spread)

    def parts(difference: float) -> tuple[Contribution, Contribution]:
        higher = wer + difference
        return lower, other.part(higher * (1 - higher) * other.spread)

    if math.isinf(one.spread + other.spread):
        return None
    return smallest(parts, 1.0 - wer, chances(statistics), cautious)


def chances(statistics: Statistics) -> tuple[float, float]:
    """Of a test on one side: to report what is not there, and what is; a family shares the first (Bonferroni).

    Example:
        >>> chances(Statistics()), chances(Statistics(family=5))
        ((0.025, 0.8), (0.005, 0.8))
    """
    return statistics.significance / statistics.family / 2, statistics.power


def even(utterances: int, speakers: int, words: float) -> Clusters:
    """A cell in which speakers share the utterances evenly, and these are as equal in length as whole words allow.

    Example:
        >>> even(5, 2, 10).words.tolist(), even(5, 2, 10).speakers, even(4, 2, 2.5).words.tolist()
        ([10, 10, 10, 10, 10], 2, [2, 3, 2, 3])
    """
    ends = np.floor(np.arange(1, utterances + 1) * max(words, 1.0) + 1e-9).astype(np.int64)
    return Clusters(np.diff(ends, prepend=0), np.arange(utterances) * speakers // utterances)


def needed_utterances(
    difference: float, words: float, speakers: int, statistics: Statistics, shown: Shown | None = None
) -> int | None:
    """Utterances that each cell needs from a number of speakers to show a difference; None if no number suffices.

    More utterances from the same speakers only say more about these speakers: with few speakers there is a floor.

    Args:
        difference: What is to be shown.
        words: Of an utterance.
        speakers: Of each group.
        statistics: Assumptions, power and significance.
        shown: What groups of a size can show; if not given, that of two groups.
    """
    shown = shown or _alike(statistics)
    return _least(difference, shown, lambda n: even(n, min(speakers, n), words), max(2, speakers))


def needed_speakers(
    difference: float, words: float, each: float, statistics: Statistics, shown: Shown | None = None
) -> int | None:
    """Speakers that each group needs, each with a number of utterances in a cell, to show a difference.

    The arguments are those of :func:`needed_utterances`, but for the utterances of each speaker.
    """
    per = max(1, round(each))
    return _least(difference, shown or _alike(statistics), lambda n: even(n * per, n, words), 2)


def _alike(statistics: Statistics) -> Shown:
    return lambda cell: detectable_difference(cell, cell, statistics)


def _least(difference: float, shown: Shown, cell: Callable[[int], Clusters], low: int) -> int | None:
    def suffices(number: int) -> bool:
        found = shown(cell(number))
        return found is not None and found <= difference

    high = low
    while not suffices(high):
        high *= 2
        if high > LARGEST:
            return None
    low = max(low, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle + 1, high)
    return high
