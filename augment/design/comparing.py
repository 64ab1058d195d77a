"""What groups of a size can show: as groups, in pairs of conditions, as the growth of a gap, or as being alike.

Two conditions of one group are heard by the same speakers in the same words. With the correlation c of the errors of a
word, of an utterance and of a speaker between both, a difference of two rates has the variance

    V(p1) + V(p2) - 2 c sqrt(V(p1) V(p2))

on the degrees of freedom of one cell: what makes a voice hard in both falls out. Words that are wrong or right at
different rates cannot agree entirely: c is at most sqrt(p1 (1 - p2) / (p2 (1 - p1))) for p1 < p2, where every word that
is wrong at the lower rate is wrong at the higher one too. A gap between two groups grows by a difference of such
differences; as groups are of different speakers, their variances add.

Groups are shown to be alike within a margin if two one-sided tests both say so (TOST: Schuirmann 1987, J.
Pharmacokinetics and Biopharmaceutics 15:657). Where there is no difference, both fail equally often, and hardly ever
together: each may fail half as often as both.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from augment.design.detection import Cell, Clusters, between_cells, cell_of, chances
from augment.design.freedom import Contribution, smallest
from augment.recipe.experiment import Statistics

Kind = Literal["groups", "conditions", "growth"]


@dataclass(frozen=True)
class PlannedComparison:
    """What is to be shown.

    Attributes:
        kind: A difference of two groups in a condition, of two conditions of a group, or the growth of the first with
            the second.
        correlation: Of errors between conditions, an estimate.
    """

    kind: Kind = "groups"
    correlation: float = 0.5

    def difference(
        self, one: Clusters, other: Clusters, statistics: Statistics, cautious: bool = False
    ) -> float | None:
        """The smallest difference that is detected with the desired power.

        All rates are ``statistics.wer``, but for one that is higher by the difference: of ``other``, in one condition.

        Args:
            one: A group.
            other: Another one; the same where conditions of one group are compared.
            statistics: Assumptions, power and significance.
            cautious: As scores do: see :func:`augment.design.detection.detectable_difference`.

        Example:
            >>> from augment.design.detection import even
            >>> cell, kinds = even(200, 20, 10), ("groups", "conditions", "growth")
            >>> [round(PlannedComparison(kind).difference(cell, cell, Statistics()), 3) for kind in kinds]
            [0.076, 0.054, 0.073]
        """
        first, second = cell_of(one, statistics), cell_of(other, statistics)
        if self.kind == "groups":
            return between_cells(first, second, statistics, cautious)
        if not _finite(first, second):
            return None
        parts = self._parts(first, second, statistics.wer)
        return smallest(parts, 1 - statistics.wer, chances(statistics), cautious)

    def margin(self, one: Clusters, other: Clusters, statistics: Statistics, cautious: bool = False) -> float | None:
        """The smallest margin within which a difference is shown to lie, where there is none, with the desired power.

        Scores then state the variance by the jackknife (:meth:`augment.scoring.estimates.Estimate.interval`). What they
        allow for skewness falls out where groups are of one size and alike; of unequal ones they ask for somewhat more.

        Example:
            >>> from augment.design.detection import even
            >>> cell = even(200, 20, 10)
            >>> round(PlannedComparison().margin(cell, cell, Statistics()), 3)
            0.073
        """
        first, second = cell_of(one, statistics), cell_of(other, statistics)
        if not _finite(first, second):
            return None
        none = self._parts(first, second, statistics.wer)(0.0)
        either = 2 * chances(statistics)[0], (1 + statistics.power) / 2
        return smallest(lambda _: none, 1.0, either, cautious, jackknife=True)

    def _parts(self, one: Cell, other: Cell, wer: float) -> Callable[[float], tuple[Contribution, ...]]:
        """What the variance of a difference consists of, at each true difference."""

        def single(cell: Cell, rate: float) -> Contribution:
            return cell.part(rate * (1 - rate) * cell.spread)

        def paired(cell: Cell, rate: float) -> Contribution:
            return cell.part(self._paired(wer, rate) * cell.spread)

        if self.kind == "groups":
            return lambda difference: (single(one, wer), single(other, wer + difference))
        if self.kind == "growth":
            return lambda difference: (paired(one, wer), paired(other, wer + difference))
        return lambda difference: (paired(other, wer + difference),)

    def _paired(self, low: float, high: float) -> float:
        """Variance of the difference of two rates of the same words, as a multiple of a cell's spread."""
        if high >= 1:
            return low * (1 - low)
        one, other = low * (1 - low), high * (1 - high)
        most = math.sqrt(low * (1 - high) / (high * (1 - low)))
        return one + other - 2 * min(self.correlation, most) * math.sqrt(one * other)


def _finite(one: Cell, other: Cell) -> bool:
    return math.isfinite(one.spread + other.spread)
