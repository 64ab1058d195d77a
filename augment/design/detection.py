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

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from augment.design.freedom import Contribution, freedom, smallest
from augment.recipe.experiment import Assignment, Balance, Rotated, Statistics

if TYPE_CHECKING:
    import polars

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
        jackknifed: How many times as large the jackknife states it on average: sum(h / (1 - h)) of their shares h in
            the words, where the variance that has no bias is sum(h) = 1 times itself.
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
    words = int(clusters.words.sum())
    effect = design_effect(clusters, statistics) if words else 1.0
    each = np.bincount(clusters.speaker, weights=clusters.words).astype(np.float64)
    return Cell(words, clusters.words.size, clusters.speakers, effect, *_of_shares(each))


def _of_shares(each: NDArray[np.float64]) -> tuple[float, float]:
    """Degrees of freedom, and what the jackknife adds, from the words of each speaker, whatever the order of these."""
    words = float(np.sum(each))
    if not words:
        return 0.0, 1.0
    share = np.sort(each) / words
    alone = share[-1] == 1
    return round(freedom(share), 6), 1.0 if alone else round(float(np.sum(share / (1 - share))), 6)


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


@dataclass(frozen=True)
class RequestedCell:
    """One cell as a recipe asks for it, before anything is selected.

    Attributes:
        utterances: Utterances of each group in the cell.
        speakers: The fewest that each group may have.
        words: Mean number of words in an utterance of the corpus.
        difference: The smallest difference it can show; None where it can show none.
    """

    utterances: int
    speakers: int
    words: float
    difference: float | None


def asked_of(
    corpus: "polars.DataFrame", recipe: tuple[Balance, Assignment, Statistics], conditions: int
) -> RequestedCell | None:
    """What the design that a recipe asks for can show, from its numbers and the corpus's mean utterance length.

    Args:
        corpus: Rows with a column ``text``.
        recipe: What it says about balance, assignment and statistics.
        conditions: How many there are.

    Returns:
        None if the numbers follow from the corpus or the budget (``utterances: max``, ``assignment: rotated``), or if
        no row has a text.

    Example:
        >>> import polars
        >>> frame = polars.DataFrame({"text": ["one two three"]})
        >>> found = asked_of(frame, (Balance(by=("accent",), utterances=200), "crossed", Statistics()), 4)
        >>> (found.utterances, found.speakers, found.words, found.difference)
        (200, 1, 3.0, None)
    """
    import polars

    balance, assignment, statistics = recipe
    if balance.utterances == "max" or assignment == "rotated" or not corpus.height:
        return None
    share = assignment.rotated / conditions if isinstance(assignment, Rotated) else 1.0
    utterances = max(1, math.floor(balance.utterances * min(share, 1.0)))
    words = float(corpus.select(polars.col("text").str.count_matches(r"\S+").mean()).item() or 0.0)
    if words == 0:
        return None
    speakers = min(max(balance.speakers.min, math.ceil(1 / balance.speakers.max_share)), utterances)
    cell = even(utterances, speakers, words)
    return RequestedCell(utterances, speakers, words, detectable_difference(cell, cell, statistics))


@dataclass(frozen=True)
class Detection:
    """What a design can show in one cell.

    Attributes:
        cells: The weakest cell of each group: the one in which its rate is known least precisely.
        pair: The two groups whose smallest detectable difference is largest, over all conditions.
        condition: The condition in which it is.
        difference: The difference itself; None if nothing can be detected between them.
        best: The smallest difference that can be detected between any two groups in every condition; None without any.
        words: Mean number of words in an utterance.
        scored: As ``difference``, by the degrees of freedom of scores: fewer where speakers are very unequal in number.
    """

    cells: dict[str, Cell]
    pair: tuple[str, str] | None
    condition: str | None
    difference: float | None
    best: float | None
    words: float
    scored: float | None = None


def detection_of(voices: "polars.DataFrame", statistics: Statistics) -> Detection:
    """What a plan can show; for two groups, that is what their weakest pair of cells can show.

    Groups are compared within one condition. Where conditions are rotated, pairs of cells differ in their words, in
    their speakers, and in how evenly these speak.

    Args:
        voices: As :func:`voices_of` gives them by condition.
        statistics: Assumptions, power and significance.
    """
    cells = _cells(voices, statistics)
    groups = sorted({group for group, _ in cells})
    weakest = {
        group: max((cell for (own, _), cell in cells.items() if own == group), key=lambda cell: cell.spread)
        for group in groups
    }
    detectable = cache(lambda one, other: between_cells(one, other, statistics))
    found: dict[tuple[str, str], tuple[float, str]] = {}
    for one, other in itertools.permutations(groups, 2):
        between = (
            (_or_endless(detectable(cells[one, name], cells[other, name])), name)
            for group, name in cells
            if group == one and (other, name) in cells
        )
        found[one, other] = max(between, key=lambda known: known[0], default=(math.inf, ""))
    pair = max(found, key=lambda pair: found[pair][0], default=None)
    worst, name = found[pair] if pair else (math.inf, None)
    best = min((difference for difference, _ in found.values()), default=math.inf)
    words = sum(cell.words for cell in cells.values()) / sum(cell.utterances for cell in cells.values())
    scored = between_cells(cells[pair[0], name], cells[pair[1], name], statistics, True) if pair and name else None
    return Detection(weakest, pair, name, _known(worst), _known(best), words, scored)


def _or_endless(difference: float | None) -> float:
    return math.inf if difference is None else difference


def _known(difference: float) -> float | None:
    return None if math.isinf(difference) else difference


SUMS = ("words", "utterances", "squares")
"""What is counted of a voice: its words, its utterances, the sum of the squares of their words."""


def voices_of(said: "polars.DataFrame", *by: str) -> "polars.DataFrame":
    """What each speaker of a group says, in total.

    Args:
        said: Columns ``group``, ``speaker`` and ``text``, or such totals, which are added up.
        by: More columns that tell voices apart, such as ``condition``.

    Example:
        >>> import polars
        >>> said = {"group": "g", "speaker": ["a", "a"], "text": ["one two", "three"], "c": ["x", "x"]}
        >>> voices_of(polars.DataFrame(said), "c").row(0)
        ('g', 'a', 'x', 3, 2, 5)
    """
    import polars

    if "text" in said.columns:
        words = polars.col("text").str.extract_all(r"\S+").list.len().cast(polars.Int64)
        speaker = polars.col("speaker").fill_null("")
        said = said.select("group", speaker, *by, words=words, utterances=1, squares=words**2)
    totals = (polars.col(name).cast(polars.Int64).sum() for name in SUMS)
    return said.group_by("group", "speaker", *by).agg(*totals)


def _cells(voices: "polars.DataFrame", statistics: Statistics) -> dict[tuple[str, str], Cell]:
    """All cells, by group and condition, in their order."""
    import polars

    speakers = voices.group_by("group", "condition").agg(
        *(polars.col(name).sum() for name in SUMS),
        speakers=polars.len(),
        voices=(polars.col("words") ** 2).sum(),
        each=polars.col("words"),
    )
    found: dict[tuple[str, str], Cell] = {}
    for row in speakers.sort("group", "condition").rows(named=True):
        total = row["words"]
        effect = _effect(total, row["squares"], row["voices"], statistics) if total else 1.0
        own = _of_shares(np.asarray(row["each"], dtype=np.float64))
        found[row["group"], row["condition"]] = Cell(total, row["utterances"], row["speakers"], effect, *own)
    return found
